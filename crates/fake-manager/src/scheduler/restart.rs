//! What a start of the server does with the state that the last one left behind.

use crate::{
    model::{Status, TaskKey, TaskType},
    schedule::Cron,
    state::State,
    wire::{decode::Object, time::to_millisecond},
};

const ENDED: &str = "scheduler and all tasks were stopped";

impl State {
    /// Ends the process and starts it again: interrupted runs are ABORTED and, where their task is enabled, started
    /// anew; health checks get their configured schedule back; everything else is scheduled by its row.
    pub fn restart(&mut self) {
        self.timeline = crate::scheduler::Timeline::default();
        self.crashed = false;
        let keys: Vec<TaskKey> = self.tasks.keys().copied().collect();
        for key in &keys {
            self.restore_health_check_cron(*key);
        }
        for key in keys {
            let interrupted = self.mark_aborted(key);
            let run_now = interrupted || self.is_unserved_one_shot(key);
            self.schedule(key, run_now);
        }
        self.touch();
    }

    fn mark_aborted(&mut self, key: TaskKey) -> bool {
        let Some(run) = self.last_run(key).cloned() else { return false };
        match run.status {
            Status::Aborted => true,
            Status::Running => {
                let mut run = run;
                run.status = Status::Aborted;
                run.cause = ENDED.to_owned();
                run.end_time = Some(to_millisecond(self.now));
                self.put_run(run);
                self.set_task_status(key, Status::Aborted);
                true
            }
            _ => false,
        }
    }

    fn is_unserved_one_shot(&self, key: TaskKey) -> bool {
        self.tasks.get(&key).is_some_and(|task| {
            let schedule = &task.schedule;
            schedule.cron.is_empty()
                && schedule.interval == 0
                && !schedule.window.is_empty()
                && task.success_count + task.error_count == 0
        })
    }

    fn restore_health_check_cron(&mut self, key: TaskKey) {
        let configured = crate::state::HEALTH_CHECK_CRON;
        let Some(task) = self.tasks.get_mut(&key) else { return };
        if key.kind != TaskType::HealthCheck || task.deleted || task.schedule.cron.spec() == configured {
            return;
        }
        let fields = Object::parse("properties", task.properties_text()).unwrap_or_default();
        let known =
            fields.string("mode").is_ok_and(|mode| matches!(mode.as_str(), "cql" | "rest" | "alternator"));
        if known {
            task.schedule.cron = Cron::parse(configured).unwrap_or_default();
        }
    }
}
