//! The calls that both servers answer, in order.

mod builtin;
mod lives;
mod objects;
mod owners;

use serde_json::{Value, json};

use crate::step::{Compare, Step, get, post};

const WIDGETS: &str = "/apis/diff.dev/v1/namespaces/diff/widgets";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const PARTIAL_LIST: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

/// Everything, in order; later parts build on earlier ones.
pub fn steps() -> Vec<Step> {
    [
        setting_up(),
        objects::creating(),
        objects::refusing_objects(),
        objects::reading(),
        objects::patching(),
        objects::replacing(),
        owners::applying(),
        owners::statuses(),
        lives::finalizing(),
        lives::watching(),
        builtin::secrets(),
        builtin::leases_and_events(),
        lives::namespaces(),
        lives::versions_without_status(),
        lives::definitions(),
    ]
    .concat()
}

fn at(name: &str) -> String {
    format!("{WIDGETS}/{name}")
}

fn widget(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "diff.dev/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})
}

fn definition() -> Value {
    let spec = json!({
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 10},
            "mode": {"type": "string", "enum": ["Fast", "Slow"], "default": "Fast"},
            "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 5},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "nested": {"type": "object", "properties": {"a": {"type": "string", "default": "A"}, "b": {"type": "integer"}}},
            "when": {"type": "string", "format": "date-time"},
            "flag": {"type": "boolean"},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "empty": {"type": "string", "nullable": true},
        },
    });
    let condition = json!({
        "type": "object",
        "required": ["type", "status"],
        "properties": {"type": {"type": "string"}, "status": {"type": "string"}, "reason": {"type": "string"}},
    });
    let status = json!({
        "type": "object",
        "properties": {
            "phase": {"type": "string"},
            "conditions": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                "items": condition,
            },
        },
    });
    let schema =
        json!({"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": status}});
    let columns = json!([
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"},
        {"name": "Mode", "type": "string", "jsonPath": ".spec.mode", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.diff.dev"},
        "spec": {
            "group": "diff.dev", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "additionalPrinterColumns": columns, "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}

fn setting_up() -> Vec<Step> {
    vec![
        get("/apis/diff.dev/v1/namespaces/diff/widgets", 404),
        post("/api/v1/namespaces", 201, &json!({"metadata": {"name": "diff"}}))
            .compare(Compare::WithoutManagers),
        post(DEFINITIONS, 201, &definition()).compare(Compare::WithoutManagers),
        get(WIDGETS, 200).polled(),
        get(format!("{DEFINITIONS}/widgets.diff.dev"), 200).compare(Compare::WithoutManagers),
        get("/apis/diff.dev", 200).polled(),
        get("/apis/diff.dev/v1", 200),
        get("/apis/coordination.k8s.io/v1", 200),
        get("/healthz", 200),
    ]
}
