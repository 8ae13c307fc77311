//! OpenAPI v3: what `kubectl` needs to validate, explain and patch.

use serde_json::{Map, Value, json};

use crate::registry::Registry;
use crate::resource::{Resource, group_version};

/// `/openapi/v3`: where the document of each group and version is.
pub fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for resource in registry.all() {
        let path = match resource.group.as_str() {
            "" => format!("api/{}", resource.version),
            group => format!("apis/{group}/{}", resource.version),
        };
        let url = format!("/openapi/v3/{path}?hash={:016X}", hash(registry, resource));
        paths.insert(path, json!({ "serverRelativeURL": url }));
    }
    json!({ "paths": paths })
}

/// A number that changes with the published schemas, so that clients know when to read them again.
fn hash(registry: &Registry, of: &Resource) -> u64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for resource in registry.in_version(&of.group, &of.version) {
        for byte in resource.plural.bytes().chain(resource.open_api.to_string().bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    state
}

/// The document of one group and version.
pub fn document(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let resources = registry.in_version(group, version);
    if resources.is_empty() {
        return None;
    }
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for resource in &resources {
        let name = schema_name(resource);
        paths.insert(object_path(resource), object_operations(resource, &name));
        paths.insert(collection_path(resource), collection_operations(resource, &name));
        schemas.insert(name, schema(resource));
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.33.0-messina.fake"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

fn schema_name(resource: &Resource) -> String {
    let group = if resource.group.is_empty() { "core" } else { &resource.group };
    let reversed: Vec<&str> = group.split('.').rev().collect();
    format!("{}.{}.{}", reversed.join("."), resource.version, resource.kind)
}

fn collection_path(resource: &Resource) -> String {
    let group_version = group_version(&resource.group, &resource.version);
    let root = if resource.group.is_empty() { "api" } else { "apis" };
    let scope = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    format!("/{root}/{group_version}{scope}/{}", resource.plural)
}

fn object_path(resource: &Resource) -> String {
    format!("{}/{{name}}", collection_path(resource))
}

fn kind_of(resource: &Resource) -> Value {
    json!({"group": resource.group, "version": resource.version, "kind": resource.kind})
}

fn schema(resource: &Resource) -> Value {
    let mut schema = resource.open_api.clone();
    crate::meta::root(&mut schema)
        .insert("x-kubernetes-group-version-kind".into(), json!([kind_of(resource)]));
    schema
}

fn parameter(name: &str, kind: &str) -> Value {
    json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}})
}

fn answers(name: &str) -> Value {
    let content = json!({
        "application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}
    });
    json!({"200": {"description": "OK", "content": content}})
}

fn write_parameters() -> Vec<Value> {
    ["dryRun", "fieldManager", "fieldValidation"].map(|name| parameter(name, "string")).into()
}

fn operation(resource: &Resource, name: &str, action: &str, parameters: Vec<Value>) -> Value {
    json!({
        "description": format!("{action} {}", resource.kind),
        "parameters": parameters,
        "responses": answers(name),
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind_of(resource),
    })
}

fn object_operations(resource: &Resource, name: &str) -> Value {
    let mut patch_parameters = write_parameters();
    patch_parameters.push(parameter("force", "boolean"));
    let mut patch = operation(resource, name, "patch", patch_parameters);
    let mut kinds =
        vec!["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
    if !resource.is_custom() {
        kinds.push("application/strategic-merge-patch+json");
    }
    let content: Map<String, Value> =
        kinds.into_iter().map(|kind| (kind.to_owned(), json!({"schema": {"type": "object"}}))).collect();
    crate::meta::root(&mut patch).insert("requestBody".into(), json!({"content": content, "required": true}));
    json!({
        "get": operation(resource, name, "get", Vec::new()),
        "put": operation(resource, name, "put", write_parameters()),
        "patch": patch,
        "delete": operation(resource, name, "delete", vec![parameter("dryRun", "string")]),
    })
}

fn collection_operations(resource: &Resource, name: &str) -> Value {
    json!({
        "get": operation(resource, name, "list", Vec::new()),
        "post": operation(resource, name, "post", write_parameters()),
    })
}
