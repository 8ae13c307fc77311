//! How simulated runs go: for how long, and how they end.

use std::time::Duration;

use serde::Deserialize;

use crate::model::TaskType;

/// How a run ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeds after its duration.
    #[default]
    Success,
    /// It fails after its duration, with this cause.
    Error(String),
    /// It runs until it is released or stopped.
    Hold,
}

/// How a run goes.
#[derive(Clone, Debug, PartialEq)]
pub struct RunScript {
    /// How it ends.
    pub outcome: Outcome,
    /// How long it runs.
    pub duration: Duration,
    /// How long it takes to stop once asked.
    pub stop_duration: Duration,
    /// How far its work is, in percent, while it runs or when it fails; `None` grows with time.
    pub progress: Option<u8>,
    /// The whole progress document, instead of one made from the percentage.
    pub payload: Option<serde_json::Value>,
    /// Whether it records any progress.
    pub records_progress: bool,
}

impl Default for RunScript {
    fn default() -> Self {
        Self {
            outcome: Outcome::Success,
            duration: Duration::from_secs(3),
            stop_duration: Duration::from_millis(200),
            progress: None,
            payload: None,
            records_progress: true,
        }
    }
}

impl RunScript {
    /// A run that succeeds after `duration`.
    pub fn success(duration: Duration) -> Self {
        Self { duration, ..Self::default() }
    }

    /// A run that fails after `duration`.
    pub fn error(cause: impl Into<String>, duration: Duration) -> Self {
        Self { outcome: Outcome::Error(cause.into()), duration, ..Self::default() }
    }

    /// A run that goes on until it is released or stopped.
    pub fn hold() -> Self {
        Self { outcome: Outcome::Hold, ..Self::default() }
    }
}

/// Which runs a script is for; what is left out matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ScriptKey {
    /// The cluster's id or name.
    pub cluster: Option<String>,
    /// The task's type.
    pub r#type: Option<TaskType>,
    /// The task's name or id.
    pub task: Option<String>,
}

/// The task that a script is looked up for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The cluster's id.
    pub cluster_id: &'a str,
    /// The cluster's name.
    pub cluster_name: &'a str,
    /// The task's type.
    pub kind: TaskType,
    /// The task's id.
    pub task_id: &'a str,
    /// The task's name.
    pub task_name: &'a str,
}

impl ScriptKey {
    /// Whether a task is meant. Health checks are meant only by keys that name their type.
    pub fn matches(&self, subject: Subject<'_>) -> bool {
        let names = |wanted: &Option<String>, id: &str, name: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == id || wanted == name)
        };
        names(&self.cluster, subject.cluster_id, subject.cluster_name)
            && self.r#type.map_or(subject.kind != TaskType::HealthCheck, |kind| kind == subject.kind)
            && names(&self.task, subject.task_id, subject.task_name)
    }
}

/// All scripts. The one set last wins; when it is used up, the one before.
#[derive(Clone, Debug, Default)]
pub struct Scripts {
    fallback: RunScript,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: ScriptKey,
    script: RunScript,
    remaining: Option<u32>,
}

impl Scripts {
    /// With `fallback` for every run that has no script.
    pub fn new(fallback: RunScript) -> Self {
        Self { fallback, entries: Vec::new() }
    }

    /// Adds a script, for so many runs or for all.
    pub fn set(&mut self, key: ScriptKey, script: RunScript, times: Option<u32>) {
        if times.is_none() {
            self.entries.retain(|entry| entry.key != key);
        }
        self.entries.push(Entry { key, script, remaining: times });
    }

    /// Forgets all scripts but the fallback.
    pub fn reset(&mut self) {
        self.entries.clear();
    }

    /// The script of a run that begins now.
    pub fn take(&mut self, subject: Subject<'_>) -> RunScript {
        let usable = |entry: &&mut Entry| entry.remaining != Some(0) && entry.key.matches(subject);
        match self.entries.iter_mut().rev().find(usable) {
            Some(entry) => {
                entry.remaining = entry.remaining.map(|count| count - 1);
                entry.script.clone()
            }
            // A health check is over at once, unless a script says otherwise: it happens every minute.
            None if subject.kind == TaskType::HealthCheck => RunScript::success(Duration::ZERO),
            None => self.fallback.clone(),
        }
    }
}
