//! The control API under `/_fake/`: what a test or a demo does to the stand-in and the real server has not.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{reply::Reply, request::Call};
use crate::{
    agents::Agent,
    error::ApiError,
    faults::FaultRule,
    model::TaskType,
    script::{Outcome, RunScript, ScriptKey},
    shared::Shared,
    wire::duration,
};

pub(super) async fn handle(shared: &Arc<Shared>, call: &Call) -> Reply {
    let what = call.path.trim_end_matches('/').trim_start_matches("/_fake/");
    let reply = match (what, &call.method) {
        ("clock", &Method::GET) => Ok(clock_reply(shared)),
        ("clock", &Method::POST) => set_clock(shared, call),
        ("agents", &Method::POST) => set_agent(shared, call),
        ("agents", &Method::DELETE) => did(|| shared.with(|state| state.agents.reset())),
        ("scripts", &Method::POST) => set_script(shared, call),
        ("scripts", &Method::DELETE) => did(|| shared.with(|state| state.scripts.reset())),
        ("release", &Method::POST) => release(shared, call),
        ("faults", &Method::GET) => Ok(Reply::json(&json!({"pending": shared.faults.pending()}))),
        ("faults", &Method::POST) => body::<FaultRule>(call).and_then(|rule| did(|| shared.faults.add(rule))),
        ("faults", &Method::DELETE) => did(|| shared.faults.clear()),
        ("latency", &Method::POST) => {
            body::<Latency>(call).and_then(|given| did(|| shared.set_latency(given.latency)))
        }
        ("calls", &Method::GET) => calls(shared, call),
        ("calls/reset", &Method::POST) => did(|| shared.calls.reset()),
        ("restart", &Method::POST) => did(|| shared.with(|state| state.restart())),
        ("wipe", &Method::POST) => did(|| shared.with(|state| state.wipe())),
        _ => Err(ApiError::new(StatusCode::NOT_FOUND, format!("no such control: {} {what}", call.method))),
    };
    match reply {
        Ok(reply) => match shared.durable().await {
            Ok(()) => reply,
            Err(error) => error.into(),
        },
        Err(error) => error.into(),
    }
}

/// Does something that has nothing to say.
fn did(work: impl FnOnce()) -> Result<Reply, ApiError> {
    work();
    Ok(Reply::json(&json!({})))
}

/// The body, in which nothing may be misspelt. An empty body is an empty object.
fn body<T: DeserializeOwned>(call: &Call) -> Result<T, ApiError> {
    let bytes: &[u8] = if call.body.is_empty() { b"{}" } else { &call.body };
    let document: Value = serde_json::from_slice(bytes).map_err(|_| ApiError::malformed("not JSON"))?;
    serde_json::from_value(document).map_err(ApiError::malformed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    #[serde(deserialize_with = "duration::deserialize")]
    latency: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ClockChange {
    Now(String),
    #[serde(deserialize_with = "duration::deserialize")]
    Advance(Duration),
    Resume(bool),
}

fn set_clock(shared: &Shared, call: &Call) -> Result<Reply, ApiError> {
    match body(call)? {
        ClockChange::Now(text) => shared.clock.set(text.parse().map_err(ApiError::malformed)?),
        ClockChange::Advance(by) => shared.clock.advance(by),
        ClockChange::Resume(true) => shared.clock.resume(),
        ClockChange::Resume(false) => return Err(ApiError::malformed("resume is true or left out")),
    }
    shared.with(|_| ());
    Ok(clock_reply(shared))
}

fn clock_reply(shared: &Shared) -> Reply {
    Reply::json(&json!({"now": shared.clock.now().to_string(), "stopped": shared.clock.is_stopped()}))
}

fn set_agent(shared: &Shared, call: &Call) -> Result<Reply, ApiError> {
    let mut fields: serde_json::Map<String, Value> = body(call)?;
    let Some(Value::String(host)) = fields.remove("host") else {
        return Err(ApiError::malformed("missing host, or * for all others"));
    };
    // Not the parser's message, which might quote a token.
    let agent: Agent = serde_json::from_value(Value::Object(fields))
        .map_err(|_| ApiError::malformed("an agent has reachable, gossip_down, tokens, latency, dcs, peers, locations, refused_locations, keyspaces"))?;
    did(|| shared.with(|state| state.agents.set(&host, agent)))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    #[default]
    Success,
    Error,
    Hold,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptBody {
    #[serde(default)]
    cluster: Option<String>,
    #[serde(default)]
    r#type: Option<TaskType>,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    outcome: OutcomeName,
    #[serde(default)]
    cause: String,
    #[serde(default, deserialize_with = "given")]
    duration: Option<Duration>,
    #[serde(default, deserialize_with = "given")]
    stop_duration: Option<Duration>,
    #[serde(default)]
    progress: Option<u8>,
    #[serde(default)]
    payload: Option<Value>,
    #[serde(default)]
    records_progress: Option<bool>,
    #[serde(default)]
    times: Option<u32>,
}

fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration::deserialize(deserializer).map(Some)
}

impl ScriptBody {
    fn outcome(&self) -> Outcome {
        match self.outcome {
            OutcomeName::Success => Outcome::Success,
            OutcomeName::Error => Outcome::Error(self.cause.clone()),
            OutcomeName::Hold => Outcome::Hold,
        }
    }

    fn key(&self) -> ScriptKey {
        ScriptKey { cluster: self.cluster.clone(), r#type: self.r#type, task: self.task.clone() }
    }
}

fn set_script(shared: &Shared, call: &Call) -> Result<Reply, ApiError> {
    let given: ScriptBody = body(call)?;
    let usual = RunScript::default();
    let script = RunScript {
        outcome: given.outcome(),
        duration: given.duration.unwrap_or(usual.duration),
        stop_duration: given.stop_duration.unwrap_or(usual.stop_duration),
        progress: given.progress,
        payload: given.payload.clone(),
        records_progress: given.records_progress.unwrap_or(true),
    };
    did(|| shared.with(|state| state.scripts.set(given.key(), script, given.times)))
}

fn release(shared: &Shared, call: &Call) -> Result<Reply, ApiError> {
    let given: ScriptBody = body(call)?;
    let released = shared.with(|state| state.release(&given.key(), &given.outcome()));
    Ok(Reply::json(&json!({"released": released})))
}

fn calls(shared: &Shared, call: &Call) -> Result<Reply, ApiError> {
    let counts = shared.calls.counts();
    let mut answer = json!({"reads": counts.reads, "writes": counts.writes, "by_route": counts.by_route});
    if let (Some(true), Some(fields)) = (call.query.boolean("log")?, answer.as_object_mut()) {
        fields.insert("log".to_owned(), json!(shared.calls.log()));
    }
    Ok(Reply::json(&answer))
}
