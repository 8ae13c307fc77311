//! The life of a run: it begins, it ends or is told to, and something follows.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Active, Queued, StopCause};
use crate::{
    model::{Run, Status, TaskKey, TaskType},
    script::{Outcome, RunScript, ScriptKey, Subject},
    state::State,
    wire::time::{after, to_millisecond},
};

const BUSY: &str = "another task is running";

/// How a run ended.
#[derive(Clone, Debug)]
enum Ending {
    Success,
    Failure(String),
    Stopped(StopCause),
}

impl Ending {
    fn status(&self) -> Status {
        match self {
            Self::Success => Status::Done,
            Self::Failure(_) => Status::Error,
            Self::Stopped(StopCause::Window) => Status::Waiting,
            Self::Stopped(_) => Status::Stopped,
        }
    }

    fn cause(&self) -> &str {
        match self {
            Self::Success => "",
            Self::Failure(cause) => cause,
            Self::Stopped(StopCause::Task) => "task was stopped",
            Self::Stopped(StopCause::Window) => "task got out of --window",
            Self::Stopped(StopCause::Suspension) => "scheduler and all tasks were stopped",
        }
    }
}

impl State {
    pub(super) fn begin_run(&mut self, key: TaskKey, queued: Queued) {
        let script = self.script_for(key);
        let busy = self.is_busy_for(key);
        let now = self.now;
        let run_id =
            if key.kind == TaskType::HealthCheck { Run::health_check_id() } else { self.new_run_id() };
        let ends = match (&script.outcome, key.kind) {
            // Suspending is done as soon as it is asked for.
            _ if busy || key.kind == TaskType::Suspend => Some(now),
            (Outcome::Hold, _) => None,
            _ => Some(after(now, script.duration)),
        };
        let Some(live) = self.timeline.live.get_mut(&key) else { return };
        live.active = Some(Active {
            run_id,
            retry: queued.retry,
            initial: queued.initial.unwrap_or(queued.at),
            script,
            ends,
            window_closes: queued.stop,
            stopping: None,
        });
        self.put_run(Run::new(key, run_id, now, Status::Running));
        self.set_task_status(key, Status::Running);
        if busy {
            self.finish_run(key, Ending::Failure(BUSY.to_owned()));
        } else if key.kind == TaskType::Mock {
            self.crashed = true;
        }
    }

    fn script_for(&mut self, key: TaskKey) -> RunScript {
        let cluster_name = self.clusters.get(&key.cluster).map_or("", |cluster| cluster.name.as_str());
        let task_name = self.tasks.get(&key).map_or("", |task| task.name.as_str());
        self.scripts.take(Subject {
            cluster_id: &key.cluster.to_string(),
            cluster_name,
            kind: key.kind,
            task_id: &key.id.to_string(),
            task_name,
        })
    }

    fn new_run_id(&mut self) -> Uuid {
        self.timeline.run_counter = self.timeline.run_counter.wrapping_add(1);
        Run::time_id(self.now, self.timeline.run_counter)
    }

    /// The time of a run's next event has come: it ends, or its window closes.
    pub(super) fn progress_run(&mut self, key: TaskKey) {
        let now = self.now;
        let Some(active) = self.timeline.live.get_mut(&key).and_then(|live| live.active.as_mut()) else {
            return;
        };
        if active.ends.is_some_and(|ends| ends <= now) {
            let ending = match &active.script.outcome {
                Outcome::Error(cause) => Ending::Failure(cause.clone()),
                Outcome::Success | Outcome::Hold => Ending::Success,
            };
            let ending = if key.kind == TaskType::Suspend { self.run_suspend_task(key) } else { ending };
            self.finish_run(key, ending);
        } else if let Some((_, cause)) = active.stopping.filter(|(at, _)| *at <= now) {
            self.finish_run(key, Ending::Stopped(cause));
        } else if active.stopping.is_none() {
            active.stopping = Some((after(now, active.script.stop_duration), StopCause::Window));
        }
    }

    fn run_suspend_task(&mut self, key: TaskKey) -> Ending {
        match self.perform_suspend_task(key) {
            Ok(()) => Ending::Success,
            Err(error) => Ending::Failure(error.body.map(|body| body.message).unwrap_or_default()),
        }
    }

    fn finish_run(&mut self, key: TaskKey, ending: Ending) {
        let progress = self.progress_of(key);
        let Some(active) = self.timeline.live.get_mut(&key).and_then(|live| live.active.take()) else {
            return;
        };
        let end_time = to_millisecond(self.now);
        let known = self.runs.get(&key).and_then(|runs| runs.iter().find(|run| run.id == active.run_id));
        if let Some(mut run) = known.cloned() {
            // A failed health check gets a row of its own; the shared one goes on saying RUNNING.
            if key.kind == TaskType::HealthCheck && !matches!(ending, Ending::Success) {
                run.id = self.new_run_id();
            }
            run.status = ending.status();
            run.cause = ending.cause().to_owned();
            run.end_time = Some(end_time);
            run.progress = if matches!(ending, Ending::Success) { progress.map(|_| 100) } else { progress };
            self.put_run(run);
        }
        if let Some(task) = self.tasks.get_mut(&key) {
            task.status = Some(ending.status());
            match &ending {
                Ending::Success => {
                    (task.success_count, task.last_success) = (task.success_count + 1, Some(end_time))
                }
                Ending::Failure(_) => {
                    (task.error_count, task.last_error) = (task.error_count + 1, Some(end_time))
                }
                Ending::Stopped(_) => {}
            }
        }
        self.touch();
        self.reschedule(key, &active, &ending);
    }

    fn reschedule(&mut self, key: TaskKey, active: &Active, ending: &Ending) {
        let now = self.now;
        let suspended = self.is_suspended_for(key.cluster, key.kind);
        let Some(live) = self.timeline.live.get_mut(&key) else { return };
        let Some(details) = live.details.as_mut().filter(|_| !suspended) else {
            live.details = None;
            live.queued = None;
            self.reindex(key);
            return;
        };
        match ending {
            Ending::Stopped(StopCause::Window) => {
                self.enqueue(key, Some(now), active.retry, Some(active.initial));
            }
            Ending::Failure(_) => match details.next_backoff() {
                Some(wait) => {
                    let retry = active.retry.saturating_add(1);
                    self.enqueue(key, Some(after(now, wait)), retry, Some(active.initial));
                }
                None => {
                    details.reset_backoff();
                    let next = details.next(now);
                    self.enqueue(key, next, 0, None);
                }
            },
            Ending::Success | Ending::Stopped(_) => {
                details.reset_backoff();
                // Counted from when the run was due and not from now: an activation that a long run overlapped is
                // not skipped.
                let just_after = after(active.initial, std::time::Duration::from_nanos(1));
                let next = details.next(just_after).filter(|at| *at > active.initial);
                let next = next.or_else(|| details.next(now));
                self.enqueue(key, next, 0, None);
            }
        }
    }

    /// How far a run's work is, in percent; `None` when it records nothing.
    pub(crate) fn progress_of(&self, key: TaskKey) -> Option<u8> {
        let active = self.timeline.live.get(&key)?.active.as_ref()?;
        if !active.script.records_progress {
            return None;
        }
        if let Some(percent) = active.script.progress {
            return Some(percent.min(100));
        }
        let began = self.runs.get(&key)?.iter().find(|run| run.id == active.run_id)?.start_time;
        let elapsed = self.now.duration_since(began).as_secs_f64();
        let total = active.script.duration.as_secs_f64();
        let share = if total > 0.0 { (elapsed / total).clamp(0.0, 1.0) } else { 1.0 };
        Some((share * 99.0) as u8)
    }

    /// The progress document that a run's script prescribes.
    pub(crate) fn scripted_progress(&self, key: TaskKey, run_id: Uuid) -> Option<&serde_json::Value> {
        let active = self.timeline.live.get(&key)?.active.as_ref()?;
        active.script.payload.as_ref().filter(|_| active.run_id == run_id)
    }

    /// Ends runs that a script holds, and any other run that the key matches. Returns how many.
    pub fn release(&mut self, which: &ScriptKey, outcome: &Outcome) -> usize {
        let now = self.now;
        let mut released: Vec<TaskKey> = Vec::new();
        for (key, live) in &mut self.timeline.live {
            let Some(active) = live.active.as_mut() else { continue };
            let subject = Subject {
                cluster_id: &key.cluster.to_string(),
                cluster_name: self.clusters.get(&key.cluster).map_or("", |cluster| cluster.name.as_str()),
                kind: key.kind,
                task_id: &key.id.to_string(),
                task_name: self.tasks.get(key).map_or("", |task| task.name.as_str()),
            };
            if which.matches(subject) && *outcome != Outcome::Hold {
                active.script.outcome = outcome.clone();
                active.ends = Some(now);
                released.push(*key);
            }
        }
        for key in &released {
            self.reindex(*key);
        }
        released.len()
    }

    pub(super) fn set_run_status(&mut self, key: TaskKey, run_id: Uuid, status: Status) {
        if let Some(run) =
            self.runs.get_mut(&key).and_then(|runs| runs.iter_mut().find(|run| run.id == run_id))
        {
            run.status = status;
        }
        self.set_task_status(key, status);
    }

    pub(super) fn set_task_status(&mut self, key: TaskKey, status: Status) {
        if let Some(task) = self.tasks.get_mut(&key) {
            task.status = Some(status);
        }
        self.touch();
    }

    /// Tells a run to stop because its cluster is suspended; returns whether there was one.
    pub(super) fn stop_for_suspension(&mut self, key: TaskKey) -> bool {
        let now: Timestamp = self.now;
        let Some(active) = self.timeline.live.get_mut(&key).and_then(|live| live.active.as_mut()) else {
            return false;
        };
        if active.stopping.is_none_or(|(_, cause)| cause != StopCause::Task) {
            active.stopping = Some((after(now, active.script.stop_duration), StopCause::Suspension));
        }
        self.reindex(key);
        true
    }
}
