//! What a mirror has to say to the feed: one acknowledgement at most, and one refusal per object.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::Stream;
use messina_control_api::watch::v1::{Ack, Nack, Subscribe, WatchRequest, watch_request::Request};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::key::Key;

#[derive(Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    subscribe: Option<Subscribe>,
    nacks: BTreeMap<Option<Key>, Nack>,
    ack: Option<u64>,
    said: u64,
}

impl Outbox {
    pub(super) fn new(subscribe: Subscribe) -> Arc<Self> {
        let waiting = Waiting { subscribe: Some(subscribe), ..Waiting::default() };
        Arc::new(Self { waiting: Mutex::new(waiting), bell: Notify::new() })
    }

    /// Everything up to a revision is taken over.
    pub(super) fn ack(&self, revision: u64) {
        self.waiting.lock().ack = Some(revision);
        self.bell.notify_one();
    }

    /// One object cannot be taken over.
    pub(super) fn nack(&self, nack: Nack) {
        let key = nack.key.as_ref().and_then(Key::read);
        self.waiting.lock().nacks.insert(key, nack);
        self.bell.notify_one();
    }

    /// The requests, for as long as the stream is open.
    pub(super) fn requests(self: Arc<Self>) -> impl Stream<Item = WatchRequest> + Send + 'static {
        futures::stream::unfold(self, |outbox| async move {
            loop {
                if let Some(request) = outbox.next() {
                    return Some((WatchRequest { request: Some(request) }, outbox));
                }
                outbox.bell.notified().await;
            }
        })
    }

    fn next(&self) -> Option<Request> {
        let mut waiting = self.waiting.lock();
        if let Some(subscribe) = waiting.subscribe.take() {
            return Some(Request::Subscribe(subscribe));
        }
        if let Some((_, nack)) = waiting.nacks.pop_first() {
            return Some(Request::Nack(nack));
        }
        // A bookmark that says nothing new needs no answer.
        let revision = waiting.ack.take().filter(|revision| *revision > waiting.said)?;
        waiting.said = revision;
        Some(Request::Ack(Ack { revision }))
    }
}
