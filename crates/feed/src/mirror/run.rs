//! Keeps a stream open for as long as the service runs.

use std::time::Duration;

use futures::FutureExt;
use messina_control_api::watch::v1 as wire;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use tonic::client::GrpcService;
use tonic::codegen::{Body, Bytes, StdError};
use wire::watch_service_client::WatchServiceClient;

use super::backoff::Backoff;
use super::follower::{Follower, Refusal};
use super::outbox::Outbox;
use super::{Changed, Mirror, OnChange};

/// How many messages are taken before the feed is answered.
const BATCH: usize = 256;
/// How many bookmarks may fail to come before a stream counts as dead.
const MISSED_BOOKMARKS: u32 = 3;

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("no message for {0:?}: the stream is dead, or its k8s-watcher has not listed every kind yet")]
    Stalled(Duration),
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{}: {}", .0.code(), .0.message())]
    Failed(#[from] Box<tonic::Status>),
    #[error("the feed closed the stream")]
    Closed,
}

impl Mirror {
    /// Follows the feed until `shutdown`, over any channel of tonic. Connection trouble never ends it: see
    /// [`Mirror::state`]. Run it once per mirror.
    pub async fn run<T>(&self, channel: T, shutdown: CancellationToken, on_change: OnChange)
    where
        T: GrpcService<tonic::body::Body> + Send,
        T::Error: Into<StdError>,
        T::Future: Send,
        T::ResponseBody: Body<Data = Bytes> + Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + Send,
    {
        let settings = &self.shared.settings;
        let mut client = WatchServiceClient::new(channel);
        let mut follower = Follower::new(settings.datacenter.clone());
        let mut backoff = Backoff::new(settings.min_backoff, settings.max_backoff, settings.seed);
        loop {
            let subscribe = wire::Subscribe {
                subscriber: settings.subscriber.clone(),
                kinds: settings.kinds.iter().map(|kind| (*kind).into()).collect(),
                namespaces: settings.namespaces.clone(),
                resume: follower.open(),
            };
            let ended = tokio::select! {
                () = shutdown.cancelled() => return,
                ended = self.follow(&mut client, subscribe, &mut follower, &on_change) => ended,
            };
            if follower.synced() {
                backoff.reset();
            }
            let pause = match ended {
                Ended::Refused(_) => backoff.longest(),
                _ => backoff.next(),
            };
            self.note(&ended, pause);
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Follows one stream to its end.
    async fn follow<T>(
        &self,
        client: &mut WatchServiceClient<T>,
        subscribe: wire::Subscribe,
        follower: &mut Follower,
        on_change: &OnChange,
    ) -> Ended
    where
        T: GrpcService<tonic::body::Body> + Send,
        T::Error: Into<StdError>,
        T::Future: Send,
        T::ResponseBody: Body<Data = Bytes> + Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + Send,
    {
        let patience = self.shared.settings.bookmark_every * MISSED_BOOKMARKS;
        let outbox = Outbox::new(subscribe);
        let mut inbound = match timeout(patience, client.watch(outbox.clone().requests())).await {
            Ok(Ok(response)) => response.into_inner(),
            Ok(Err(status)) => return Ended::Failed(Box::new(status)),
            Err(_) => return Ended::Stalled(patience),
        };
        loop {
            let first = match timeout(patience, inbound.message()).await {
                Ok(first) => first,
                Err(_) => return Ended::Stalled(patience),
            };
            if let Err(ended) = self.take_batch(first, &mut inbound, (follower, &outbox), on_change) {
                return ended;
            }
        }
    }

    /// Takes a message and those that are there already, then answers for all of them.
    fn take_batch(
        &self,
        first: Result<Option<wire::WatchResponse>, tonic::Status>,
        inbound: &mut Streaming<wire::WatchResponse>,
        (follower, outbox): (&mut Follower, &Outbox),
        on_change: &OnChange,
    ) -> Result<(), Ended> {
        let mut next = Some(first);
        let mut ack = None;
        let mut taken = 0;
        while let Some(message) = next {
            let message = message.map_err(Box::new)?.ok_or(Ended::Closed)?;
            ack = self.take(message, follower, outbox, on_change)?.or(ack);
            taken += 1;
            next = if taken < BATCH { inbound.message().now_or_never() } else { None };
        }
        if let Some(revision) = ack {
            outbox.ack(revision);
        }
        Ok(())
    }

    fn take(
        &self,
        message: wire::WatchResponse,
        follower: &mut Follower,
        outbox: &Outbox,
        on_change: &OnChange,
    ) -> Result<Option<u64>, Refusal> {
        let step = follower.take(message, &self.shared.view)?;
        let at = (self.shared.clock)();
        let mut status = self.shared.status.lock();
        status.heard(follower.synced(), at);
        status.state.resets += u64::from(step.reset);
        status.state.nacks += u64::from(step.nack.is_some());
        drop(status);
        if let Some(nack) = step.nack {
            tracing::warn!(
                datacenter = self.datacenter(),
                revision = nack.revision,
                key = ?nack.key,
                reason = nack.reason,
                "an object of the feed cannot be read; it is left alone"
            );
            outbox.nack(nack);
        }
        for changed in step.changed {
            if changed == Changed::Synced {
                tracing::info!(datacenter = self.datacenter(), "the feed is synced");
            }
            on_change(changed);
        }
        Ok(step.ack)
    }

    fn note(&self, ended: &Ended, pause: Duration) {
        let mut status = self.shared.status.lock();
        status.ended(ended.to_string());
        match ended {
            Ended::Stalled(_) => status.state.stalled += 1,
            Ended::Refused(_) => status.state.refused += 1,
            Ended::Failed(_) | Ended::Closed => {}
        }
        drop(status);
        match ended {
            Ended::Refused(refusal) => {
                tracing::error!(datacenter = self.datacenter(), %refusal, ?pause, "the feed is refused");
            }
            _ => {
                tracing::warn!(datacenter = self.datacenter(), error = %ended, ?pause, "the feed's stream ended")
            }
        }
    }
}
