//! What is about the nodes of a cluster: their status, the speed of a repair, and the backups, of which there are
//! none.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    reply::Reply,
    request::Call,
    server::{method_not_allowed, unknown},
};
use crate::{error::ApiError, model::TaskType, shared::Shared, state::State};

pub(super) async fn handle(shared: &Arc<Shared>, call: &Call, cluster: Uuid, rest: &[&str]) -> Reply {
    match (rest, &call.method) {
        (["status"], &Method::GET) => {
            tokio::time::sleep(shared.latency()).await;
            shared.with(|state| status(state, cluster)).into()
        }
        (["repairs", what @ ("intensity" | "parallel")], &Method::PUT) => {
            shared.with(|state| adjust_repair(state, call, cluster, what)).into()
        }
        (["backups"], &Method::GET) => backups(shared, call, cluster).into(),
        (["backups"], &Method::DELETE) => delete_backups(call).into(),
        (["backups", "files"], &Method::GET) => backups(shared, call, cluster).into(),
        (["backups", "schema"], &Method::GET) => schema(call).into(),
        (["backups", "local_snapshots"], &Method::DELETE) => Reply::ok(),
        (["backups"] | ["backups", "files" | "schema" | "local_snapshots"] | ["status"], _)
        | (["repairs", "intensity" | "parallel"], _) => method_not_allowed(),
        _ => unknown(call),
    }
}

fn status(state: &State, cluster: Uuid) -> Result<Reply, ApiError> {
    let cluster = state.cluster(&cluster.to_string())?;
    let agents = &state.agents;
    agents
        .discover(&cluster.host, &cluster.known_hosts, &cluster.auth_token)
        .map_err(|error| error.context("get client"))?;
    let mut hosts = cluster.known_hosts.clone();
    hosts.sort();
    let dc = agents.of(&cluster.host).dcs.as_ref().and_then(|dcs| dcs.first()).map_or("dc1", String::as_str);
    let node = |host: &String| {
        let up = agents.of(host).reachable && !agents.of(host).gossip_down;
        let rest = match (up, agents.down_node(std::slice::from_ref(host), &cluster.auth_token)) {
            (true, None) => "UP",
            (true, Some(_)) => "UNAUTHORIZED",
            (false, _) => "",
        };
        json!({
            "dc": dc, "host_id": "", "host": host, "status": if up { "UN" } else { "DN" }, "ssl": false,
            "alternator_status": "", "alternator_rtt_ms": 0, "alternator_cause": "",
            "cql_status": if up { "UP" } else { "" }, "cql_rtt_ms": u8::from(up), "cql_cause": "",
            "rest_status": rest, "rest_rtt_ms": u8::from(up), "rest_cause": "",
            "total_ram": 0, "uptime": 0, "cpu_count": 0, "scylla_version": "2025.3.1", "agent_version": "Snapshot",
        })
    };
    Ok(Reply::json(&hosts.iter().map(node).collect::<Vec<_>>()))
}

fn adjust_repair(state: &State, call: &Call, cluster: Uuid, what: &str) -> Result<Reply, ApiError> {
    let value: f64 = match call.query.get(what) {
        Some(text) if what == "parallel" => text
            .parse::<i32>()
            .map(f64::from)
            .map_err(|_| ApiError::invalid(format!("parsing {text:?}: invalid syntax")))?,
        Some(text) => {
            text.parse().map_err(|_| ApiError::invalid(format!("parsing {text:?}: invalid syntax")))?
        }
        None => 0.0,
    };
    if value < 0.0 {
        return Err(ApiError::invalid(format!("setting invalid {what} value {value}")));
    }
    let running =
        state.keys_of(cluster).into_iter().any(|key| key.kind == TaskType::Repair && state.is_running(key));
    if running { Ok(Reply::ok()) } else { Err(ApiError::not_found("repair task")) }
}

fn backups(shared: &Shared, call: &Call, cluster: Uuid) -> Result<Reply, ApiError> {
    if call.query.get("locations").is_none()
        && shared.with(|state| state.backup_locations(cluster)).is_empty()
    {
        return Err(ApiError::malformed("missing locations"));
    }
    Ok(Reply::json(&Value::Null))
}

fn delete_backups(call: &Call) -> Result<Reply, ApiError> {
    if call.query.get("snapshot_tags").is_none() {
        return Err(ApiError::malformed("missing snapshot tags"));
    }
    Err(ApiError::not_found("delete snapshots"))
}

fn schema(call: &Call) -> Result<Reply, ApiError> {
    if call.query.get("snapshot_tag").is_none() || call.query.get("location").is_none() {
        return Err(ApiError::malformed("missing snapshot tag or location"));
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, "get resource: describe schema: not found"))
}
