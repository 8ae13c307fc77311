//! The status of definitions, which in a real server a controller writes.

use serde_json::{Value, json};

use crate::meta;

/// Whether the definition says that its resource is served.
pub fn is_established(definition: &Value) -> bool {
    let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        condition.get("type").is_some_and(|kind| kind == "Established")
            && condition.get("status").is_some_and(|status| status == "True")
    })
}

/// Whether the accepted names are those that the definition asks for now.
pub fn names_are_accepted(definition: &Value) -> bool {
    definition.pointer("/status/acceptedNames") == definition.pointer("/spec/names")
}

/// The definition with its names accepted and its resource served.
pub fn established(definition: &Value, now: &str) -> Value {
    let mut definition = definition.clone();
    set_condition(
        &mut definition,
        json!({
            "type": "NamesAccepted", "status": "True", "lastTransitionTime": now,
            "reason": "NoConflicts", "message": "no conflicts found",
        }),
    );
    set_condition(
        &mut definition,
        json!({
            "type": "Established", "status": "True", "lastTransitionTime": now,
            "reason": "InitialNamesAccepted", "message": "the initial names have been accepted",
        }),
    );
    let names = definition.pointer("/spec/names").cloned().unwrap_or_default();
    if let Some(Value::Object(status)) = meta::root(&mut definition).get_mut("status") {
        status.insert("acceptedNames".into(), names);
    }
    definition
}

/// Sets one condition; one that already has this status keeps its time.
pub fn set_condition(definition: &mut Value, condition: Value) {
    let Some(Value::Object(status)) = meta::root(definition).get_mut("status") else { return };
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Value::Array(conditions) = conditions else { return };
    let same = |one: &&mut Value| one.get("type") == condition.get("type");
    match conditions.iter_mut().find(same) {
        Some(old) if old.get("status") == condition.get("status") => {}
        Some(old) => *old = condition,
        None => conditions.push(condition),
    }
}
