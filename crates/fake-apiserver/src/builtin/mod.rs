//! The resources that are served without any custom resource definition.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::resource::{Column, Family, Resource};
use crate::schema::Schema;

const OBJECT_META: &str = include_str!("schemas/object-meta.json");

struct Declared {
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short: &'static [&'static str],
    categories: &'static [&'static str],
    namespaced: bool,
    has_status: bool,
    family: Family,
    schema: &'static str,
    /// Name, priority and path; the path is empty for values that are computed.
    columns: &'static [(&'static str, i64, &'static str)],
}

const DECLARED: [Declared; 7] = [
    Declared {
        group: "",
        plural: "namespaces",
        kind: "Namespace",
        short: &["ns"],
        categories: &[],
        namespaced: false,
        has_status: true,
        family: Family::Namespace,
        schema: include_str!("schemas/namespace.json"),
        columns: &[("Status", 0, ".status.phase"), ("Age", 0, "")],
    },
    Declared {
        group: "",
        plural: "secrets",
        kind: "Secret",
        short: &[],
        categories: &[],
        namespaced: true,
        has_status: false,
        family: Family::Secret,
        schema: include_str!("schemas/secret.json"),
        columns: &[("Type", 0, ".type"), ("Data", 0, ""), ("Age", 0, "")],
    },
    Declared {
        group: "",
        plural: "configmaps",
        kind: "ConfigMap",
        short: &["cm"],
        categories: &[],
        namespaced: true,
        has_status: false,
        family: Family::ConfigMap,
        schema: include_str!("schemas/config-map.json"),
        columns: &[("Data", 0, ""), ("Age", 0, "")],
    },
    Declared {
        group: "",
        plural: "events",
        kind: "Event",
        short: &["ev"],
        categories: &[],
        namespaced: true,
        has_status: false,
        family: Family::CoreEvent,
        schema: include_str!("schemas/core-event.json"),
        columns: EVENT_COLUMNS,
    },
    Declared {
        group: "events.k8s.io",
        plural: "events",
        kind: "Event",
        short: &["ev"],
        categories: &[],
        namespaced: true,
        has_status: false,
        family: Family::Event,
        schema: include_str!("schemas/event.json"),
        columns: EVENT_COLUMNS,
    },
    Declared {
        group: "coordination.k8s.io",
        plural: "leases",
        kind: "Lease",
        short: &[],
        categories: &[],
        namespaced: true,
        has_status: false,
        family: Family::Lease,
        schema: include_str!("schemas/lease.json"),
        columns: &[("Holder", 0, ".spec.holderIdentity"), ("Age", 0, "")],
    },
    Declared {
        group: "apiextensions.k8s.io",
        plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition",
        short: &["crd", "crds"],
        categories: &["api-extensions"],
        namespaced: false,
        has_status: true,
        family: Family::Definition,
        schema: include_str!("schemas/definition.json"),
        columns: &[("Created At", 0, ".metadata.creationTimestamp")],
    },
];

const EVENT_COLUMNS: &[(&str, i64, &str)] = &[
    ("Last Seen", 0, ""),
    ("Type", 0, ".type"),
    ("Reason", 0, ".reason"),
    ("Object", 0, ""),
    ("Subobject", 1, ".involvedObject.fieldPath"),
    ("Source", 1, ""),
    ("Message", 0, ".message"),
    ("First Seen", 1, ""),
    ("Count", 1, ""),
    ("Name", 1, ".metadata.name"),
];

/// All built-in resources.
pub fn resources() -> Vec<Resource> {
    DECLARED.iter().map(resource).collect()
}

fn resource(declared: &Declared) -> Resource {
    let open_api = with_type_and_metadata(parsed(declared.schema));
    let storage_api_version = match (declared.family, declared.group) {
        (Family::Event, _) | (_, "") => "v1".to_owned(),
        (_, group) => format!("{group}/v1"),
    };
    // Both event resources are two views of one table, as in the API server.
    let table_group = if declared.family == Family::Event { "" } else { declared.group };
    Resource {
        group: declared.group.to_owned(),
        version: "v1".to_owned(),
        plural: declared.plural.to_owned(),
        singular: String::new(),
        kind: declared.kind.to_owned(),
        list_kind: format!("{}List", declared.kind),
        short_names: owned(declared.short),
        categories: owned(declared.categories),
        namespaced: declared.namespaced,
        has_status: declared.has_status,
        family: declared.family,
        table: Arc::from(format!("{table_group}/{}", declared.plural)),
        storage_api_version,
        schema: Arc::new(Schema::parse(&open_api)),
        open_api,
        columns: declared.columns.iter().map(column).collect(),
    }
}

fn column((name, priority, path): &(&str, i64, &str)) -> Column {
    let kind = if *name == "Created At" { "date" } else { "string" };
    Column {
        name: (*name).to_owned(),
        kind: kind.to_owned(),
        format: String::new(),
        description: format!("{name} of the object."),
        priority: *priority,
        path: (*path).to_owned(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A schema with `apiVersion`, `kind` and the real `metadata` in place of whatever it says of them.
pub fn with_type_and_metadata(mut schema: Value) -> Value {
    if let Value::Object(root) = &mut schema {
        let properties = root.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(properties) = properties {
            let text = |what: &str| json!({"type": "string", "description": what});
            properties.insert("apiVersion".into(), text("Group and version of the object."));
            properties.insert("kind".into(), text("Kind of the object."));
            properties.insert("metadata".into(), parsed(OBJECT_META));
        }
    }
    schema
}

/// The schemas are part of this crate and a test reads them all.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_json_with_properties() {
        assert!(!Schema::parse(&parsed(OBJECT_META)).properties.is_empty());
        for declared in &DECLARED {
            let schema = Schema::parse(&parsed(declared.schema));
            assert!(!schema.properties.is_empty(), "{} has a schema", declared.kind);
        }
    }
}
