//! Discovery documents.

use serde_json::{Map, Value, json};

use crate::meta;
use crate::registry::Registry;
use crate::resource::{Resource, group_version};

/// Whether a group and version belong to the built-in ones, which answer unknown resources differently.
pub fn is_builtin(group: &str, version: &str) -> bool {
    version == "v1" && matches!(group, "" | "apiextensions.k8s.io" | "coordination.k8s.io" | "events.k8s.io")
}

/// `/version`.
pub fn version() -> Value {
    json!({
        "major": "1", "minor": "33", "gitVersion": "v1.33.0-messina.fake", "gitCommit": "fake",
        "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none",
        "compiler": "rustc", "platform": "memory",
    })
}

/// `/api`.
pub fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

/// `/apis`.
pub fn groups(registry: &Registry) -> Value {
    let groups: Vec<Value> = registry.groups().iter().map(|group| group_entry(registry, group)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/<group>`.
pub fn group(registry: &Registry, group: &str) -> Option<Value> {
    if !registry.groups().contains(group) {
        return None;
    }
    let mut entry = group_entry(registry, group);
    let root = meta::root(&mut entry);
    root.insert("kind".into(), "APIGroup".into());
    root.insert("apiVersion".into(), "v1".into());
    Some(entry)
}

fn group_entry(registry: &Registry, group: &str) -> Value {
    let versions: Vec<Value> = registry
        .versions(group)
        .iter()
        .map(|version| json!({"groupVersion": group_version(group, version), "version": version}))
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    json!({"name": group, "versions": versions, "preferredVersion": preferred})
}

/// `/api/v1` and `/apis/<group>/<version>`.
pub fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let resources = registry.in_version(group, version);
    if resources.is_empty() {
        return None;
    }
    let list: Vec<Value> = resources.iter().flat_map(|resource| resource_entries(resource)).collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": group_version(group, version), "resources": list,
    }))
}

fn resource_entries(resource: &Resource) -> Vec<Value> {
    let mut entry = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.verbs(),
    });
    add_names(&mut entry, resource);
    let status = resource.has_status.then(|| {
        json!({
            "name": format!("{}/status", resource.plural), "singularName": "",
            "namespaced": resource.namespaced, "kind": resource.kind, "verbs": ["get", "patch", "update"],
        })
    });
    std::iter::once(entry).chain(status).collect()
}

fn add_names(entry: &mut Value, resource: &Resource) {
    let root: &mut Map<String, Value> = meta::root(entry);
    if !resource.short_names.is_empty() {
        root.insert("shortNames".into(), resource.short_names.clone().into());
    }
    if !resource.categories.is_empty() {
        root.insert("categories".into(), resource.categories.clone().into());
    }
}

/// `/api` or `/apis` with everything in one document.
pub fn aggregated(registry: &Registry, core: bool) -> Value {
    let groups = if core { std::iter::once(String::new()).collect() } else { registry.groups() };
    let items: Vec<Value> = groups
        .iter()
        .map(|group| {
            let versions: Vec<Value> = registry
                .versions(group)
                .iter()
                .map(|version| {
                    let resources = registry.in_version(group, version);
                    let resources: Vec<Value> =
                        resources.iter().map(|resource| aggregated_entry(resource)).collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    })
}

fn aggregated_entry(resource: &Resource) -> Value {
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let mut entry = json!({
        "resource": resource.plural, "responseKind": kind,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": if resource.singular.is_empty() {
            resource.kind.to_lowercase()
        } else {
            resource.singular.clone()
        },
        "verbs": resource.verbs(),
    });
    add_names(&mut entry, resource);
    if resource.has_status {
        let status = json!([{
            "subresource": "status", "responseKind": kind, "verbs": ["get", "patch", "update"],
        }]);
        meta::root(&mut entry).insert("subresources".into(), status);
    }
    entry
}
