//! Accepting connections.

use std::io;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use tokio::net::{TcpListener, TcpStream};

/// Pause after a failed accept: mostly the process is out of file descriptors, and has to close some first.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a listener. Never ends: a failed accept is logged and the next one tried.
pub(super) fn incoming(listener: TcpListener) -> impl Stream<Item = io::Result<TcpStream>> + Send {
    unfold(listener, |listener| async move {
        loop {
            match accept(&listener).await {
                Ok(stream) => return Some((Ok(stream), listener)),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
