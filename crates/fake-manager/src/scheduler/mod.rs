//! The scheduler: what is queued, what runs, and what happens when its time has come. There is no timer in here;
//! [`State::advance`] plays all that was due, each at its own time and in order.

mod policy;
mod queue;
mod restart;
mod runs;
mod suspend;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use uuid::Uuid;

pub use suspend::{Resumption, SuspendPolicy, SuspendRequest, Suspension, resume_task_id};

use crate::{model::TaskKey, schedule::Schedule, script::RunScript, state::State};

/// What the scheduler keeps in memory only.
#[derive(Debug, Default)]
pub struct Timeline {
    live: BTreeMap<TaskKey, Live>,
    /// The next thing to happen to each task.
    due: BTreeSet<(Timestamp, TaskKey)>,
    run_counter: u16,
}

/// One scheduled or running task.
#[derive(Debug, Default)]
struct Live {
    details: Option<Details>,
    queued: Option<Queued>,
    active: Option<Active>,
    /// Its entry in [`Timeline::due`].
    due: Option<Timestamp>,
}

/// How a task is activated, kept from the last time it was put or started.
#[derive(Clone, Debug)]
struct Details {
    schedule: Schedule,
    /// The task is to run once, whatever its schedule says.
    once: bool,
    retries_left: i64,
    next_wait: Duration,
}

/// A pending activation.
#[derive(Clone, Copy, Debug)]
struct Queued {
    at: Timestamp,
    retry: i8,
    /// When its window closes.
    stop: Option<Timestamp>,
    /// When the activation was due that this one repeats or continues.
    initial: Option<Timestamp>,
}

/// A run that goes on.
#[derive(Debug)]
struct Active {
    run_id: Uuid,
    retry: i8,
    initial: Timestamp,
    script: RunScript,
    /// When it ends by itself; `None` while it is held.
    ends: Option<Timestamp>,
    window_closes: Option<Timestamp>,
    stopping: Option<(Timestamp, StopCause)>,
}

/// Why a run was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopCause {
    Task,
    Window,
    Suspension,
}

impl Active {
    fn due(&self) -> Option<Timestamp> {
        let forced = self.stopping.map(|(at, _)| at).or(self.window_closes);
        [self.ends, forced].into_iter().flatten().min()
    }
}

impl Live {
    fn next_due(&self) -> Option<Timestamp> {
        match &self.active {
            Some(active) => active.due(),
            None => self.queued.map(|queued| queued.at),
        }
    }
}

impl State {
    /// When the next thing happens, if nobody calls in before.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.timeline.due.first().map(|(at, _)| *at)
    }

    /// Plays everything that is due until `now`. A clock that goes back changes nothing.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.timeline.due.first().copied() {
            if at > now || self.crashed {
                break;
            }
            self.timeline.due.pop_first();
            self.now = self.now.max(at);
            if let Some(live) = self.timeline.live.get_mut(&key) {
                live.due = None;
            }
            self.happen(key);
            self.reindex(key);
        }
        self.now = self.now.max(now);
    }

    /// Does what is due for one task.
    fn happen(&mut self, key: TaskKey) {
        let Some(live) = self.timeline.live.get_mut(&key) else { return };
        match &live.active {
            Some(_) => self.progress_run(key),
            None => {
                if let Some(queued) = live.queued.take() {
                    self.begin_run(key, queued);
                }
            }
        }
    }

    /// Keeps the order of events current after a task changed.
    fn reindex(&mut self, key: TaskKey) {
        let Some(live) = self.timeline.live.get_mut(&key) else { return };
        let next = live.next_due();
        if live.due != next {
            if let Some(old) = live.due {
                self.timeline.due.remove(&(old, key));
            }
            if let Some(at) = next {
                self.timeline.due.insert((at, key));
            }
            live.due = next;
        }
        if live.details.is_none() && live.queued.is_none() && live.active.is_none() {
            self.timeline.live.remove(&key);
        }
    }
}
