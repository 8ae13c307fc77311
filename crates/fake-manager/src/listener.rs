//! Connections that can be cut while a call is under way, so that its caller never gets an answer, and that end with
//! the server instead of outliving it.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Cuts one connection.
#[derive(Clone, Debug, Default)]
pub struct Scissors(Arc<AtomicBool>);

impl Scissors {
    /// From now on, nothing is written to the connection; the attempt closes it.
    pub fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

/// A listener whose connections can be cut.
#[derive(Debug)]
pub struct Severable<L> {
    /// Where connections come from.
    pub listener: L,
    /// Ends all of them.
    pub ended: CancellationToken,
}

/// A connection that can be cut.
#[derive(Debug)]
pub struct SeverableStream<S> {
    inner: S,
    scissors: Scissors,
    token: CancellationToken,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<L: Listener> Listener for Severable<L> {
    type Io = SeverableStream<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (inner, address) = self.listener.accept().await;
        let (token, ended) = (self.ended.clone(), Box::pin(self.ended.clone().cancelled_owned()));
        (SeverableStream { inner, scissors: Scissors::default(), token, ended }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl<L: Listener> Connected<IncomingStream<'_, Severable<L>>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Severable<L>>) -> Self {
        stream.io().scissors.clone()
    }
}

impl<S> SeverableStream<S> {
    fn check(&self) -> io::Result<()> {
        if self.token.is_cancelled() {
            self.scissors.cut();
        }
        self.scissors.check()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SeverableStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Reading nothing is the end of the stream, which also takes the call under way along.
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SeverableStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
