//! `/cluster/{c}/tasks` and `/cluster/{c}/task/{type}/{id}`.

use std::sync::Arc;

use http::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{
    reply::Reply,
    request::{Call, decode},
    runs,
    server::{method_not_allowed, unknown},
};
use crate::{
    error::ApiError,
    model::{Activation, Status, Task, TaskKey, TaskType},
    scheduler::resume_task_id,
    shared::Shared,
    state::ListFilter,
    validate::{self, Purpose},
};

pub(super) async fn handle(shared: &Arc<Shared>, call: &Call, cluster: Uuid, rest: &[&str]) -> Reply {
    match (rest, &call.method) {
        (["tasks"], &Method::GET) => list(shared, call, cluster).into(),
        (["tasks"], &Method::POST) => create(shared, call, cluster).await.into(),
        (["tasks", _, "target"], &Method::GET) => target(shared, call, cluster).await.into(),
        (["tasks"] | ["tasks", _, "target"], _) => method_not_allowed(),
        (["task", kind, id, rest @ ..], _) => of_task(shared, call, cluster, (kind, id, rest)).await,
        _ => unknown(call),
    }
}

/// Loads the task and does what the rest of the path says. An id that is none is answered with an error, after which
/// the real server forgets to stop and looks for the zero id.
async fn of_task(shared: &Arc<Shared>, call: &Call, cluster: Uuid, path: (&str, &str, &[&str])) -> Reply {
    let (kind, id, rest) = path;
    let kind: TaskType = match decode(kind).unwrap_or_default().parse() {
        Ok(kind) => kind,
        Err(message) => return ApiError::malformed(message).into(),
    };
    let parsed = Uuid::parse_str(&decode(id).unwrap_or_default());
    let key = TaskKey { cluster, kind, id: parsed.clone().unwrap_or_default() };
    let loaded = shared.with(|state| state.task(key).cloned());
    if parsed.is_err() {
        let first = Reply::from(ApiError::malformed("invalid task ID"));
        return match loaded {
            Ok(_) => first,
            Err(error) => first.followed_by(error.into()),
        };
    }
    let task = match loaded {
        Ok(task) => task,
        Err(error) => return error.into(),
    };
    match (rest, &call.method) {
        ([], &Method::GET) => Reply::json(&task),
        ([], &Method::PUT) => update(shared, call, key).await,
        ([], &Method::DELETE) => {
            shared.with(|state| state.delete_task(key));
            Reply::ok()
        }
        (["start"], &Method::PUT) => start(shared, call, key),
        (["stop"], &Method::PUT) => stop(shared, call, task, key).into(),
        (["history"], &Method::GET) => runs::history(shared, call, key).into(),
        ([run], &Method::GET) => runs::progress(shared, key, &decode(run).unwrap_or_default()).into(),
        ([] | [_], _) => method_not_allowed(),
        _ => unknown(call),
    }
}

fn list(shared: &Shared, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    let query = &call.query;
    let filter = ListFilter {
        all: query.boolean("all")?.unwrap_or(false),
        kind: query.get("type").map(str::parse).transpose().map_err(ApiError::malformed)?,
        status: query.get("status").map(str::parse::<Status>).transpose().map_err(ApiError::malformed)?,
        id: query.get("task_id").map(Uuid::parse_str).transpose().map_err(ApiError::malformed)?,
    };
    let short = query.boolean("short")?.unwrap_or(false);
    Ok(shared.with(|state| {
        let found = state.list(cluster, filter);
        if found.is_empty() {
            return Reply::json(&Value::Null);
        }
        if short {
            let bare: Vec<Task> = found.iter().filter_map(|(task, _)| shortened(task)).collect();
            return Reply::json(
                &bare.iter().map(|task| task.listed(Activation::default())).collect::<Vec<_>>(),
            );
        }
        Reply::json(&found.iter().map(|(task, activation)| task.listed(*activation)).collect::<Vec<_>>())
    }))
}

fn shortened(task: &Task) -> Option<Task> {
    Some(Task { name: task.name.clone(), ..Task::empty(task.key()?) })
}

/// Reads a body as a task of this cluster.
fn parse(call: &Call, cluster: Uuid) -> Result<Task, ApiError> {
    let mut task = Task::parse(call.document()?.get())?;
    task.cluster_id = cluster;
    task.schedule.bound_by_start_date();
    Ok(task)
}

fn is_validated_by_agents(kind: Option<TaskType>) -> bool {
    use TaskType::{Backup, Repair, Restore, TabletRepair, ValidateBackup};
    matches!(kind, Some(Backup | Repair | Restore | TabletRepair | ValidateBackup))
}

async fn validate(shared: &Shared, task: &Task, purpose: Purpose) -> Result<(), ApiError> {
    let id = task.cluster_id.to_string();
    if is_validated_by_agents(task.kind) {
        let patience = shared.with(|state| match state.cluster(&id) {
            Ok(cluster) => state.agents.patience(&cluster.host),
            Err(_) => std::time::Duration::ZERO,
        });
        tokio::time::sleep(shared.latency() + patience).await;
    }
    shared.with(|state| validate::task(state, state.cluster(&id)?, task, purpose))
}

async fn create(shared: &Arc<Shared>, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    let task = parse(call, cluster)?;
    if !task.id.is_nil() {
        return Err(ApiError::malformed(format!("unexpected ID \"{}\"", task.id)));
    }
    validate(shared, &task, Purpose::Create).await?;
    let key = shared
        .with(|state| state.create_task(task, !call.racy))
        .map_err(|error| error.context("create task"))?;
    Ok(Reply::created(call.location(&format!("task/{}/{}", key.kind, key.id))))
}

async fn update(shared: &Arc<Shared>, call: &Call, key: TaskKey) -> Reply {
    let result = replace(shared, call, key).await;
    // The real server reports an error about the task that resumes a cluster, and goes on.
    match (result, key.id == resume_task_id()) {
        (Ok(reply), true) => {
            Reply::from(ApiError::internal("task is reserved for resuming the cluster")).followed_by(reply)
        }
        (result, _) => result.into(),
    }
}

async fn replace(shared: &Arc<Shared>, call: &Call, key: TaskKey) -> Result<Reply, ApiError> {
    let mut task = parse(call, key.cluster)?;
    (task.kind, task.id) = (Some(key.kind), key.id);
    validate(shared, &task, Purpose::Update).await?;
    shared
        .with(|state| state.update_task(key, &task, !call.racy))
        .map_err(|error| error.context(&format!("update task \"{}\"", key.id)))?;
    task.properties = task.stored().properties;
    Ok(Reply::json(&task))
}

/// A parameter that cannot be read is reported, and the task starts all the same.
fn start(shared: &Shared, call: &Call, key: TaskKey) -> Reply {
    let complaint = call.query.boolean("continue").err();
    let started = shared.with(|state| state.start_task(key));
    let outcome = match started {
        Ok(()) => Reply::ok(),
        Err(error) => error.context(&format!("start task \"{}\"", key.id)).into(),
    };
    match complaint {
        Some(error) => Reply::from(error).followed_by(outcome),
        None => outcome,
    }
}

fn stop(shared: &Shared, call: &Call, mut task: Task, key: TaskKey) -> Result<Reply, ApiError> {
    let disable = call.query.boolean("disable")?.unwrap_or(false);
    shared.with(|state| {
        if disable && task.enabled {
            task.enabled = false;
            state
                .update_task(key, &task, true)
                .map_err(|error| error.context(&format!("update task \"{}\"", key.id)))?;
        }
        state.stop_task(key);
        Ok(Reply::ok())
    })
}

async fn target(shared: &Arc<Shared>, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    let task = parse(call, cluster)?;
    if !task.id.is_nil() {
        return Err(ApiError::malformed(format!("unexpected ID \"{}\"", task.id)));
    }
    tokio::time::sleep(shared.latency()).await;
    let properties = task.properties_text();
    let id = cluster.to_string();
    let target = shared.with(|state| match task.kind {
        Some(TaskType::Backup) => validate::backup_target(state, state.cluster(&id)?, properties)
            .map_err(|error| error.context("get backup target")),
        Some(TaskType::Repair) => validate::repair_target(state, state.cluster(&id)?, properties)
            .map_err(|error| error.context("get repair target")),
        kind => {
            Err(ApiError::malformed(format!("invalid task type {:?}", kind.map_or("", TaskType::as_str))))
        }
    })?;
    Ok(Reply::json(&target))
}
