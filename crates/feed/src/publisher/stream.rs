//! One open stream. It has no task of its own: whoever reads it drives it.

use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt};
use messina_control_api::watch::v1 as wire;
use tokio::time::Instant;
use tonic::Status;
use wire::watch_request::Request;

use super::Attached;
use super::service::shutting_down;
use super::subscription::invalid;

pub(crate) type Inbound = BoxStream<'static, Result<wire::WatchRequest, Status>>;

pub(crate) struct Session {
    attached: Attached,
    inbound: Inbound,
    /// The client will say no more, which is its right.
    half_closed: bool,
    ended: bool,
    bookmark_at: Instant,
}

/// What becomes of the stream after the client said something.
enum Heard {
    Fine,
    /// The client is gone.
    Gone,
    /// The client broke the rules.
    Broken(Status),
}

impl Session {
    pub(crate) fn new(attached: Attached, inbound: Inbound) -> Self {
        let bookmark_at = Instant::now() + attached.feed.shared.settings.bookmark_every;
        Self { attached, inbound, half_closed: false, ended: false, bookmark_at }
    }

    pub(crate) fn into_stream(self) -> BoxStream<'static, Result<wire::WatchResponse, Status>> {
        Box::pin(self.messages())
    }

    fn messages(self) -> impl Stream<Item = Result<wire::WatchResponse, Status>> + Send {
        futures::stream::unfold(self, |mut session| async move {
            let message = session.next().await?;
            session.ended = message.is_err();
            Some((message, session))
        })
    }

    async fn next(&mut self) -> Option<Result<wire::WatchResponse, Status>> {
        let shutdown = self.attached.feed.shared.settings.shutdown.clone();
        while !self.ended {
            if shutdown.is_cancelled() {
                return Some(Err(shutting_down()));
            }
            // Answers are read even while there is always something to send.
            if !self.half_closed
                && let Some(request) = self.inbound.next().now_or_never()
            {
                match self.hear(request) {
                    Heard::Fine => continue,
                    Heard::Gone => return None,
                    Heard::Broken(status) => return Some(Err(status)),
                }
            }
            if let Some(message) = self.attached.subscriber.next() {
                return Some(Ok(self.sending(message)));
            }
            let heard = tokio::select! {
                () = shutdown.cancelled() => continue,
                () = self.attached.subscriber.bell.notified() => continue,
                () = tokio::time::sleep_until(self.bookmark_at) => None,
                request = self.inbound.next(), if !self.half_closed => Some(request),
            };
            match heard.map(|request| self.hear(request)) {
                Some(Heard::Fine) => {}
                Some(Heard::Gone) => return None,
                Some(Heard::Broken(status)) => return Some(Err(status)),
                None => match self.attached.subscriber.bookmark() {
                    Some(bookmark) => return Some(Ok(self.sending(bookmark))),
                    None => self.put_bookmark_off(),
                },
            }
        }
        None
    }

    fn sending(&mut self, message: wire::WatchResponse) -> wire::WatchResponse {
        self.put_bookmark_off();
        message
    }

    fn put_bookmark_off(&mut self) {
        self.bookmark_at = Instant::now() + self.attached.feed.shared.settings.bookmark_every;
    }

    fn hear(&mut self, request: Option<Result<wire::WatchRequest, Status>>) -> Heard {
        let subscriber = &self.attached.subscriber;
        match request {
            None => self.half_closed = true,
            Some(Err(status)) => {
                tracing::info!(subscriber = subscriber.subscription.name, %status, "the client is gone");
                return Heard::Gone;
            }
            Some(Ok(request)) => match request.request {
                Some(Request::Ack(ack)) => subscriber.ack(ack.revision),
                Some(Request::Nack(nack)) => self.attached.nack(nack),
                Some(Request::Subscribe(_)) => {
                    return Heard::Broken(invalid("subscribe", "this stream is subscribed already"));
                }
                // A later release may have more to say than this one understands.
                None => {}
            },
        }
        Heard::Fine
    }
}
