//! Making, reading, patching and replacing objects of a custom resource.

use serde_json::{Value, json};

use super::{PARTIAL, PARTIAL_LIST, TABLE, WIDGETS, at, widget};
use crate::step::{Compare, Step, delete, get, json_patch, merge, post, put, strategic};

pub(super) fn creating() -> Vec<Step> {
    let full = json!({
        "apiVersion": "diff.dev/v1", "kind": "Widget",
        "metadata": {
            "name": "full", "generation": 9, "labels": {"l": "1"}, "annotations": {}, "finalizers": ["diff.dev/hold"],
            "ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "n", "uid": "u"}],
        },
        "spec": {
            "size": 3, "unknown": 1, "tags": ["a"], "set": ["p"], "map": {"k": "v"}, "nested": {"b": 1},
            "free": {"x": 1}, "empty": null, "when": "2026-01-01T00:00:00Z",
        },
    });
    let elsewhere = "/apis/diff.dev/v1/namespaces/nowhere/widgets";
    vec![
        post(WIDGETS, 201, &widget("a", json!({"size": 1}))).remember("created"),
        post(format!("{WIDGETS}?fieldManager=maker"), 201, &full),
        post(WIDGETS, 409, &widget("a", json!({"size": 1}))),
        post(elsewhere, 404, &widget("a", json!({"size": 1}))),
        post(format!("{WIDGETS}?dryRun=All"), 201, &widget("dry", json!({"size": 1}))),
        get(at("dry"), 404),
        post(format!("{WIDGETS}?dryRun=Some"), 422, &widget("dry", json!({"size": 1}))),
        post("/apis/diff.dev/v1/widgets", 404, &widget("a", json!({"size": 1}))),
    ]
}

pub(super) fn refusing_objects() -> Vec<Step> {
    let refused = |spec: Value| post(WIDGETS, 422, &widget("b", spec));
    let mut wrong_kind = widget("b", json!({"size": 1}));
    wrong_kind["kind"] = json!("Gadget");
    let mut wrong_version = widget("b", json!({"size": 1}));
    wrong_version["apiVersion"] = json!("diff.dev/v2");
    let mut other_namespace = widget("b", json!({"size": 1}));
    other_namespace["metadata"]["namespace"] = json!("other");
    let mut has_version = widget("b", json!({"size": 1}));
    has_version["metadata"]["resourceVersion"] = json!("5");
    let nameless =
        json!({"apiVersion": "diff.dev/v1", "kind": "Widget", "metadata": {}, "spec": {"size": 1}});
    vec![
        refused(json!({"size": "large"})),
        refused(json!({"size": 30})),
        refused(json!({"size": 0})),
        refused(json!({})),
        refused(json!({"size": 1, "mode": "Odd"})),
        refused(json!({"size": 1, "name": "toolong"})),
        refused(json!({"size": 1, "name": "ABC"})),
        refused(json!({"size": 1, "tags": "none"})),
        refused(json!({"size": 1, "tags": ["a", "b", "c", "d"]})),
        refused(json!({"size": 1, "set": ["a", "a"]})),
        refused(json!({"size": 1, "map": {"k": 1}})),
        refused(json!({"size": 1, "when": "yesterday"})),
        refused(json!({"size": 1, "flag": "yes"})),
        refused(json!({"size": 1, "nested": []})),
        post(
            WIDGETS,
            422,
            &json!({"apiVersion": "diff.dev/v1", "kind": "Widget", "metadata": {"name": "b"}}),
        ),
        post(WIDGETS, 422, &widget("Not_A_Name", json!({"size": 1}))),
        post(WIDGETS, 422, &nameless),
        post(WIDGETS, 422, &wrong_kind),
        post(WIDGETS, 400, &wrong_version),
        post(WIDGETS, 400, &other_namespace),
        post(WIDGETS, 500, &has_version),
        post(WIDGETS, 400, &json!({"metadata": {"name": "b"}})).compare(Compare::Code),
        Step::new("POST", WIDGETS, 400).text("{\"metadata\":"),
    ]
}

pub(super) fn reading() -> Vec<Step> {
    vec![
        get(at("a"), 200),
        get(at("none"), 404),
        get(WIDGETS, 200),
        get("/apis/diff.dev/v1/widgets?resourceVersion=0", 200).compare(Compare::AnyOrder),
        get(format!("{WIDGETS}?labelSelector=l%3D1"), 200),
        get(format!("{WIDGETS}?labelSelector=l%20notin%20(1),!m"), 200),
        get(format!("{WIDGETS}?fieldSelector=metadata.name%3Da"), 200),
        get(format!("{WIDGETS}?fieldSelector=spec.size%3D1"), 400),
        get(format!("{WIDGETS}?labelSelector=a%3D!b("), 400),
        get(format!("{WIDGETS}?resourceVersion=abc"), 500),
        get(format!("{WIDGETS}?resourceVersion=99999999"), 504),
        get(format!("{WIDGETS}?limit=1"), 200).remember("page"),
        get(format!("{WIDGETS}?limit=1&continue={{page.continue}}"), 200),
        get(format!("{WIDGETS}?continue=abc"), 400).compare(Compare::Code),
        get(WIDGETS, 200).accept(TABLE),
        get(format!("{WIDGETS}?includeObject=None"), 200).accept(TABLE),
        get(at("full"), 200).accept(TABLE),
        get(WIDGETS, 200).accept(PARTIAL_LIST),
        get(at("full"), 200).accept(PARTIAL),
        get(at("full"), 406).accept("text/html").compare(Compare::Code),
        get("/api/v1/namespaces/diff/gadgets", 404),
        get("/apis/diff.dev/v1/namespaces/diff/gadgets", 404),
        get("/apis/none.dev/v1/namespaces/diff/gadgets", 404),
        get("/apis/none.dev", 404),
    ]
}

pub(super) fn patching() -> Vec<Step> {
    let stale = json!({"metadata": {"resourceVersion": "1"}, "spec": {"size": 5}});
    vec![
        merge(at("a"), 200, &json!({"spec": {"size": 2, "map": {"x": "1", "y": "2"}}})),
        merge(at("a"), 200, &json!({"spec": {"map": {"x": null}}})).remember("patched"),
        merge(at("a"), 200, &json!({"spec": {"size": 2}})).remember("same"),
        // The same revision as before: the patch above changed nothing.
        merge(at("a"), 200, &json!({"metadata": {"resourceVersion": "{patched.resourceVersion}"}})),
        // On its own object: 1.20 counts an ignored status among the fields of its manager.
        post(WIDGETS, 201, &widget("ignorer", json!({"size": 1}))),
        merge(at("ignorer"), 200, &json!({"status": {"phase": "ignored"}})).compare(Compare::WithoutManagers),
        merge(
            format!("{}/status", at("ignorer")),
            200,
            &json!({"spec": {"size": 9}, "status": {"phase": "set"}}),
        )
        .compare(Compare::WithoutManagers),
        delete(at("ignorer"), 200),
        merge(at("a"), 409, &stale),
        merge(at("a"), 422, &json!({"metadata": {"uid": "other"}})),
        merge(at("a"), 400, &json!({"metadata": {"name": "other"}})),
        merge(at("a"), 422, &json!({"spec": {"size": "x"}})),
        merge(at("a"), 422, &json!([])).compare(Compare::Code),
        merge(at("none"), 404, &json!({"spec": {"size": 2}})),
        merge(format!("{}?force=true", at("a")), 422, &json!({"spec": {"size": 2}})),
        merge(format!("{}?dryRun=All", at("a")), 200, &json!({"spec": {"size": 9}})),
        json_patch(at("a"), 200, &json!([{"op": "add", "path": "/spec/tags", "value": ["t"]}])),
        json_patch(at("a"), 200, &json!([{"op": "add", "path": "/spec/tags/-", "value": "u"}])),
        json_patch(at("a"), 200, &json!([{"op": "test", "path": "/metadata/labels", "value": null}])),
        json_patch(at("a"), 422, &json!([{"op": "test", "path": "/spec/size", "value": 9}])),
        json_patch(at("a"), 422, &json!([{"op": "remove", "path": "/spec/none"}])),
        json_patch(at("a"), 422, &json!([{"op": "replace", "path": "/spec/none/x", "value": 1}])),
        json_patch(at("a"), 400, &json!({})).compare(Compare::Code),
        strategic(at("a"), 415, &json!({"spec": {"size": 2}})),
        Step::new("PATCH", at("a"), 415).body(&json!({"spec": {"size": 2}})),
    ]
}

pub(super) fn replacing() -> Vec<Step> {
    let with = |name: &str, field: &str, value: &str| {
        let mut object = widget(name, json!({"size": 4}));
        object["metadata"][field] = json!(value);
        object
    };
    let mut uid = with("a", "uid", "other");
    uid["metadata"]["resourceVersion"] = json!("{live.resourceVersion}");
    vec![
        get(at("a"), 200).remember("live"),
        put(at("a"), 422, &widget("a", json!({"size": 4}))),
        put(at("a"), 409, &with("a", "resourceVersion", "1")),
        put(at("a"), 400, &with("b", "resourceVersion", "1")),
        put(
            at("a"),
            400,
            &json!({"apiVersion": "diff.dev/v1", "kind": "Widget", "metadata": {}, "spec": {"size": 4}}),
        ),
        put(at("a"), 409, &uid),
        put(at("none"), 404, &widget("none", json!({"size": 4}))),
        put(at("a"), 200, &with("a", "resourceVersion", "{live.resourceVersion}")).remember("replaced"),
        put(at("a"), 409, &with("a", "resourceVersion", "{live.resourceVersion}")),
        put(at("a"), 200, &with("a", "resourceVersion", "{replaced.resourceVersion}")),
        Step::new("PUT", WIDGETS, 400).body(&widget("a", json!({"size": 4}))),
    ]
}
