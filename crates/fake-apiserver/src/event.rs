//! Events in the form of `events.k8s.io` and in that of the core group, in which they are stored.

use serde_json::{Map, Value, json};

use crate::meta;

/// Fields with another name in each form, core first.
const RENAMED: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// An event of `events.k8s.io` as a core one.
pub fn to_core(event: &Value) -> Value {
    let mut core = renamed(event, |field| {
        RENAMED.iter().find(|(_, new)| *new == field).map_or(field, |(core, _)| *core)
    });
    let root = meta::root(&mut core);
    root.insert("apiVersion".into(), "v1".into());
    fill_core(&mut core);
    core
}

/// A core event as one of `events.k8s.io`.
pub fn from_core(event: &Value) -> Value {
    let mut new = renamed(event, |field| {
        RENAMED.iter().find(|(core, _)| *core == field).map_or(field, |(_, new)| *new)
    });
    let root = meta::root(&mut new);
    root.insert("apiVersion".into(), "events.k8s.io/v1".into());
    for field in ["reportingController", "reportingInstance"] {
        if root.get(field).is_some_and(|text| text == "") {
            root.remove(field);
        }
    }
    new
}

/// The fields that a core event always shows, even when nothing is in them.
pub fn fill_core(event: &mut Value) {
    let root = meta::root(event);
    for (field, empty) in [
        ("involvedObject", json!({})),
        ("source", json!({})),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
        ("eventTime", Value::Null),
        ("reportingComponent", json!("")),
        ("reportingInstance", json!("")),
    ] {
        root.entry(field).or_insert(empty);
    }
}

fn renamed<'n>(event: &'n Value, name: impl Fn(&'n str) -> &'n str) -> Value {
    let map: Map<String, Value> = event
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, value)| (name(field).to_owned(), value.clone()))
        .collect();
    Value::Object(map)
}
