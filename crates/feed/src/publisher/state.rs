//! What the feed holds: every object, the recent changes, and who listens.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use messina_control_api::carried::Carried;
use messina_control_api::watch::v1 as wire;
use tokio::time::Instant;
use wire::ObjectKind;

use super::change::{Change, What};
use super::queue::Phase;
use super::subscriber::Subscriber;
use super::subscription::Filter;
use crate::key::Key;
use crate::tombstones::{Gone, Tombstones};

/// Behind one lock, held for as long as it takes to hand a change to every queue.
pub(crate) struct State {
    /// What `Start` says, but for whether the stream is resumed.
    identity: wire::Start,
    window: usize,
    missing: BTreeSet<ObjectKind>,
    revision: u64,
    live: BTreeMap<Arc<Key>, Change>,
    /// The last `window` changes, for those who resume.
    recent: VecDeque<Recent>,
    tombstones: Tombstones<Arc<Key>>,
    pub(crate) subscribers: BTreeMap<u64, Arc<Subscriber>>,
    next_id: u64,
}

/// A recent change. The state that an upsert made is not kept: only the last one matters, and that is live.
enum Recent {
    Upsert { revision: u64, key: Arc<Key> },
    Remove(Change),
}

impl Recent {
    fn revision(&self) -> u64 {
        match self {
            Self::Upsert { revision, .. } => *revision,
            Self::Remove(change) => change.revision,
        }
    }
}

impl State {
    pub(crate) fn new(identity: wire::Start, window: usize, kinds: &[ObjectKind]) -> Self {
        Self {
            identity,
            window,
            missing: kinds.iter().copied().collect(),
            revision: 0,
            live: BTreeMap::new(),
            recent: VecDeque::new(),
            tombstones: Tombstones::default(),
            subscribers: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// Publishes the present state of an object, unless it is known already.
    pub(crate) fn upsert(&mut self, key: Key, object: wire::Object, traceparent: Option<Arc<str>>) -> bool {
        let key = match self.live.get_key_value(&key) {
            Some((_, Change { what: What::Upsert(known), .. })) if *known.object() == object => return false,
            Some((shared, _)) => shared.clone(),
            None => Arc::new(key),
        };
        let replaced = self.live.get(&key).map(|live| Arc::<str>::from(live.uid()));
        if let Some(uid) = replaced.filter(|uid| **uid != *object.uid) {
            // The name has a new owner. Its old one must have gone, but a stale answer of the API server
            // looks the same the other way round, so this is no proof.
            self.take_out(&key, uid, false, traceparent.clone());
        }
        if key.is_cluster() {
            self.tombstones.revive(&key, &object.uid);
        }
        self.revision += 1;
        let change = Change {
            key: key.clone(),
            revision: self.revision,
            traceparent,
            what: What::Upsert(Carried::new(object)),
        };
        self.live.insert(key.clone(), change.clone());
        self.announce(&change, Recent::Upsert { revision: self.revision, key });
        true
    }

    /// Publishes that an object is gone, or the proof for one that went out of sight before.
    pub(crate) fn remove(&mut self, key: &Key, confirmed: bool, traceparent: Option<Arc<str>>) -> bool {
        let found = match self.live.get_key_value(key) {
            Some((shared, live)) => Some((shared.clone(), live.uid().into())),
            None if confirmed => {
                let key = Arc::new(key.clone());
                self.tombstones.unproved(&key).map(|uid| (key, uid))
            }
            None => None,
        };
        let Some((key, uid)) = found else { return false };
        self.take_out(&key, uid, confirmed, traceparent);
        true
    }

    /// Notes that all objects of a kind are known; lets subscribers go when it was the last kind.
    pub(crate) fn kind_synced(&mut self, kind: ObjectKind) {
        if self.missing.remove(&kind) && self.missing.is_empty() {
            for subscriber in self.subscribers.values() {
                self.begin(subscriber);
            }
        }
    }

    /// Kinds that have not been listed yet.
    pub(crate) fn missing(&self) -> &BTreeSet<ObjectKind> {
        &self.missing
    }

    /// Adds a subscriber, which is held until the feed knows what exists.
    pub(crate) fn attach(&mut self, subscriber: Arc<Subscriber>) -> u64 {
        self.next_id += 1;
        if self.missing.is_empty() {
            self.begin(&subscriber);
        }
        self.subscribers.insert(self.next_id, subscriber);
        self.next_id
    }

    /// Takes a refusal, unless the object has changed since.
    pub(crate) fn nack(&self, subscriber: &Subscriber, nack: wire::Nack) {
        let key = nack.key.as_ref().and_then(Key::read);
        if let Some(key) = key
            && self.live.get(&key).is_some_and(|live| live.revision == nack.revision)
        {
            subscriber.nack(key, nack);
        }
    }

    pub(crate) fn head(&self) -> wire::ResumeToken {
        wire::ResumeToken { epoch: self.identity.epoch.clone(), revision: self.revision }
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = &wire::Object> {
        self.live.values().filter_map(|change| match &change.what {
            What::Upsert(carried) => Some(carried.object()),
            What::Remove { .. } => None,
        })
    }

    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.recent.len()
    }

    fn take_out(&mut self, key: &Arc<Key>, uid: Arc<str>, confirmed: bool, traceparent: Option<Arc<str>>) {
        self.live.remove(key);
        self.revision += 1;
        if key.is_cluster() {
            if confirmed {
                let gone =
                    Gone { uid: uid.clone(), revision: self.revision, traceparent: traceparent.clone() };
                self.tombstones.bury(key, gone);
            } else {
                self.tombstones.lose_sight(key, uid.clone());
            }
        }
        let change = Change {
            key: key.clone(),
            revision: self.revision,
            traceparent,
            what: What::Remove { uid, confirmed },
        };
        self.announce(&change, Recent::Remove(change.clone()));
    }

    fn announce(&mut self, change: &Change, recent: Recent) {
        self.recent.push_back(recent);
        if self.recent.len() > self.window {
            self.recent.pop_front();
        }
        let now = Instant::now();
        for subscriber in self.subscribers.values() {
            subscriber.offer(change, now);
        }
    }

    fn begin(&self, subscriber: &Subscriber) {
        let filter = &subscriber.subscription.filter;
        let resumed = subscriber.subscription.resume.as_ref().filter(|token| self.reaches(token));
        let backlog = match resumed {
            Some(token) => self.since(token.revision, filter),
            None => self.snapshot(filter),
        };
        let start = wire::Start { resumed: resumed.is_some(), ..self.identity.clone() };
        subscriber.begin(start, self.revision, backlog);
    }

    /// Whether every change after a place is still remembered.
    fn reaches(&self, token: &wire::ResumeToken) -> bool {
        let forgotten = match self.recent.front() {
            Some(oldest) => oldest.revision() - 1,
            None => self.revision,
        };
        token.epoch == self.identity.epoch && (forgotten..=self.revision).contains(&token.revision)
    }

    fn since(&self, revision: u64, filter: &Filter) -> Vec<(Phase, Change)> {
        let start = self.recent.partition_point(|recent| recent.revision() <= revision);
        let changes = self.recent.range(start..).filter_map(|recent| match recent {
            Recent::Remove(change) => Some(change),
            Recent::Upsert { revision, key } => self.live.get(key).filter(|live| live.revision == *revision),
        });
        changes
            .filter(|change| filter.passes(&change.key))
            .map(|change| (Phase::Backlog, change.clone()))
            .collect()
    }

    /// Everything that exists, and every deletion that was proved: those of names that are in use again go
    /// in front of the object (their revisions are lower), the others behind all objects.
    fn snapshot(&self, filter: &Filter) -> Vec<(Phase, Change)> {
        let tombstones = self.tombstones.iter().flat_map(|(key, proved)| {
            let phase = if self.live.contains_key(key) { Phase::Snapshot } else { Phase::Backlog };
            proved.iter().map(move |gone| {
                let change = Change {
                    key: key.clone(),
                    revision: gone.revision,
                    traceparent: gone.traceparent.clone(),
                    what: What::Remove { uid: gone.uid.clone(), confirmed: true },
                };
                (phase, change)
            })
        });
        let objects = self.live.values().map(|change| (Phase::Snapshot, change.clone()));
        tombstones.chain(objects).filter(|(_, change)| filter.passes(&change.key)).collect()
    }
}
