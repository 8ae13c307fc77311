//! Properties of a repair.

use serde_json::{Value, json};

use super::{Subject, glob, one_of, unreadable};
use crate::{error::ApiError, wire::decode::Object};

const REPLICATION: &[&str] = &["all", "vnodes", "tablets"];
const INCREMENTAL: &[&str] = &["incremental", "full", "disabled"];
const DOWN_HINT: &str = "use ignore_down_hosts to leave nodes out that are down";

/// Checks the properties against the cluster.
pub(super) fn check(subject: &Subject<'_>, fields: &Object) -> Result<(), ApiError> {
    let keyspace = fields.strings("keyspace").map_err(unreadable)?.unwrap_or_default();
    let dc = fields.strings("dc").map_err(unreadable)?.unwrap_or_default();
    let host = fields.string("host").map_err(unreadable)?;
    let ignore_down = fields.boolean("ignore_down_hosts").map_err(unreadable)?;
    let allow_empty = fields.boolean("allow_empty").map_err(unreadable)?;
    for flag in ["fail_fast", "continue"] {
        fields.boolean(flag).map_err(unreadable)?;
    }
    fields.float("intensity").map_err(unreadable)?;
    for number in ["parallel", "small_table_threshold"] {
        fields.integer(number).map_err(unreadable)?;
    }
    let replication = fields.string("keyspace_replication").map_err(unreadable)?;
    if one_of(&replication, REPLICATION, "all").is_none() {
        return Err(ApiError::invalid(format!("unknown keyspace replication {replication:?}")));
    }
    let mode = fields.string("incremental_mode").map_err(unreadable)?;
    if one_of(&mode, INCREMENTAL, "").is_none() {
        return Err(ApiError::invalid(format!("unknown incremental mode {mode:?}")));
    }
    if !host.is_empty() && host.parse::<std::net::IpAddr>().is_err() {
        return Err(ApiError::invalid(format!("invalid host {host:?}")));
    }
    subject.nodes()?;
    if subject.datacenters().is_some_and(|known| glob::select(known, &dc).is_empty()) {
        return Err(ApiError::invalid("no matching DCs found"));
    }
    let cluster = subject.cluster;
    let down = subject.state.agents.down_node(&cluster.known_hosts, &cluster.auth_token);
    if let Some(node) = down.filter(|_| !ignore_down) {
        return Err(ApiError::internal(format!("ensure nodes are up: {node} is down")).details(DOWN_HINT));
    }
    if !allow_empty && subject.keyspaces().is_some_and(|known| glob::select(known, &keyspace).is_empty()) {
        return Err(ApiError::internal("no keyspace matched criteria"));
    }
    Ok(())
}

/// What the server would repair, in the mixed spelling of the real answer.
///
/// # Errors
/// As a create would answer.
pub fn repair_target(
    state: &crate::state::State,
    cluster: &crate::model::Cluster,
    properties: &str,
) -> Result<Value, ApiError> {
    let subject = Subject { state, cluster };
    let fields = Object::parse("properties", properties).map_err(unreadable)?;
    check(&subject, &fields)?;
    let patterns = fields.strings("keyspace").map_err(unreadable)?;
    let patterns = patterns.unwrap_or_else(|| vec!["*".to_owned(), "!system_traces".to_owned()]);
    let dc = fields.strings("dc").map_err(unreadable)?.unwrap_or_default();
    let unit = |name: &str| json!({"Keyspace": name, "Tables": [], "AllTables": true});
    let units: Vec<Value> =
        super::backup::chosen(subject.keyspaces(), &patterns).iter().map(|k| unit(k)).collect();
    Ok(json!({
        "units": units,
        "dc": super::backup::chosen(subject.datacenters(), &dc),
        "host": fields.string("host").map_err(unreadable)?,
        "ignore_hosts": [],
        "fail_fast": fields.boolean("fail_fast").map_err(unreadable)?,
        "continue": fields.get("continue") != Some("false"),
        "intensity": fields.float("intensity").map_err(unreadable)?.unwrap_or(1.0),
        "parallel": fields.integer("parallel").map_err(unreadable)?,
        "small_table_threshold":
            if fields.get("small_table_threshold").is_some() { fields.integer("small_table_threshold").map_err(unreadable)? } else { 1 << 30 },
    }))
}
