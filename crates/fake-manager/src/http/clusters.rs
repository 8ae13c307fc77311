//! `/clusters` and `/cluster/{c}`.

use std::{sync::Arc, time::Duration};

use http::Method;
use uuid::Uuid;

use super::{reply::Reply, request::Call, server::method_not_allowed};
use crate::{error::ApiError, model::ParsedCluster, shared::Shared, state::Admission};

/// Of the calls to agents that a create makes, this share comes before the row is stored.
const SHARE_BEFORE_COMMIT: f64 = 0.25;

pub(super) async fn collection(shared: &Arc<Shared>, call: &Call) -> Reply {
    match call.method {
        Method::GET => shared.with(|state| {
            Reply::json(&state.clusters.values().map(|cluster| cluster.listed()).collect::<Vec<_>>())
        }),
        Method::POST => create(shared, call).await.into(),
        _ => method_not_allowed(),
    }
}

pub(super) async fn item(shared: &Arc<Shared>, call: &Call, id: Uuid) -> Reply {
    match call.method {
        Method::GET => shared.with(|state| match state.cluster(&id.to_string()) {
            Ok(cluster) => Reply::json(&cluster.single()),
            Err(error) => error.into(),
        }),
        Method::PUT => update(shared, call, id).await.into(),
        Method::DELETE => delete(shared, call, id).into(),
        _ => method_not_allowed(),
    }
}

async fn create(shared: &Arc<Shared>, call: &Call) -> Result<Reply, ApiError> {
    let parsed = ParsedCluster::parse(call.document()?.get())?;
    let (id, _) = put(shared, call, parsed).await.map_err(|error| error.context("create cluster"))?;
    Ok(Reply::created(call.location(&format!("cluster/{id}"))))
}

async fn update(shared: &Arc<Shared>, call: &Call, id: Uuid) -> Result<Reply, ApiError> {
    let mut parsed = ParsedCluster::parse(call.document()?.get())?;
    parsed.cluster.id = id;
    let context = format!("update cluster \"{id}\"");
    let (_, parsed) = put(shared, call, parsed).await.map_err(|error| error.context(&context))?;
    Ok(Reply::json(&parsed.echo()))
}

/// Between the checks and the row the agents are asked, and after the row is stored they are asked again. A client
/// that gives up early changes nothing; one that gives up late has made a cluster.
async fn put(
    shared: &Arc<Shared>,
    call: &Call,
    parsed: ParsedCluster,
) -> Result<(Uuid, ParsedCluster), ApiError> {
    let admission = shared.with(|state| state.admit_cluster(parsed, !call.racy))?;
    let id = admission.id();
    let (before, after) = waits(shared, &admission);
    tokio::time::sleep(before).await;
    let parsed = shared.with(|state| state.put_cluster(admission))?;
    tokio::time::sleep(after).await;
    Ok((id, parsed))
}

fn waits(shared: &Shared, admission: &Admission) -> (Duration, Duration) {
    let latency = shared.latency();
    let (needs_agents, patience) =
        shared.with(|state| (state.needs_agents(admission), state.agents.patience(admission.host())));
    let before = latency.mul_f64(SHARE_BEFORE_COMMIT);
    (if needs_agents { before + patience } else { Duration::ZERO }, latency.saturating_sub(before))
}

fn delete(shared: &Shared, call: &Call, id: Uuid) -> Result<Reply, ApiError> {
    let flag = |key: &str| Ok::<_, ApiError>(call.query.boolean(key)?.unwrap_or(false));
    let (cql, alternator, tls) = (flag("cql_creds")?, flag("alternator_creds")?, flag("ssl_user_cert")?);
    shared.with(|state| {
        if cql || alternator || tls {
            state.delete_secrets(id, cql, alternator, tls);
        } else {
            state.delete_cluster(id);
        }
    });
    Ok(Reply::ok())
}
