//! The queue of activations: schedule, start, stop.

use std::time::Duration;

use jiff::Timestamp;

use super::{Details, Queued, StopCause};
use crate::{
    error::ApiError,
    model::{Activation, Status, TaskKey},
    schedule::Schedule,
    state::State,
    wire::time::{WireTime, after},
};

const DEFAULT_RETRY_WAIT: Duration = Duration::from_secs(600);
const LONGEST_RETRY_WAIT: Duration = Duration::from_secs(3 * 3600);

impl Details {
    fn new(schedule: Schedule, once: bool) -> Self {
        let mut details = Self { schedule, once, retries_left: 0, next_wait: Duration::ZERO };
        details.reset_backoff();
        details
    }

    /// Grants all retries again.
    pub(super) fn reset_backoff(&mut self) {
        self.retries_left = self.schedule.num_retries;
        let wait = Duration::from_secs(self.schedule.retry_wait);
        self.next_wait = if wait.is_zero() { DEFAULT_RETRY_WAIT } else { wait };
    }

    /// How long to wait before the next retry; `None` when none is left.
    pub(super) fn next_backoff(&mut self) -> Option<Duration> {
        if self.retries_left <= 0 {
            return None;
        }
        self.retries_left -= 1;
        let wait = self.next_wait.min(LONGEST_RETRY_WAIT);
        self.next_wait = wait.saturating_mul(2);
        Some(wait)
    }

    /// The next regular activation.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.once { None } else { self.schedule.next(now) }
    }
}

impl State {
    /// (Re)schedules a task by its row; with `run_now` it runs first. Disabled tasks are taken out of the queue. A
    /// running task picks the new definition up when its run ends.
    pub(crate) fn schedule(&mut self, key: TaskKey, run_now: bool) {
        let Some(task) = self.tasks.get(&key) else { return };
        if self.is_suspended_for(key.cluster, key.kind) {
            return;
        }
        if !task.enabled || task.deleted {
            self.unschedule(key);
            return;
        }
        let details = Details::new(task.schedule.clone(), false);
        let next = if run_now { Some(self.now) } else { details.next(self.now) };
        let live = self.timeline.live.entry(key).or_default();
        live.details = Some(details);
        if live.active.is_none() {
            self.enqueue(key, next, 0, None);
        }
    }

    /// Queues an activation once its window is open; without a time, the task is no longer scheduled.
    pub(super) fn enqueue(
        &mut self,
        key: TaskKey,
        next: Option<Timestamp>,
        retry: i8,
        initial: Option<Timestamp>,
    ) {
        let Some(live) = self.timeline.live.get_mut(&key) else { return };
        live.queued = match (next, &live.details) {
            (Some(next), Some(details)) => {
                let (at, stop) = details.schedule.window.open(next, details.schedule.timezone.rules());
                Some(Queued {
                    at,
                    retry,
                    stop: stop.filter(|_| !details.schedule.window.is_empty()),
                    initial,
                })
            }
            _ => {
                live.details = None;
                None
            }
        };
        self.reindex(key);
    }

    /// Takes a task out of the queue. A run goes on.
    pub(crate) fn unschedule(&mut self, key: TaskKey) {
        if let Some(live) = self.timeline.live.get_mut(&key) {
            live.details = None;
            live.queued = None;
        }
        self.reindex(key);
    }

    /// Runs a task now, scheduled or not, enabled or not. Nothing happens when it runs already.
    ///
    /// # Errors
    /// 400 while its cluster is suspended.
    pub fn start_task(&mut self, key: TaskKey) -> Result<(), ApiError> {
        if self.is_suspended_for(key.cluster, key.kind) {
            return Err(ApiError::invalid("cluster is suspended"));
        }
        let Some(task) = self.tasks.get(&key) else { return Ok(()) };
        let live = self.timeline.live.entry(key).or_default();
        if live.active.is_some() {
            return Ok(());
        }
        // What is scheduled runs out of turn, without a window to close; anything else is scheduled once.
        let scheduled = live.details.is_some();
        if !scheduled {
            live.details = Some(Details::new(task.schedule.clone(), true));
        }
        if scheduled {
            live.queued = Some(Queued { at: self.now, retry: 0, stop: None, initial: None });
            self.reindex(key);
        } else {
            self.enqueue(key, Some(self.now), 0, None);
        }
        Ok(())
    }

    /// Asks a run to stop. Nothing happens when there is none, or when it stops already.
    pub fn stop_task(&mut self, key: TaskKey) {
        let now = self.now;
        let Some(active) = self.timeline.live.get_mut(&key).and_then(|live| live.active.as_mut()) else {
            return;
        };
        if active.stopping.is_some() {
            return;
        }
        active.stopping = Some((after(now, active.script.stop_duration), StopCause::Task));
        let run_id = active.run_id;
        self.set_run_status(key, run_id, Status::Stopping);
        self.reindex(key);
    }

    /// When a task runs next, as lists show it.
    pub(crate) fn activation(&self, key: TaskKey) -> Activation {
        let live = self.timeline.live.get(&key);
        let queued = live.and_then(|live| live.queued);
        let zone =
            live.and_then(|live| live.details.as_ref()).map(|details| details.schedule.timezone.rules());
        Activation {
            suspended: false,
            next: queued
                .map(|queued| zone.map_or(WireTime::utc(queued.at), |z| WireTime::in_zone(queued.at, z))),
            retry: queued.map_or(0, |queued| queued.retry),
        }
    }

    /// Whether a task runs.
    pub(crate) fn is_running(&self, key: TaskKey) -> bool {
        self.timeline.live.get(&key).is_some_and(|live| live.active.is_some())
    }
}
