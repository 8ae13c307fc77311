//! A run, and how far it is.

use jiff::Timestamp;
use messina_domain::manager::{Run, RunState, TaskKind};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use super::{nullable, time};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// 0 to 100; `None` while Manager cannot say.
    pub percent: Option<u8>,
}

/// One entry of a history.
#[derive(Deserialize)]
pub(crate) struct RunJson {
    id: Uuid,
    #[serde(default, deserialize_with = "state")]
    status: RunState,
    #[serde(default, deserialize_with = "nullable")]
    cause: String,
    #[serde(default, deserialize_with = "time::read")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "time::read")]
    end_time: Option<Timestamp>,
}

impl From<RunJson> for Run {
    fn from(json: RunJson) -> Self {
        Self {
            id: json.id,
            state: json.status,
            start: json.start_time,
            end: json.end_time,
            cause: json.cause,
        }
    }
}

/// Reads a state; a word of a later Manager counts as never run.
pub(crate) fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RunState, D::Error> {
    let word: String = nullable(deserializer)?;
    Ok(RunState::parse(&word).unwrap_or_else(|| {
        if !word.is_empty() {
            tracing::warn!(word = %word.escape_debug(), "Manager reports a state that Messina does not know");
        }
        RunState::default()
    }))
}

/// The last run and what its runner says.
#[derive(Deserialize)]
pub(crate) struct ProgressJson {
    run: Option<RunIdJson>,
    #[serde(default)]
    progress: Value,
}

#[derive(Deserialize)]
struct RunIdJson {
    id: Uuid,
}

impl ProgressJson {
    /// `None` when there has been no run: Manager makes one up, without an id.
    pub(crate) fn into_progress(self, kind: &TaskKind) -> Option<Progress> {
        self.run.filter(|run| !run.id.is_nil())?;
        let number = |key: &str| self.progress.get(key).and_then(Value::as_f64);
        let percent = match kind {
            TaskKind::Repair => number("success_percentage"),
            TaskKind::Backup => match (number("size"), number("uploaded"), number("skipped")) {
                (Some(size), uploaded, skipped) if size > 0.0 => {
                    Some((uploaded.unwrap_or_default() + skipped.unwrap_or_default()) * 100.0 / size)
                }
                _ => None,
            },
            TaskKind::Other(_) => None,
        };
        // Clamped, so the cast is exact.
        Some(Progress { percent: percent.map(|percent| percent.clamp(0.0, 100.0).floor() as u8) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(kind: TaskKind, progress: &str) -> Option<Progress> {
        let json =
            format!(r#"{{"run":{{"id":"7f0c5b3e-0000-1000-8000-000000000001"}},"progress":{progress}}}"#);
        serde_json::from_str::<ProgressJson>(&json).expect(&json).into_progress(&kind)
    }

    #[test]
    fn percent_comes_from_what_the_runner_counts() {
        for (kind, json, percent) in [
            (TaskKind::Repair, r#"{"success_percentage":42,"error_percentage":1}"#, Some(42)),
            (TaskKind::Repair, r#"{"success_percentage":0}"#, Some(0)),
            (TaskKind::Repair, "null", None),
            (TaskKind::Backup, r#"{"size":200,"uploaded":50,"skipped":99,"failed":7}"#, Some(74)),
            (TaskKind::Backup, r#"{"size":200,"uploaded":200,"skipped":200}"#, Some(100)),
            (TaskKind::Backup, r#"{"size":0,"uploaded":0,"skipped":0,"stage":"INIT"}"#, None),
            (TaskKind::Backup, "{}", None),
            (TaskKind::Other("validate_backup".into()), "[]", None),
        ] {
            assert_eq!(progress(kind.clone(), json), Some(Progress { percent }), "{kind:?} {json}");
        }
    }

    #[test]
    fn a_run_that_manager_makes_up_is_none() {
        let json = r#"{"run":{"id":"00000000-0000-0000-0000-000000000000","status":"NEW"},"progress":{"success_percentage":0}}"#;
        assert_eq!(
            serde_json::from_str::<ProgressJson>(json).unwrap().into_progress(&TaskKind::Repair),
            None
        );
        let json = r#"{"run":null,"progress":null}"#;
        assert_eq!(
            serde_json::from_str::<ProgressJson>(json).unwrap().into_progress(&TaskKind::Repair),
            None
        );
    }

    #[test]
    fn a_run_is_read_with_and_without_an_end() {
        let json = r#"{"cluster_id":"x","type":"backup","task_id":"y","id":"7f0c5b3e-0000-1000-8000-000000000001",
            "status":"RUNNING","owner":"","start_time":"2026-11-22T10:00:00Z"}"#;
        let run: Run = serde_json::from_str::<RunJson>(json).unwrap().into();
        assert_eq!((run.state, run.end, run.cause.as_str()), (RunState::Running, None, ""));
        assert!(run.start.is_some());
    }
}
