//! The feed as the gRPC service `WatchService`.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use messina_control_api::watch::v1 as wire;
use tonic::{Request, Response, Status, Streaming};
use wire::watch_service_server::WatchService;

use super::Feed;
use super::stream::Session;
use super::subscription::Subscription;

/// How long a client may take to say what it wants.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(10);

#[tonic::async_trait]
impl WatchService for Feed {
    type WatchStream = BoxStream<'static, Result<wire::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<wire::WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let peer = request.remote_addr().map(|address| address.to_string()).unwrap_or_default();
        let mut inbound = request.into_inner();
        let settings = &self.shared.settings;
        let first = tokio::select! {
            () = settings.shutdown.cancelled() => return Err(shutting_down()),
            () = tokio::time::sleep(SUBSCRIBE_WITHIN) => {
                return Err(Status::deadline_exceeded("subscribe: no first request within 10 s"));
            }
            first = inbound.message() => first?,
        };
        let subscription = Subscription::read(first)?;
        tracing::info!(subscriber = subscription.name, peer, resume = ?subscription.resume, "subscribed");
        let attached = self.attach(subscription, peer);
        Ok(Response::new(Session::new(attached, inbound.boxed()).into_stream()))
    }

    async fn list_subscribers(
        &self,
        _: Request<wire::ListSubscribersRequest>,
    ) -> Result<Response<wire::ListSubscribersResponse>, Status> {
        let state = self.shared.state.lock();
        let head = Some(state.head());
        let mut subscribers: Vec<_> = state.subscribers.values().map(|one| one.describe()).collect();
        drop(state);
        subscribers.sort_by(|a, b| (&a.name, &a.peer).cmp(&(&b.name, &b.peer)));
        Ok(Response::new(wire::ListSubscribersResponse { head, subscribers }))
    }
}

/// Tells a client to connect again, elsewhere or later.
pub(crate) fn shutting_down() -> Status {
    Status::unavailable("the feed is shutting down")
}
