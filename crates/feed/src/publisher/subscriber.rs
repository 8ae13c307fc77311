//! One stream as the feed sees it: what it wants, what it has been sent, what it said about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use messina_control_api::convert::write_time;
use messina_control_api::watch::v1 as wire;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use wire::watch_response::Response;

use super::change::{Change, message};
use super::queue::{Phase, Queue};
use super::subscription::Subscription;
use crate::key::Key;

/// One stream. Everything that waits to be sent is behind its own lock, which is never held while waiting.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) subscription: Subscription,
    peer: String,
    since: Timestamp,
    progress: Mutex<Progress>,
    /// Rung when there is something to send.
    pub(crate) bell: Notify,
}

#[derive(Debug, Default)]
struct Progress {
    stage: Stage,
    queue: Queue,
    /// Revision of the feed up to which everything is in the queue or was sent.
    head: u64,
    sent: u64,
    acked: Option<u64>,
    nacks: BTreeMap<Key, wire::Nack>,
}

#[derive(Debug, Default)]
enum Stage {
    /// The feed does not know yet what exists.
    #[default]
    Held,
    /// `Start` comes next; `Synced` will say this revision.
    Starting(wire::Start, u64),
    /// `Synced` has yet to be sent, with this revision.
    CatchingUp(u64),
    Live,
}

impl Subscriber {
    pub(crate) fn new(subscription: Subscription, peer: String, since: Timestamp) -> Self {
        Self { subscription, peer, since, progress: Mutex::default(), bell: Notify::new() }
    }

    /// Lets a held subscriber go: `backlog` is what exists, or what it missed.
    pub(crate) fn begin(&self, start: wire::Start, revision: u64, backlog: Vec<(Phase, Change)>) {
        let now = Instant::now();
        let mut progress = self.progress.lock();
        for (phase, change) in backlog {
            progress.queue.push(phase, change, now);
        }
        progress.head = revision;
        progress.stage = Stage::Starting(start, revision);
        drop(progress);
        self.bell.notify_one();
    }

    /// Tells of a change; never waits for the subscriber.
    pub(crate) fn offer(&self, change: &Change, now: Instant) {
        let mut progress = self.progress.lock();
        if matches!(progress.stage, Stage::Held) {
            return;
        }
        progress.head = change.revision;
        if !self.subscription.filter.passes(&change.key) {
            return;
        }
        progress.nacks.remove(&*change.key);
        progress.queue.push(Phase::Live, change.clone(), now);
        drop(progress);
        self.bell.notify_one();
    }

    /// The next message, if there is one.
    pub(crate) fn next(&self) -> Option<wire::WatchResponse> {
        let mut progress = self.progress.lock();
        match std::mem::take(&mut progress.stage) {
            Stage::Held => None,
            Stage::Starting(start, revision) => {
                progress.stage = Stage::CatchingUp(revision);
                Some(message(revision, None, Response::Start(start)))
            }
            Stage::CatchingUp(revision) => match progress.queue.pop(Phase::Backlog) {
                Some((phase, change)) => {
                    progress.stage = Stage::CatchingUp(revision);
                    Some(change.message(phase == Phase::Snapshot))
                }
                None => {
                    progress.stage = Stage::Live;
                    progress.sent = revision;
                    Some(message(revision, None, Response::Synced(wire::Synced {})))
                }
            },
            Stage::Live => {
                progress.stage = Stage::Live;
                let (_, change) = progress.queue.pop(Phase::Live)?;
                progress.sent = change.revision;
                Some(change.message(false))
            }
        }
    }

    /// A bookmark, when everything was sent. It also carries the reader over changes that it filters out.
    pub(crate) fn bookmark(&self) -> Option<wire::WatchResponse> {
        let mut progress = self.progress.lock();
        if !matches!(progress.stage, Stage::Live) || progress.queue.len() > 0 {
            return None;
        }
        progress.sent = progress.head;
        Some(message(progress.head, None, Response::Bookmark(wire::Bookmark {})))
    }

    /// Takes an acknowledgement; of what was never sent, it says nothing.
    pub(crate) fn ack(&self, revision: u64) {
        let mut progress = self.progress.lock();
        if revision <= progress.sent {
            progress.acked = progress.acked.max(Some(revision));
        }
    }

    /// Takes a refusal of the present state of an object.
    pub(crate) fn nack(&self, key: Key, nack: wire::Nack) {
        self.progress.lock().nacks.insert(key, nack);
    }

    /// Entries that wait to be sent.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.progress.lock().queue.len()
    }

    /// Since when it has been owed something.
    pub(crate) fn owed_since(&self) -> Option<Instant> {
        self.progress.lock().queue.owed_since()
    }

    /// For `ListSubscribers`.
    pub(crate) fn describe(&self) -> wire::Subscriber {
        let progress = self.progress.lock();
        // One that never acknowledges, like grpcurl, is judged by what it was sent.
        let taken = progress.acked.unwrap_or(progress.sent) == progress.sent;
        let current = matches!(progress.stage, Stage::Live) && progress.queue.len() == 0;
        let state = match () {
            () if !progress.nacks.is_empty() => "NACKED",
            () if current && taken => "SYNCED",
            () => "STALE",
        };
        wire::Subscriber {
            name: self.subscription.name.clone(),
            peer: self.peer.clone(),
            since: Some(write_time(self.since)),
            sent_revision: progress.sent,
            acked_revision: progress.acked.unwrap_or_default(),
            pending: u32::try_from(progress.queue.objects()).unwrap_or(u32::MAX),
            nacks: progress.nacks.values().cloned().collect(),
            state: state.to_owned(),
        }
    }
}
