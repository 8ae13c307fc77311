//! Server-side apply and the status, each with its own owners.

use serde_json::{Value, json};

use super::{TABLE, at, widget};
use crate::step::{Compare, Step, apply, get, merge, put};

pub(super) fn applying() -> Vec<Step> {
    let by = |manager: &str| format!("{}?fieldManager={manager}", at("applied"));
    let config = |metadata: Value, spec: Value| {
        let mut object = widget("applied", spec);
        for (key, value) in metadata.as_object().unwrap() {
            object["metadata"][key] = value.clone();
        }
        object
    };
    let first = config(
        json!({"labels": {"l": "1"}, "finalizers": ["diff.dev/hold"]}),
        json!({"size": 3, "tags": ["a"], "set": ["p"], "map": {"k": "v"}, "nested": {"b": 1}}),
    );
    let clash = config(
        json!({"labels": {"l": "2"}}),
        json!({"size": 4, "tags": ["b"], "set": ["q"], "map": {"k": "w", "k2": "x"}, "nested": {"b": 2}}),
    );
    let taken = config(json!({"labels": {"l": "2"}}), json!({"size": 4, "set": ["q"], "nested": {"b": 1}}));
    let only = |size: i32| config(json!({}), json!({"size": size}));
    let shared = |size: i32| config(json!({}), json!({"size": size, "map": {"k": "v"}}));
    // A struct, set or map of which nothing is left is taken out by later versions, and trips 1.20 up: so
    // something is left of each.
    let kept = json!({"size": 4, "tags": ["a"], "set": ["p"], "nested": {"b": 1}});
    let kept_by_one = json!({"set": ["p"], "nested": {"b": 1}});
    let mut no_version = only(4);
    no_version.as_object_mut().unwrap().remove("apiVersion");
    vec![
        apply(at("applied"), 422, &first),
        apply(by("one"), 201, &first),
        apply(by("one"), 200, &first),
        apply(by("two"), 409, &clash),
        apply(format!("{}&force=true", by("two")), 200, &taken),
        apply(by("three"), 200, &only(4)),
        apply(by("three"), 409, &only(5)),
        apply(by("two"), 200, &only(4)),
        apply(by("three"), 200, &shared(4)),
        apply(by("one"), 200, &config(json!({"labels": {"l": "1"}}), kept)),
        merge(by("patcher"), 200, &json!({"spec": {"size": 7, "tags": ["z"]}})),
        apply(by("three"), 409, &config(json!({}), json!({"size": 8, "tags": ["y"], "map": {"k": "v"}}))),
        apply(by("three"), 500, &config(json!({}), json!({"size": 4, "unknown": 1}))),
        apply(
            by("three"),
            409,
            &config(json!({"resourceVersion": "1"}), json!({"size": 7, "map": {"k": "v"}})),
        ),
        apply(by("three"), 422, &config(json!({"uid": "other"}), json!({"size": 7, "map": {"k": "v"}}))),
        apply(by("three"), 400, &config(json!({"managedFields": [{}]}), json!({"size": 7}))),
        apply(by("three"), 400, &widget("other", json!({"size": 7}))),
        apply(by("three"), 400, &no_version),
        apply(format!("{}&dryRun=All", by("three")), 200, &shared(7)),
        get(at("applied"), 200),
        // What an updater owns stays when the applier lets go of it.
        merge(by("patcher"), 200, &json!({"metadata": {"labels": {"l": "2"}}})),
        apply(by("one"), 200, &config(json!({}), kept_by_one)),
    ]
}

pub(super) fn statuses() -> Vec<Step> {
    let path = |name: &str| format!("{}/status", at(name));
    // Under a name of its own: 1.20 has one entry for all that a manager writes, later versions one for the status.
    let own = || format!("{}?fieldManager=reporter", path("a"));
    let by = |manager: &str| format!("{}?fieldManager={manager}", path("applied"));
    let status = |status: Value| json!({"apiVersion": "diff.dev/v1", "kind": "Widget", "metadata": {"name": "applied"}, "status": status});
    let condition =
        |kind: &str, value: &str| status(json!({"conditions": [{"type": kind, "status": value}]}));
    vec![
        apply(
            by("x"),
            200,
            &status(json!({"phase": "P", "conditions": [{"type": "Ready", "status": "True"}]})),
        ),
        apply(by("y"), 200, &condition("Other", "True")),
        apply(by("y"), 409, &condition("Ready", "False")),
        apply(by("y"), 200, &condition("Third", "True")),
        apply(format!("{}?fieldManager=x", path("none")), 404, &widget("none", json!({"size": 1}))),
        merge(own(), 200, &json!({"status": {"phase": "set"}})),
        merge(own(), 200, &json!({"status": {"conditions": [{"type": "A", "status": "True"}]}})),
        merge(own(), 422, &json!({"status": {"conditions": [{"type": "A"}]}})).compare(Compare::Code),
        get(path("a"), 200).remember("status"),
        put(path("a"), 409, &{
            let mut object = widget("a", json!({"size": 1}));
            object["metadata"]["resourceVersion"] = json!("1");
            object
        }),
        put(own(), 200, &{
            let mut object = widget("a", json!({"size": 4}));
            object["metadata"]["resourceVersion"] = json!("{status.resourceVersion}");
            object["status"] = json!({"phase": "put"});
            object
        }),
        get(at("applied"), 200).accept(TABLE),
        get(format!("{}/scale", at("a")), 404),
    ]
}
