//! The way of a call: it is noted, meets its fault if there is one, is routed, done, made durable and answered.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use serde_json::json;

use super::{
    clusters, control, nodes,
    reply::Reply,
    request::{Call, Query, decode},
    suspend, tasks,
};
use crate::{
    calls::Arrival,
    error::ApiError,
    faults::{Fault, FaultRule},
    listener::Scissors,
    shared::Shared,
};

const CONTROL: &str = "/_fake/";
const API: &str = "/api/v1/";
/// What a build without a version calls itself.
const VERSION: &str = "Snapshot";

/// The service of one server.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Reply::empty(StatusCode::BAD_REQUEST).into_response();
    };
    let query = parts.uri.query().unwrap_or_default();
    let mut call = Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: Query::parse(query),
        body,
        racy: false,
    };
    if call.path.starts_with(CONTROL) {
        return control::handle(&shared, &call).await.into_response();
    }
    let arrival =
        Arrival { method: &call.method, path: &call.path, query, headers: &parts.headers, body: &call.body };
    let number = shared.calls.arrive(shared.clock.now(), &arrival);
    let fault = shared.faults.take(&call.method, &call.path);
    call.racy = fault.as_ref().is_some_and(|rule| rule.fault == Fault::RacyCreates);
    if let Some(rule) = &fault {
        tokio::time::sleep(rule.delay).await;
    }
    match answer(&shared, &call, fault.as_ref()).await {
        Some(reply) => {
            shared.calls.answer(number, reply.status.as_u16());
            reply.into_response()
        }
        None => {
            scissors.cut();
            Response::new(Body::empty())
        }
    }
}

/// The answer of a call under a fault; `None` cuts the connection.
async fn answer(shared: &Arc<Shared>, call: &Call, fault: Option<&FaultRule>) -> Option<Reply> {
    if shared.with(|state| state.crashed) {
        return None;
    }
    let Some(rule) = fault else { return Some(work(shared, call).await) };
    let replaced = || replacement(rule);
    if rule.replaces_work() {
        return Some(replaced());
    }
    match rule.fault {
        Fault::DropBefore => None,
        Fault::DbDown if call.path.starts_with(API) && call.path != "/api/v1/version" => {
            Some(ApiError::database_down().into())
        }
        Fault::DropAfterCommit => {
            work(shared, call).await;
            None
        }
        Fault::Status | Fault::EmptyBody | Fault::Garbage => {
            work(shared, call).await;
            Some(replaced())
        }
        Fault::TwoDocuments => {
            let second = ApiError::internal("gocql: no host queried before timeout");
            Some(work(shared, call).await.followed_by(second.into()))
        }
        Fault::None | Fault::RacyCreates | Fault::DbDown => Some(work(shared, call).await),
    }
}

fn replacement(rule: &FaultRule) -> Reply {
    let status = StatusCode::from_u16(rule.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match rule.fault {
        Fault::EmptyBody => Reply::empty(status),
        Fault::Garbage if rule.body.is_empty() => Reply::text(status, "<html><body>Bad Gateway</body>"),
        Fault::Status if rule.body.is_empty() => {
            ApiError::new(status, status.canonical_reason().unwrap_or("error")).into()
        }
        _ => Reply::text(status, rule.body.clone()),
    }
}

/// Does what a call asks for. A change is answered only once it is durable.
async fn work(shared: &Arc<Shared>, call: &Call) -> Reply {
    let reply = route(shared, call).await;
    if call.method != Method::GET
        && let Err(error) = shared.durable().await
    {
        return error.into();
    }
    reply
}

async fn route(shared: &Arc<Shared>, call: &Call) -> Reply {
    let path = call.path.as_str();
    if decode(path).is_none() {
        return Reply::text(StatusCode::BAD_REQUEST, "400 Bad Request");
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    match (path, &call.method) {
        ("/ping", &Method::GET) => return Reply::empty(StatusCode::NO_CONTENT),
        ("/version" | "/api/v1/version", &Method::GET) => return Reply::json(&json!({"version": VERSION})),
        ("/ping" | "/version" | "/api/v1/version", _) => return method_not_allowed(),
        _ => {}
    }
    let segments: Vec<&str> =
        path.strip_prefix(API).map(|rest| rest.split('/').collect()).unwrap_or_default();
    match segments.as_slice() {
        ["clusters"] => clusters::collection(shared, call).await,
        ["cluster", cluster, rest @ ..] => {
            // The cluster is loaded before the rest of the path is looked at.
            let name = decode(cluster).unwrap_or_default();
            match shared.with(|state| state.cluster(&name).map(|cluster| cluster.id)) {
                Ok(id) => of_cluster(shared, call, id, rest).await,
                Err(error) => error.into(),
            }
        }
        _ => unknown(call),
    }
}

async fn of_cluster(shared: &Arc<Shared>, call: &Call, cluster: uuid::Uuid, rest: &[&str]) -> Reply {
    match rest {
        [] => clusters::item(shared, call, cluster).await,
        ["tasks", ..] | ["task", _, _, ..] => tasks::handle(shared, call, cluster, rest).await,
        ["suspended", ..] => suspend::handle(shared, call, cluster, rest).await,
        ["status"] | ["repairs", _] | ["backups", ..] => nodes::handle(shared, call, cluster, rest).await,
        _ => unknown(call),
    }
}

/// 404 for a path that is no route.
pub(super) fn unknown(call: &Call) -> Reply {
    let message = format!("find endpoint for path {} - make sure api path is correct", call.path);
    ApiError::new(StatusCode::NOT_FOUND, message).into()
}

/// 405, without a body.
pub(super) fn method_not_allowed() -> Reply {
    Reply::empty(StatusCode::METHOD_NOT_ALLOWED)
}
