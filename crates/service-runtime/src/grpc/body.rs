//! The body of a response that is counted and can be ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;
use tonic::{Code, Status};

use super::calls::{Call, ending};

/// A response body that notes how its RPC ends, and ends it with `UNAVAILABLE` once `stop` is cancelled.
pub(super) struct CallBody {
    inner: Body,
    /// Taken when the RPC has ended.
    call: Option<Call>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    stopped: bool,
}

impl CallBody {
    pub(super) fn wrap(response: Response<Body>, call: Call, stop: CancellationToken) -> Response<Body> {
        // A failure without a body has its status in the headers.
        let code = Status::from_header_map(response.headers()).map(|status| status.code());
        response.map(|inner| {
            let call = match code {
                Some(code) => {
                    call.end(code);
                    None
                }
                None => Some(call),
            };
            Body::new(Self { inner, call, stop: Box::pin(stop.cancelled_owned()), stopped: false })
        })
    }

    fn end(&mut self, code: Code) {
        if let Some(call) = self.call.take() {
            call.end(code);
        }
    }

    fn note(&mut self, trailers: &HeaderMap) {
        let code = Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code());
        self.end(code);
    }
}

impl http_body::Body for CallBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.stopped {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                match &frame {
                    Some(Ok(frame)) => {
                        if let Some(trailers) = frame.trailers_ref() {
                            self.note(trailers);
                        }
                    }
                    Some(Err(status)) => self.end(status.code()),
                    None => self.end(Code::Unknown),
                }
                Poll::Ready(frame)
            }
            Poll::Pending => {
                std::task::ready!(self.stop.as_mut().poll(cx));
                self.stopped = true;
                self.end(Code::Unavailable);
                let mut trailers = HeaderMap::new();
                ending().add_header(&mut trailers)?;
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stopped || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Not the inner one: a length that was announced could not be kept by a body that is ended.
        SizeHint::default()
    }
}
