//! `/cluster/{c}/suspended`.

use std::sync::Arc;

use http::Method;
use serde::Serialize;
use uuid::Uuid;

use super::{
    reply::Reply,
    request::Call,
    server::{method_not_allowed, unknown},
};
use crate::{
    error::ApiError,
    model::TaskType,
    scheduler::{Resumption, SuspendPolicy, SuspendRequest},
    shared::Shared,
    validate::allowed_type,
};

pub(super) async fn handle(shared: &Arc<Shared>, call: &Call, cluster: Uuid, rest: &[&str]) -> Reply {
    match (rest, &call.method) {
        (["suspended"], &Method::GET) => {
            Reply::json(&shared.with(|state| state.suspension(cluster).is_some()))
        }
        (["suspended", "details"], &Method::GET) => details(shared, cluster),
        (["suspended"], &Method::PUT) => update(shared, call, cluster).await.into(),
        (["suspended"] | ["suspended", "details"], _) => method_not_allowed(),
        _ => unknown(call),
    }
}

fn details(shared: &Shared, cluster: Uuid) -> Reply {
    #[derive(Serialize)]
    struct Details {
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        suspended: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        allow_task_type: Option<TaskType>,
    }
    let suspension = shared.with(|state| state.suspension(cluster).cloned());
    Reply::json(&Details {
        suspended: suspension.is_some(),
        allow_task_type: suspension.and_then(|suspension| suspension.allow_task_type),
    })
}

async fn update(shared: &Arc<Shared>, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    // A body that cannot be read is the server's fault here, unlike anywhere else.
    let unreadable = |what: String| ApiError::internal(format!("parse body: {what}"));
    let document = call.document().map_err(|error| unreadable(error.to_string()))?;
    match document.get() {
        "true" => suspend(shared, call, cluster).await,
        "false" | "null" => resume(shared, call, cluster),
        other => Err(unreadable(format!(
            "json: cannot unmarshal {} into Go value of type models.Suspended",
            crate::wire::decode::kind(other)
        ))),
    }
}

async fn suspend(shared: &Arc<Shared>, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    let policy = match call.query.get("suspend_policy") {
        None | Some("stop_running_tasks") => SuspendPolicy::Stop,
        Some("fail_if_running_tasks") => SuspendPolicy::Fail,
        Some(_) => {
            return Err(ApiError::malformed(
                "unknown 'suspend_policy'. Known suspend policies are: [stop_running_tasks fail_if_running_tasks]",
            ));
        }
    };
    boolean(call, "no_continue")?;
    let request = SuspendRequest {
        allow_task_type: allowed_type(call.query.get("allow_task_type").unwrap_or_default())
            .map_err(|message| ApiError::internal(format!("suspend: {message}")))?,
        policy,
    };
    let mut revisions = shared.revisions();
    let mut running = shared.with(|state| state.suspend(cluster, request))?;
    // The answer comes when nothing runs any more.
    loop {
        shared.with(|state| running.retain(|key| state.is_running(*key)));
        if running.is_empty() {
            return Ok(Reply::ok());
        }
        if revisions.changed().await.is_err() {
            return Ok(Reply::ok());
        }
    }
}

fn resume(shared: &Shared, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    let how = Resumption {
        start_tasks: boolean(call, "start_tasks")?,
        start_missed: boolean(call, "start_tasks_missed_activation")?,
    };
    boolean(call, "no_continue")?;
    shared.with(|state| state.resume(cluster, how));
    Ok(Reply::ok())
}

fn boolean(call: &Call, key: &str) -> Result<bool, ApiError> {
    call.query.boolean(key).map(|value| value.unwrap_or(false))
}
