//! Who called what: counts by route, and a log of calls without their secrets.

use std::collections::{BTreeMap, VecDeque};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

/// The log keeps this many calls.
const LOG_LENGTH: usize = 20_000;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

const SECRETS: &[&str] =
    &["auth_token", "password", "alternator_secret_access_key", "ssl_user_key_file", "ssl_user_cert_file"];

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallRecord {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// When it arrived, by the server's clock.
    pub at: String,
    /// Its method.
    pub method: String,
    /// Its route with placeholders, such as `/api/v1/cluster/{c}/tasks`.
    pub route: String,
    /// Its path as sent.
    pub path: String,
    /// Its query as sent.
    pub query: String,
    /// Its body with secrets taken out; `null` when it had none or was not JSON.
    pub body: Value,
    /// Its W3C trace context.
    pub traceparent: Option<String>,
    /// The status of its answer; `None` while it is under way or when the connection was dropped.
    pub status: Option<u16>,
}

/// How often a route was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteCount {
    /// The method.
    pub method: String,
    /// The route with placeholders.
    pub route: String,
    /// How often.
    pub count: u64,
}

/// Counts since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCounts {
    /// Calls that change nothing.
    pub reads: u64,
    /// All others.
    pub writes: u64,
    /// Every route that was called.
    pub by_route: Vec<RouteCount>,
}

impl CallCounts {
    /// How often a route was called.
    pub fn of(&self, method: &str, route: &str) -> u64 {
        self.by_route
            .iter()
            .filter(|entry| entry.method == method && entry.route == route)
            .map(|entry| entry.count)
            .sum()
    }
}

/// A call as it arrives.
pub struct Arrival<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path.
    pub path: &'a str,
    /// Its query.
    pub query: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

/// All calls.
#[derive(Debug, Default)]
pub struct Calls {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    arrived: u64,
    counts: BTreeMap<(String, &'static str), u64>,
    log: VecDeque<CallRecord>,
}

impl Calls {
    /// Notes a call; returns its number.
    pub fn arrive(&self, at: Timestamp, call: &Arrival<'_>) -> u64 {
        let route = route_of(call.path);
        let mut body = serde_json::from_slice(call.body).unwrap_or(Value::Null);
        redact(&mut body);
        let mut inner = self.inner.lock();
        inner.arrived += 1;
        let number = inner.arrived;
        *inner.counts.entry((call.method.to_string(), route)).or_default() += 1;
        if inner.log.len() >= LOG_LENGTH {
            inner.log.pop_front();
        }
        let traceparent = call.headers.get("traceparent").and_then(|value| value.to_str().ok());
        inner.log.push_back(CallRecord {
            number,
            at: at.to_string(),
            method: call.method.to_string(),
            route: route.to_owned(),
            path: call.path.to_owned(),
            query: call.query.to_owned(),
            body,
            traceparent: traceparent.map(str::to_owned),
            status: None,
        });
        number
    }

    /// Notes the answer of a call.
    pub fn answer(&self, number: u64, status: u16) {
        let mut inner = self.inner.lock();
        if let Some(record) = inner.log.iter_mut().rev().find(|record| record.number == number) {
            record.status = Some(status);
        }
    }

    /// The counts.
    pub fn counts(&self) -> CallCounts {
        let inner = self.inner.lock();
        let mut counts = CallCounts::default();
        for ((method, route), count) in &inner.counts {
            match method.as_str() {
                "GET" | "HEAD" => counts.reads += count,
                _ => counts.writes += count,
            }
            counts.by_route.push(RouteCount {
                method: method.clone(),
                route: (*route).to_owned(),
                count: *count,
            });
        }
        counts
    }

    /// The log, oldest first.
    pub fn log(&self) -> Vec<CallRecord> {
        self.inner.lock().log.iter().cloned().collect()
    }

    /// Forgets counts and log.
    pub fn reset(&self) {
        *self.inner.lock() = Inner::default();
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(key)) {
                    *value = Value::String(REDACTED.to_owned());
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

/// The route of a path, with placeholders.
pub fn route_of(path: &str) -> &'static str {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
    match segments.as_slice() {
        ["ping"] => "/ping",
        ["version"] => "/version",
        ["api", "v1", "version"] => "/api/v1/version",
        ["api", "v1", "clusters"] => "/api/v1/clusters",
        ["api", "v1", "cluster", _] => "/api/v1/cluster/{c}",
        ["api", "v1", "cluster", _, rest @ ..] => match rest {
            ["status"] => "/api/v1/cluster/{c}/status",
            ["tasks"] => "/api/v1/cluster/{c}/tasks",
            ["tasks", _, "target"] => "/api/v1/cluster/{c}/tasks/{type}/target",
            ["task", _, _] => "/api/v1/cluster/{c}/task/{type}/{id}",
            ["task", _, _, "start"] => "/api/v1/cluster/{c}/task/{type}/{id}/start",
            ["task", _, _, "stop"] => "/api/v1/cluster/{c}/task/{type}/{id}/stop",
            ["task", _, _, "history"] => "/api/v1/cluster/{c}/task/{type}/{id}/history",
            ["task", _, _, _] => "/api/v1/cluster/{c}/task/{type}/{id}/{run}",
            ["suspended"] => "/api/v1/cluster/{c}/suspended",
            ["suspended", "details"] => "/api/v1/cluster/{c}/suspended/details",
            ["repairs", "intensity"] => "/api/v1/cluster/{c}/repairs/intensity",
            ["repairs", "parallel"] => "/api/v1/cluster/{c}/repairs/parallel",
            ["backups", ..] => "/api/v1/cluster/{c}/backups",
            _ => "other",
        },
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
