//! From a definition to the resources that it declares.

use std::sync::Arc;

use serde_json::Value;

use crate::builtin;
use crate::resource::{Column, Family, Resource, group_version};
use crate::schema::Schema;

/// Group and plural name of a definition.
pub fn address(definition: &Value) -> (String, String) {
    (text(definition, "/spec/group"), text(definition, "/spec/names/plural"))
}

/// One resource for every served version.
pub fn resources(definition: &Value) -> Vec<Resource> {
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let versions: Vec<&Value> = versions.into_iter().flatten().collect();
    let storage = versions.iter().find(|version| flag(version, "storage"));
    let storage = storage.map(|version| text(version, "/name")).unwrap_or_default();
    let served = versions.into_iter().filter(|version| flag(version, "served"));
    served.map(|version| resource(definition, version, &storage)).collect()
}

fn resource(definition: &Value, version: &Value, storage: &str) -> Resource {
    let (group, plural) = address(definition);
    let schema = version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default();
    let open_api = builtin::with_type_and_metadata(schema);
    Resource {
        version: text(version, "/name"),
        singular: text(definition, "/spec/names/singular"),
        kind: text(definition, "/spec/names/kind"),
        list_kind: text(definition, "/spec/names/listKind"),
        short_names: texts(definition.pointer("/spec/names/shortNames")),
        categories: texts(definition.pointer("/spec/names/categories")),
        namespaced: text(definition, "/spec/scope") == "Namespaced",
        has_status: version.pointer("/subresources/status").is_some(),
        family: Family::Custom,
        table: Arc::from(format!("{group}/{plural}")),
        storage_api_version: group_version(&group, storage),
        schema: Arc::new(Schema::parse(&open_api)),
        open_api,
        columns: columns(version),
        group,
        plural,
    }
}

fn columns(version: &Value) -> Vec<Column> {
    let declared = version.get("additionalPrinterColumns").and_then(Value::as_array);
    let columns: Vec<Column> = declared.into_iter().flatten().map(column).collect();
    if !columns.is_empty() {
        return columns;
    }
    vec![Column {
        name: "Age".to_owned(),
        kind: "date".to_owned(),
        format: String::new(),
        description: "Time since the object was made.".to_owned(),
        priority: 0,
        path: ".metadata.creationTimestamp".to_owned(),
    }]
}

fn column(declared: &Value) -> Column {
    let path = text(declared, "/jsonPath");
    let description = match text(declared, "/description") {
        text if text.is_empty() => {
            format!("Custom resource definition column (in JSONPath format): {path}")
        }
        text => text,
    };
    Column {
        name: text(declared, "/name"),
        kind: text(declared, "/type"),
        format: text(declared, "/format"),
        description,
        priority: declared.get("priority").and_then(Value::as_i64).unwrap_or(0),
        path,
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool).unwrap_or(false)
}
