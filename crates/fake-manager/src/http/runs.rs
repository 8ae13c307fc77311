//! The runs of a task and their progress.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{reply::Reply, request::Call};
use crate::{
    error::ApiError,
    model::{Run, Status, TaskKey, TaskType},
    shared::Shared,
    state::State,
    wire::time::WireTime,
};

/// The work that the progress of every simulated backup and repair is counted in.
const TOTAL: u64 = 10_000;

pub(super) fn history(shared: &Shared, call: &Call, key: TaskKey) -> Result<Reply, ApiError> {
    let limit: i64 = match call.query.get("limit") {
        Some(text) => text
            .parse()
            .map_err(|_| ApiError::malformed(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))?,
        None => 10,
    };
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    Ok(shared.with(|state| Reply::json(&state.history(key).take(limit).collect::<Vec<_>>())))
}

#[derive(Serialize)]
struct Answer<'a> {
    run: &'a Run,
    progress: Value,
}

pub(super) fn progress(shared: &Shared, key: TaskKey, which: &str) -> Result<Reply, ApiError> {
    let offset = match which.strip_prefix('~') {
        Some(number) => Some(number.parse::<usize>().map_err(|_| {
            ApiError::malformed(format!(
                "parse run offset: strconv.ParseInt: parsing {number:?}: invalid syntax"
            ))
        })?),
        None if which == "latest" => Some(0),
        None => None,
    };
    let id = match offset {
        Some(_) => Uuid::nil(),
        None => Uuid::parse_str(which)
            .map_err(|_| ApiError::malformed(format!("parse uuid {which}: invalid UUID {which:?}")))?,
    };
    shared.with(|state| {
        let found = match offset {
            Some(n) => state.nth_last_run(key, n),
            None => state.history(key).find(|run| run.id == id),
        };
        match (found, offset) {
            (Some(run), _) => shown(state, key, run),
            (None, Some(0)) => {
                Ok(Reply::json(&Answer { run: &Run::never(key), progress: nothing_yet(key.kind) }))
            }
            (None, Some(n)) => Err(ApiError::not_found(format!("run ~{n}"))),
            (None, None) => Err(ApiError::not_found(format!("run {id}"))),
        }
    })
}

fn shown(state: &State, key: TaskKey, run: &Run) -> Result<Reply, ApiError> {
    if matches!(key.kind, TaskType::HealthCheck | TaskType::Suspend) {
        return Err(ApiError::malformed(format!("unsupported task type {}", key.kind)));
    }
    let live = matches!(run.status, Status::Running | Status::Stopping);
    let percent = if live { state.progress_of(key) } else { run.progress };
    let progress = match (state.scripted_progress(key, run.id), percent) {
        (Some(scripted), _) => scripted.clone(),
        (None, Some(percent)) => document(key.kind, run, percent),
        (None, None) => Value::Null,
    };
    Ok(Reply::json(&Answer { run, progress }))
}

/// The empty progress of a task that never ran.
fn nothing_yet(kind: TaskType) -> Value {
    match kind {
        TaskType::Repair => repair(&Value::Null, &Value::Null, 0, false),
        TaskType::Backup => backup(&Value::Null, &Value::Null, 0, Status::New),
        TaskType::Restore | TaskType::One2OneRestore | TaskType::TabletRepair | TaskType::ValidateBackup => {
            json!({})
        }
        _ => Value::Null,
    }
}

fn document(kind: TaskType, run: &Run, percent: u8) -> Value {
    let started = json!(WireTime::utc(run.start_time));
    let ended = json!(run.end_time.map(WireTime::utc));
    match kind {
        TaskType::Repair => repair(&started, &ended, percent, run.end_time.is_none()),
        TaskType::Backup => backup(&started, &ended, percent, run.status),
        TaskType::ValidateBackup => json!([{
            "dc": "dc1", "host": "", "location": "", "manifests": 0, "scanned_files": 0, "broken_snapshots": [],
            "missing_files": 0, "orphaned_files": 0, "orphaned_bytes": 0, "deleted_files": 0,
            "started_at": started, "completed_at": ended,
        }]),
        TaskType::TabletRepair => json!({"tables": [{
            "keyspace": "data", "table": "t", "started_at": started, "completed_at": ended, "error": "",
        }]}),
        TaskType::Restore => json!({
            "size": TOTAL, "restored": done(percent), "downloaded": done(percent), "failed": 0,
            "started_at": started, "completed_at": ended, "keyspaces": [], "hosts": [], "views": [],
            "stage": if percent == 100 { "DONE" } else { "DATA" },
        }),
        _ => json!({"tables": [], "views": []}),
    }
}

fn done(percent: u8) -> u64 {
    TOTAL * u64::from(percent) / 100
}

fn repair(started: &Value, ended: &Value, percent: u8, running: bool) -> Value {
    json!({
        "token_ranges": TOTAL,
        "success": done(percent),
        "error": 0,
        "started_at": started,
        "completed_at": ended,
        "duration_ms": 0,
        "success_percentage": percent,
        "error_percentage": 0,
        "dcs": [],
        "host": "",
        "hosts": [],
        "tables": [],
        "max_intensity": if running { 4 } else { 0 },
        "intensity": 1,
        "max_parallel": if running { 1 } else { 0 },
        "parallel": 0,
    })
}

fn backup(started: &Value, ended: &Value, percent: u8, status: Status) -> Value {
    let stage = match status {
        Status::New => "INIT",
        Status::Done => "DONE",
        _ => "UPLOAD",
    };
    let counts = |extra: Value| -> Value {
        let mut all = json!({
            "size": if status == Status::New { 0 } else { TOTAL },
            "uploaded": done(percent),
            "skipped": 0,
            "failed": 0,
            "started_at": started,
            "completed_at": ended,
        });
        if let (Some(all), Value::Object(extra)) = (all.as_object_mut(), extra) {
            all.extend(extra);
        }
        all
    };
    counts(json!({
        "snapshot_tag": "",
        "dcs": [],
        "hosts": [],
        "stage": stage,
        "retention_lock_mode": "",
        "override_retention_lock": false,
        "retention_days": 0,
    }))
}
