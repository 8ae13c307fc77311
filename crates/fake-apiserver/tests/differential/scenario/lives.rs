//! How objects, namespaces and definitions come and go, and how a watch sees it.

use serde_json::{Value, json};

use super::{DEFINITIONS, PARTIAL, TABLE, WIDGETS, at, widget};
use crate::step::{Compare, Step, apply, delete, get, merge, post};

pub(super) fn finalizing() -> Vec<Step> {
    let more = json!({"metadata": {"finalizers": ["diff.dev/hold", "diff.dev/late"]}});
    let options = |preconditions: Value| json!({"preconditions": preconditions});
    vec![
        delete(at("full"), 409).body(&options(json!({"uid": "other"}))),
        delete(at("full"), 409).body(&options(json!({"resourceVersion": "1"}))),
        delete(format!("{}?dryRun=All", at("a")), 200),
        delete(at("full"), 200),
        delete(at("full"), 200),
        merge(at("full"), 422, &more),
        merge(at("full"), 200, &json!({"metadata": {"labels": {"still": "here"}}})),
        merge(at("full"), 200, &json!({"metadata": {"finalizers": null}})),
        get(at("full"), 404),
        delete(at("full"), 404),
        delete(at("a"), 200).body(&options(json!({"uid": "{created.uid}"}))),
    ]
}

pub(super) fn watching() -> Vec<Step> {
    let from = |query: &str| format!("{WIDGETS}?watch=true&timeoutSeconds=1&{query}");
    let since = "resourceVersion={start.resourceVersion}";
    vec![
        post(WIDGETS, 201, &widget("w", json!({"size": 1}))).remember("start"),
        merge(at("w"), 200, &json!({"metadata": {"labels": {"c": "red"}}})),
        merge(at("w"), 200, &json!({"spec": {"size": 2}})),
        merge(at("w"), 200, &json!({"metadata": {"labels": {"c": "blue"}}})),
        merge(at("w"), 200, &json!({"metadata": {"finalizers": ["diff.dev/hold"]}})),
        delete(at("w"), 200),
        merge(at("w"), 200, &json!({"metadata": {"finalizers": []}})),
        post(WIDGETS, 201, &widget("w2", json!({"size": 1}))),
        delete(at("w2"), 200),
        get(from(since), 200),
        get(from(&format!("{since}&labelSelector=c%3Dred")), 200),
        get(from(&format!("{since}&fieldSelector=metadata.name%3Dw2")), 200),
        get(from(since), 200).accept(TABLE),
        get(from(since), 200).accept(PARTIAL),
        get(from(""), 200),
        get(from("resourceVersion=0"), 200),
        delete(format!("{WIDGETS}?labelSelector=none%3Dsuch"), 200),
    ]
}

pub(super) fn namespaces() -> Vec<Step> {
    let bare = |step: Step| step.compare(Compare::WithoutManagers);
    let inside = "/api/v1/namespaces/ending/configmaps";
    vec![
        post("/api/v1/namespaces", 422, &json!({"metadata": {"name": "Bad_"}})),
        bare(post(
            "/api/v1/namespaces",
            201,
            &json!({"metadata": {"name": "ending", "finalizers": ["diff.dev/hold"]}}),
        )),
        bare(post(
            inside,
            201,
            &json!({"metadata": {"name": "c", "finalizers": ["diff.dev/hold"]}, "data": {"a": "b"}}),
        )),
        bare(delete("/api/v1/namespaces/ending", 200)),
        post(inside, 403, &json!({"metadata": {"name": "late"}})),
        delete("/api/v1/namespaces/kube-system", 403),
        bare(get("/api/v1/namespaces/ending", 200)),
    ]
}

pub(super) fn versions_without_status() -> Vec<Step> {
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"a": {"type": "string"}}}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "xs.two.dev"},
        "spec": {
            "group": "two.dev", "scope": "Cluster", "names": {"plural": "xs", "kind": "X"},
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": schema},
                {"name": "v2", "served": true, "storage": false, "schema": schema},
            ],
        },
    });
    let object =
        json!({"apiVersion": "two.dev/v1", "kind": "X", "metadata": {"name": "x"}, "a": "1", "b": "2"});
    vec![
        apply(format!("{DEFINITIONS}/xs.two.dev?fieldManager=k"), 201, &definition)
            .compare(Compare::WithoutManagers),
        get("/apis/two.dev/v2/xs", 200).polled(),
        get("/apis/two.dev", 200).polled(),
        post("/apis/two.dev/v1/xs", 201, &object),
        get("/apis/two.dev/v2/xs/x", 200),
        merge("/apis/two.dev/v2/xs/x", 200, &json!({"a": "2"})),
        get("/apis/two.dev/v1/xs/x", 200),
        get("/apis/two.dev/v1/xs/x/status", 404),
        get("/apis/two.dev/v1/namespaces/diff/xs", 404),
    ]
}

pub(super) fn definitions() -> Vec<Step> {
    let wrong = |name: &str, version: Value| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
            "spec": {
                "group": "bad.dev", "scope": "Namespaced", "names": {"plural": "bads", "kind": "Bad"},
                "versions": [version],
            },
        })
    };
    let schema = json!({"openAPIV3Schema": {"type": "object"}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": schema});
    let held = json!({
        "apiVersion": "two.dev/v1", "kind": "X", "metadata": {"name": "held", "finalizers": ["two.dev/hold"]},
    });
    let fresh = json!({"apiVersion": "two.dev/v1", "kind": "X", "metadata": {"name": "fresh"}});
    vec![
        post(DEFINITIONS, 422, &wrong("bad", version)),
        post(
            DEFINITIONS,
            422,
            &wrong("bads.bad.dev", json!({"name": "v1", "served": true, "storage": true})),
        ),
        post(
            DEFINITIONS,
            422,
            &wrong("bads.bad.dev", json!({"name": "v1", "served": true, "storage": false, "schema": schema})),
        )
        .compare(Compare::Code),
        post("/apis/two.dev/v1/xs", 201, &held),
        delete(format!("{DEFINITIONS}/xs.two.dev"), 200).compare(Compare::WithoutManagers),
        get("/apis/two.dev/v1/xs/x", 404).polled(),
        post("/apis/two.dev/v1/xs", 405, &fresh),
        merge("/apis/two.dev/v1/xs/held", 200, &json!({"metadata": {"finalizers": null}})),
        get(format!("{DEFINITIONS}/xs.two.dev"), 404).polled(),
        get("/apis/two.dev/v1/xs", 404).polled(),
        delete(format!("{DEFINITIONS}/widgets.diff.dev"), 200).compare(Compare::Code),
    ]
}
