//! From the words of a declaration to what Manager understands. Every mistake is found here, before any
//! call, and named with its field, its value and the way out.

use messina_fault::Fault;

use super::start_date::StartDate;
use super::{Backup, Repair, Schedule, TaskDefinition, Work, bytes, cron, duration, start_date, window};
use crate::manager::{ManagerSchedule, Properties, Property, TaskKind};
use crate::names::reason;

/// A declaration that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedTask {
    /// `backup` or `repair`.
    pub kind: TaskKind,
    /// Name in Manager.
    pub name: String,
    /// Whether it runs by schedule.
    pub enabled: bool,
    /// When it runs; its `start_date` is empty, [`ResolvedTask::start`] says more.
    pub schedule: ManagerSchedule,
    /// The declared start date.
    pub start: Option<StartDate>,
    /// What it does.
    pub properties: Properties,
}

impl ResolvedTask {
    /// Whether it runs once and never again.
    pub fn is_one_shot(&self) -> bool {
        self.schedule.cron.is_empty() && self.schedule.interval == 0
    }
}

/// Reads a declaration.
///
/// # Errors
/// `Rejected(InvalidCron)` or `Rejected(InvalidTask)`.
pub fn resolve(definition: &TaskDefinition) -> Result<ResolvedTask, Fault> {
    let (schedule, start) = resolve_schedule(&definition.schedule)?;
    let properties = match &definition.work {
        Work::Backup(backup) => backup_properties(backup)?,
        Work::Repair(repair) => repair_properties(repair)?,
    };
    if definition.name.is_empty() {
        return Err(invalid("name", "is empty").hint("give the entry a name"));
    }
    Ok(ResolvedTask {
        kind: definition.kind(),
        name: definition.name.clone(),
        enabled: definition.schedule.enabled,
        schedule,
        start,
        properties,
    })
}

fn invalid(field: &str, message: impl std::fmt::Display) -> Fault {
    Fault::rejected(reason::INVALID_TASK, format!("{field}: {message}"))
}

fn resolve_schedule(schedule: &Schedule) -> Result<(ManagerSchedule, Option<StartDate>), Fault> {
    let spec = schedule.cron.as_deref().unwrap_or_default().trim();
    if !spec.is_empty() {
        cron::check(spec).map_err(|why| Fault::rejected(reason::INVALID_CRON, format!("cron: {why}")))?;
    }
    let read = |field: &str, text: &Option<String>| {
        duration::parse(text.as_deref().unwrap_or_default()).map_err(|why| invalid(field, why))
    };
    let interval = read("interval", &schedule.interval)?;
    if interval > 0 && !spec.is_empty() {
        return Err(invalid("interval", "cannot stand beside cron").hint("remove interval; cron replaces it"));
    }
    let window = window::parse(&schedule.window).map_err(|why| invalid("window", why))?;
    let timezone = schedule.timezone.clone().unwrap_or_default();
    if !timezone.is_empty() {
        if jiff::tz::TimeZone::get(&timezone).is_err() {
            return Err(invalid("timezone", format!("'{timezone}' is unknown"))
                .hint("use a name of the IANA database, like Europe/Warsaw"));
        }
        if spec.is_empty() && window.is_empty() {
            return Err(invalid("timezone", format!("'{timezone}' has no cron to apply to"))
                .hint("add cron or window, or remove timezone"));
        }
    }
    let num_retries = schedule.num_retries.unwrap_or_default();
    if !(0..=127).contains(&num_retries) {
        return Err(invalid("numRetries", format!("{num_retries} is out of range")).hint("use 0 to 127"));
    }
    let start = match schedule.start_date.as_deref() {
        None | Some("") => None,
        Some(text) => Some(start_date::parse(text).map_err(|why| invalid("startDate", why))?),
    };
    let retry_wait = read("retryWait", &schedule.retry_wait)?;
    let resolved = ManagerSchedule {
        cron: spec.to_owned(),
        window,
        timezone,
        start_date: None,
        interval,
        num_retries,
        retry_wait,
    };
    Ok((resolved, start))
}

/// Adds a list unless it is empty.
fn put_list(properties: &mut Properties, key: &str, items: impl IntoIterator<Item = String>) {
    let list: Vec<Property> = items.into_iter().map(Property::Text).collect();
    if !list.is_empty() {
        properties.insert(key.to_owned(), Property::List(list));
    }
}

/// Shell habits leave `\*` in patterns; Manager's globs know no escape.
fn patterns(items: &[String]) -> impl Iterator<Item = String> {
    items.iter().map(|item| item.replace('\\', ""))
}

fn put_count(properties: &mut Properties, key: &str, field: &str, value: Option<i64>) -> Result<(), Fault> {
    let Some(value) = value else { return Ok(()) };
    if !(0..=i64::from(u32::MAX)).contains(&value) {
        return Err(invalid(field, format!("{value} is out of range")).hint("use 0 or a positive number"));
    }
    // At most 2^32, so a double holds it exactly.
    properties.insert(key.to_owned(), Property::Number(value as f64));
    Ok(())
}

fn backup_properties(backup: &Backup) -> Result<Properties, Fault> {
    if backup.location.is_empty() {
        return Err(invalid("location", "is empty").hint("name at least one, like s3:my-bucket"));
    }
    for location in &backup.location {
        let parts: Vec<&str> = location.split(':').collect();
        if !matches!(parts.as_slice(), [_, path] | [_, _, path] if !path.is_empty()) {
            return Err(invalid("location", format!("'{location}' is not a location"))
                .hint("write it like s3:my-bucket or dc1:gcs:my-bucket"));
        }
    }
    let mut properties = Properties::new();
    put_list(&mut properties, "dc", patterns(&backup.dc));
    put_list(&mut properties, "keyspace", patterns(&backup.keyspace));
    put_list(&mut properties, "location", backup.location.iter().cloned());
    for (key, field, items) in [
        ("rate_limit", "rateLimit", &backup.rate_limit),
        ("snapshot_parallel", "snapshotParallel", &backup.snapshot_parallel),
        ("upload_parallel", "uploadParallel", &backup.upload_parallel),
    ] {
        for item in items {
            let number = item.rsplit(':').next().unwrap_or_default();
            if number.parse::<u32>().is_err() {
                return Err(invalid(field, format!("'{item}' is not [dc:]number"))
                    .hint("write it like 100 or dc1:50"));
            }
        }
        put_list(&mut properties, key, items.iter().cloned());
    }
    put_count(&mut properties, "retention", "retention", backup.retention)?;
    Ok(properties)
}

fn repair_properties(repair: &Repair) -> Result<Properties, Fault> {
    let mut properties = Properties::new();
    put_list(&mut properties, "dc", patterns(&repair.dc));
    put_list(&mut properties, "keyspace", patterns(&repair.keyspace));
    put_count(&mut properties, "parallel", "parallel", repair.parallel)?;
    if let Some(text) = repair.intensity.as_deref().filter(|text| !text.is_empty()) {
        let intensity =
            text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0).ok_or_else(|| {
                invalid("intensity", format!("'{text}' is not a number"))
                    .hint("write it like \"1\" or \"0.5\"; 0 is as much as possible")
            })?;
        properties.insert("intensity".into(), Property::Number(intensity));
    }
    if let Some(text) = repair.small_table_threshold.as_deref().filter(|text| !text.is_empty()) {
        let size = bytes::parse(text).map_err(|why| invalid("smallTableThreshold", why))?;
        // Below 2^53 by the parser's own limit.
        properties.insert("small_table_threshold".into(), Property::Number(size as f64));
    }
    if let Some(host) = repair.host.as_deref().filter(|host| !host.is_empty()) {
        if host.parse::<std::net::IpAddr>().is_err() {
            return Err(invalid("host", format!("'{host}' is not an IP address"))
                .hint("Manager repairs one node by its address"));
        }
        properties.insert("host".into(), Property::Text(host.to_owned()));
    }
    for (key, flag) in [("fail_fast", repair.fail_fast), ("ignore_down_hosts", repair.ignore_down_hosts)] {
        if let Some(flag) = flag {
            properties.insert(key.into(), Property::Bool(flag));
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests;
