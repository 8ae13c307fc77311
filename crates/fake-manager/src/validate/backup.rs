//! Properties of a backup.

use serde_json::{Value, json};

use super::{Subject, glob, one_of, unreadable};
use crate::{error::ApiError, wire::decode::Object};

const PROVIDERS: &[&str] = &["s3", "gcs", "azure", "localstorage"];
/// What a cluster's only datacenter is called when nothing else is known about it.
const ONLY_DC: &str = "dc1";

/// A place for backups: `[dc:]provider:path`.
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub dc: String,
    pub provider: String,
    pub path: String,
}

impl Location {
    /// Reads a location.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let malformed = || {
            ApiError::invalid(format!(
                "parse runner properties: invalid location {text:?}, the format is [dc:]<provider>:<path> ex. \
                 s3:my-bucket, the path must be DNS compliant"
            ))
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (dc, provider, path) = match parts.as_slice() {
            [provider, path] => ("", *provider, *path),
            [dc, provider, path] => (*dc, *provider, *path),
            _ => return Err(malformed()),
        };
        let dc_ok = parts.len() == 2
            || (!dc.is_empty() && dc.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let path_ok = !path.is_empty()
            && path.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.');
        let provider_ok =
            !provider.is_empty() && provider.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !(dc_ok && path_ok && provider_ok) {
            return Err(malformed());
        }
        if !PROVIDERS.contains(&provider) {
            return Err(ApiError::invalid(format!(
                "parse runner properties: invalid location {text:?}: unrecognised provider {provider:?}"
            )));
        }
        Ok(Self { dc: dc.to_owned(), provider: provider.to_owned(), path: path.to_owned() })
    }

    fn remote(&self) -> String {
        format!("{}:{}", self.provider, self.path)
    }
}

/// The locations of properties; `None` when the key is missing.
pub(super) fn locations(fields: &Object) -> Result<Option<Vec<Location>>, ApiError> {
    let texts = fields.strings("location").map_err(unreadable)?;
    texts.map(|texts| texts.iter().map(|text| Location::parse(text)).collect()).transpose()
}

/// Checks the properties against the cluster, the locations from every live node.
pub(super) fn check(subject: &Subject<'_>, fields: &Object) -> Result<(), ApiError> {
    let locations = locations(fields)?;
    let keyspace = fields.strings("keyspace").map_err(unreadable)?.unwrap_or_default();
    let dc = fields.strings("dc").map_err(unreadable)?.unwrap_or_default();
    for flag in ["continue", "purge_only", "skip_schema"] {
        fields.boolean(flag).map_err(unreadable)?;
    }
    check_limits(subject, fields)?;
    check_retention(fields, locations.as_deref().unwrap_or_default())?;
    let Some(locations) = locations else { return Err(ApiError::internal("missing location")) };
    if fields.get("transfers").is_some()
        && !matches!(fields.integer("transfers").map_err(unreadable)?, -1 | 1..)
    {
        return Err(ApiError::internal("invalid transfers, it has to be -1 or greater than 0"));
    }
    let method = fields.string("method").map_err(unreadable)?;
    if one_of(&method, &["rclone", "auto", "native"], "rclone").is_none() {
        return Err(ApiError::internal(format!("unknown Method {method:?}")));
    }
    let nodes = subject.nodes()?;
    if subject.datacenters().is_some_and(|known| glob::select(known, &dc).is_empty()) {
        return Err(ApiError::invalid("no matching DCs found"));
    }
    check_coverage(subject, &locations, &dc)?;
    if subject.keyspaces().is_some_and(|known| glob::select(known, &keyspace).is_empty()) {
        return Err(ApiError::internal("no keyspace matched criteria"));
    }
    check_access(subject, &locations, &nodes)
}

fn check_limits(subject: &Subject<'_>, fields: &Object) -> Result<(), ApiError> {
    for (key, name) in [
        ("rate_limit", "rate-limit"),
        ("snapshot_parallel", "snapshot-parallel"),
        ("upload_parallel", "upload-parallel"),
    ] {
        for text in fields.strings(key).map_err(unreadable)?.unwrap_or_default() {
            let (dc, number) = text.split_once(':').unwrap_or(("", &text));
            if number.parse::<u32>().is_err() {
                return Err(ApiError::invalid(format!("parse runner properties: invalid limit {text:?}")));
            }
            check_known(subject, dc, name)?;
        }
    }
    Ok(())
}

fn check_known(subject: &Subject<'_>, dc: &str, what: &str) -> Result<(), ApiError> {
    let known = subject.datacenters().is_none_or(|known| known.iter().any(|name| name == dc));
    if dc.is_empty() || known {
        return Ok(());
    }
    Err(ApiError::internal(format!("invalid {what}: no such datacenter {dc}")))
}

fn check_retention(fields: &Object, locations: &[Location]) -> Result<(), ApiError> {
    let retention = fields.integer("retention").map_err(unreadable)?;
    let days = fields.integer("retention_days").map_err(unreadable)?;
    let mode = fields.string("retention_lock_mode").map_err(unreadable)?;
    let overrides = fields.boolean("override_retention_lock").map_err(unreadable)?;
    if retention < 0 || days < 0 {
        return Err(ApiError::internal("negative retention"));
    }
    let modes = &["disabled", "unlocked", "locked", "event-based-hold"];
    let Some(mode) = one_of(&mode, modes, "disabled") else {
        return Err(ApiError::invalid(format!("unknown retention lock mode {mode:?}")));
    };
    let timed = matches!(mode, "locked" | "unlocked");
    if mode != "disabled" && locations.iter().any(|location| location.provider != "gcs") {
        return Err(ApiError::invalid("retention lock is supported for gcs only"));
    }
    if timed && (days == 0 || retention > 0) {
        return Err(ApiError::invalid("retention lock needs retention days and no other retention"));
    }
    if overrides && !timed {
        return Err(ApiError::invalid(
            "overriding the retention lock needs a lock mode of unlocked or locked",
        ));
    }
    Ok(())
}

fn check_coverage(subject: &Subject<'_>, locations: &[Location], dc: &[String]) -> Result<(), ApiError> {
    for location in locations {
        check_known(subject, &location.dc, "location")?;
    }
    if locations.iter().any(|location| location.dc.is_empty()) {
        return Ok(());
    }
    let missing = match subject.datacenters() {
        Some(known) => glob::select(known, dc)
            .into_iter()
            .filter(|name| locations.iter().all(|location| location.dc != *name))
            .collect::<Vec<_>>(),
        None if locations.is_empty() => vec![ONLY_DC],
        None => Vec::new(),
    };
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err(ApiError::internal(format!("invalid location: missing object for datacenter {one}"))),
        many => Err(ApiError::internal(format!(
            "invalid location: missing object(s) for datacenters {}",
            many.join(", ")
        ))),
    }
}

/// Every live node has to reach the locations of its datacenter.
pub(super) fn check_access(
    subject: &Subject<'_>,
    locations: &[Location],
    nodes: &[String],
) -> Result<(), ApiError> {
    let only = [ONLY_DC.to_owned()];
    let mut faults = Vec::new();
    for location in locations {
        let all = subject.datacenters().unwrap_or(&only);
        let dcs: Vec<&str> = if location.dc.is_empty() {
            all.iter().map(String::as_str).collect()
        } else {
            vec![location.dc.as_str()]
        };
        let remote = location.remote();
        for node in nodes {
            if dcs.iter().any(|dc| !subject.state.agents.reaches(node, dc, &remote)) {
                faults.push(format!(
                    "{node}: agent [HTTP 404] directory not found - make sure the location is correct and \
                     credentials are set, to debug SSH to {node} and run \"scylla-manager-agent check-location -L \
                     {remote} --debug\""
                ));
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(format!("location is not accessible: {}", faults.join("; "))))
}

/// What a filter leaves of the known names; the filter itself where none are known.
pub(super) fn chosen(known: Option<&[String]>, patterns: &[String]) -> Vec<String> {
    match known {
        Some(known) => glob::select(known, patterns).into_iter().map(str::to_owned).collect(),
        None if patterns.is_empty() => vec![ONLY_DC.to_owned()],
        None => patterns.iter().filter(|pattern| !pattern.starts_with('!')).cloned().collect(),
    }
}

/// What the server would back up.
///
/// # Errors
/// As a create would answer.
pub fn backup_target(
    state: &crate::state::State,
    cluster: &crate::model::Cluster,
    properties: &str,
) -> Result<Value, ApiError> {
    let subject = Subject { state, cluster };
    let fields = Object::parse("properties", properties).map_err(unreadable)?;
    check(&subject, &fields)?;
    let strings = |key: &str| fields.strings(key).map_err(unreadable).map(Option::unwrap_or_default);
    let mut retention = fields.integer("retention").map_err(unreadable)?;
    let days = fields.integer("retention_days").map_err(unreadable)?;
    if fields.get("retention").is_none() && fields.get("retention_days").is_none() {
        retention = 3;
    }
    let keyspaces = strings("keyspace")?;
    let keyspaces = if keyspaces.is_empty() { vec!["*".to_owned()] } else { keyspaces };
    let unit = |name: &String| json!({"keyspace": name, "tables": [], "all_tables": true});
    Ok(json!({
        "units": chosen(subject.keyspaces(), &keyspaces).iter().map(unit).collect::<Vec<_>>(),
        "dc": chosen(subject.datacenters(), &strings("dc")?),
        "location": strings("location")?,
        "retention": retention,
        "retention_days": days,
        "rate_limit": strings("rate_limit")?,
        "snapshot_parallel": strings("snapshot_parallel")?,
        "upload_parallel": strings("upload_parallel")?,
        "continue": fields.get("continue") != Some("false"),
        "purge_only": fields.boolean("purge_only").map_err(unreadable)?,
        "skip_schema": fields.boolean("skip_schema").map_err(unreadable)?,
        "Size": 0,
    }))
}
