//! Which keys are due, which run, which sleep. Plain data without a clock: every call is told the time.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use tokio::time::Instant;

use crate::stats::{Passes, Stats};

/// Place in a line; grows with every entry, so that equal times keep their order.
type Ticket = u64;

pub(crate) struct Queue<K> {
    entries: HashMap<K, Entry>,
    /// Due keys, first come first served.
    line: BTreeMap<Ticket, K>,
    /// Sleeping keys by the time of their next look.
    alarms: BTreeMap<(Instant, Ticket), K>,
    tickets: Ticket,
    running: usize,
    passes: Passes,
    closed: bool,
}

struct Entry {
    state: State,
    /// Transient faults in a row.
    failures: u32,
}

enum State {
    Queued { ticket: Ticket, since: Instant, cause: Option<String> },
    Running(Wishes),
    Sleeping { until: Instant, ticket: Ticket },
}

/// What was asked for while a pass was running.
#[derive(Default)]
struct Wishes {
    /// Since when one more pass is wanted, and its cause.
    again: Option<(Instant, Option<String>)>,
    /// A look at this time at the latest.
    by: Option<Instant>,
    forget: bool,
}

/// How a pass ended, as far as the queue cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Settled,
    Transient,
    Waiting,
    Rejected,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    pub(crate) fn new() -> Self {
        Self {
            entries: HashMap::new(),
            line: BTreeMap::new(),
            alarms: BTreeMap::new(),
            tickets: 0,
            running: 0,
            passes: Passes::default(),
            closed: false,
        }
    }

    pub(crate) fn now(&mut self, key: K, cause: Option<String>, now: Instant) {
        match self.entries.get_mut(&key).map(|entry| &mut entry.state) {
            _ if self.closed => {}
            Some(State::Queued { cause: first, .. }) => *first = first.take().or(cause),
            Some(State::Running(wishes)) => {
                // Counts for more than an earlier `forget`, see `finish`.
                let again = wishes.again.get_or_insert((now, None));
                again.1 = again.1.take().or(cause);
            }
            Some(State::Sleeping { .. }) | None => self.enqueue(key, now, cause),
        }
    }

    pub(crate) fn after(&mut self, key: K, by: Instant) {
        match self.entries.get_mut(&key).map(|entry| &mut entry.state) {
            _ if self.closed => {}
            Some(State::Queued { .. }) => {}
            Some(State::Running(wishes)) => {
                wishes.forget = false;
                wishes.by = earliest(wishes.by, Some(by));
            }
            Some(State::Sleeping { until, .. }) if *until <= by => {}
            Some(State::Sleeping { .. }) | None => self.sleep(key, by),
        }
    }

    pub(crate) fn forget(&mut self, key: &K) {
        match self.entries.get_mut(key).map(|entry| &mut entry.state) {
            Some(State::Running(wishes)) => *wishes = Wishes { forget: true, ..Wishes::default() },
            Some(State::Queued { .. } | State::Sleeping { .. }) => {
                self.unlink(key);
                self.entries.remove(key);
            }
            None => {}
        }
    }

    /// Puts every key whose time has come at the end of the line.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some(first) = self.alarms.first_entry()
            && first.key().0 <= now
        {
            let key = first.remove();
            self.enqueue(key, now, None);
        }
    }

    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first_key_value().map(|((until, _), _)| *until)
    }

    /// Takes the key at the front of the line; it runs until [`Queue::finish`].
    pub(crate) fn start(&mut self) -> Option<(K, Option<String>)> {
        let (_, key) = self.line.pop_first()?;
        let entry = self.entries.get_mut(&key)?;
        let State::Queued { cause, .. } =
            std::mem::replace(&mut entry.state, State::Running(Wishes::default()))
        else {
            return None;
        };
        self.running += 1;
        Some((key, cause))
    }

    /// Transient faults in a row of a running key, before the outcome of its pass is known.
    pub(crate) fn failures(&self, key: &K) -> u32 {
        self.entries.get(key).map_or(0, |entry| entry.failures)
    }

    /// The pass of this key ended. `next` is when to look again, `None` to forget it.
    pub(crate) fn finish(&mut self, key: K, outcome: Outcome, next: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        let State::Running(wishes) = &mut entry.state else { return };
        let wishes = std::mem::take(wishes);
        entry.failures = if outcome == Outcome::Transient { entry.failures.saturating_add(1) } else { 0 };
        self.running -= 1;
        match outcome {
            Outcome::Settled => self.passes.settled += 1,
            Outcome::Transient => self.passes.transient += 1,
            Outcome::Waiting => self.passes.waiting += 1,
            Outcome::Rejected => self.passes.rejected += 1,
        }
        let next = if wishes.forget { None } else { next };
        match (wishes.again, earliest(next, wishes.by)) {
            (Some((since, cause)), _) => self.enqueue(key, since, cause),
            (None, Some(until)) => self.sleep(key, until),
            (None, None) => {
                self.entries.remove(&key);
            }
        }
    }

    /// No trigger counts any more; nothing is kept.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.line.clear();
        self.alarms.clear();
        self.entries.clear();
        self.running = 0;
    }

    pub(crate) fn stats(&self, now: Instant) -> Stats {
        let since = self.line.values().filter_map(|key| match self.entries.get(key)?.state {
            State::Queued { since, .. } => Some(since),
            State::Running(_) | State::Sleeping { .. } => None,
        });
        Stats {
            queued: self.line.len(),
            running: self.running,
            waiting: self.alarms.len(),
            passes: self.passes,
            oldest_queued_age: since.min().map(|since| now.saturating_duration_since(since)),
        }
    }

    fn enqueue(&mut self, key: K, since: Instant, cause: Option<String>) {
        self.unlink(&key);
        let ticket = self.ticket();
        self.line.insert(ticket, key.clone());
        self.place(key, State::Queued { ticket, since, cause });
    }

    fn sleep(&mut self, key: K, until: Instant) {
        self.unlink(&key);
        let ticket = self.ticket();
        self.alarms.insert((until, ticket), key.clone());
        self.place(key, State::Sleeping { until, ticket });
    }

    fn place(&mut self, key: K, state: State) {
        match self.entries.get_mut(&key) {
            Some(entry) => entry.state = state,
            None => {
                self.entries.insert(key, Entry { state, failures: 0 });
            }
        }
    }

    /// Takes a key out of the line and the alarms.
    fn unlink(&mut self, key: &K) {
        match self.entries.get(key).map(|entry| &entry.state) {
            Some(State::Queued { ticket, .. }) => {
                self.line.remove(ticket);
            }
            Some(State::Sleeping { until, ticket }) => {
                self.alarms.remove(&(*until, *ticket));
            }
            Some(State::Running(_)) | None => {}
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        self.tickets
    }
}

fn earliest(one: Option<Instant>, two: Option<Instant>) -> Option<Instant> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}
