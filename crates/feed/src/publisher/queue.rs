//! What one subscriber has yet to be sent: the last state of every object, and every removal on its way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::change::{Change, What};
use crate::key::Key;
use crate::tombstones::UIDS_PER_NAME;

/// When something is sent; within a phase, by revision. A stream that ends anywhere in the live phase can
/// therefore be resumed after the last revision that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Objects of the snapshot.
    Snapshot,
    /// What else comes before `Synced`: tombstones, or the changes that were missed.
    Backlog,
    /// Changes since the subscription.
    Live,
}

type Place = (Phase, u64);

/// At most one state and [`UIDS_PER_NAME`] removals per object, however many changes there were.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    line: BTreeMap<Place, Entry>,
    slots: HashMap<Arc<Key>, Slot>,
}

#[derive(Debug)]
struct Entry {
    change: Change,
    /// Since when the subscriber has been owed news of this object.
    since: Instant,
}

/// Where an object's entries stand.
#[derive(Debug, Default)]
struct Slot {
    state: Option<Place>,
    removals: Vec<Place>,
}

impl Queue {
    /// Adds a change, which is newer than everything in the queue about its object.
    pub(crate) fn push(&mut self, phase: Phase, change: Change, now: Instant) {
        match &change.what {
            What::Upsert(_) => self.push_state(phase, change, now),
            What::Remove { .. } => self.push_removal(phase, change, now),
        }
    }

    /// The next change to send, when it is of this phase or an earlier one.
    pub(crate) fn pop(&mut self, until: Phase) -> Option<(Phase, Change)> {
        let first = self.line.first_entry().filter(|first| first.key().0 <= until)?;
        let (place, entry) = first.remove_entry();
        if let Some(slot) = self.slots.get_mut(&entry.change.key) {
            slot.removals.retain(|other| *other != place);
            slot.state = slot.state.filter(|other| *other != place);
            if slot.removals.is_empty() && slot.state.is_none() {
                self.slots.remove(&entry.change.key);
            }
        }
        Some((place.0, entry.change))
    }

    /// How many objects the subscriber has yet to hear of.
    pub(crate) fn objects(&self) -> usize {
        self.slots.len()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.line.len()
    }

    /// Since when the subscriber has been owed something.
    pub(crate) fn owed_since(&self) -> Option<Instant> {
        self.line.values().map(|entry| entry.since).min()
    }

    fn push_state(&mut self, phase: Phase, change: Change, now: Instant) {
        let slot = self.slots.entry(change.key.clone()).or_default();
        // The same object is back: that it was gone is no news any more.
        slot.removals.retain(|place| {
            let back = self.line.get(place).is_some_and(|entry| entry.change.uid() == change.uid());
            if back {
                self.line.remove(place);
            }
            !back
        });
        let (mut place, mut since) = ((phase, change.revision), now);
        if let Some(old) = slot.state.take()
            && let Some(entry) = self.line.remove(&old)
        {
            since = entry.since;
            // An object of the snapshot stays in the snapshot: leaving it for the changes behind `Synced`
            // would make the snapshot say for a moment that the object does not exist.
            if old.0 == Phase::Snapshot {
                place = old;
            }
        }
        slot.state = Some(place);
        self.line.insert(place, Entry { change, since });
    }

    fn push_removal(&mut self, phase: Phase, change: Change, now: Instant) {
        let slot = self.slots.entry(change.key.clone()).or_default();
        let mut since = now;
        if let Some(entry) = slot.state.take().and_then(|place| self.line.remove(&place)) {
            since = entry.since;
        }
        slot.removals.retain(|place| {
            let same = self.line.get(place).is_some_and(|entry| entry.change.uid() == change.uid());
            if same {
                self.line.remove(place);
            }
            !same
        });
        if slot.removals.len() >= UIDS_PER_NAME {
            let oldest = slot.removals.remove(0);
            self.line.remove(&oldest);
        }
        let place = (phase, change.revision);
        slot.removals.push(place);
        self.line.insert(place, Entry { change, since });
    }
}
