//! `metadata.managedFields`: reading and writing the list of managers.

use serde_json::{Value, json};

use super::field_set::FieldSet;
use crate::meta;

/// How a manager came to own its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// What tells two entries apart. An applier is the same whatever version it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// Name given by the client.
    pub name: String,
    /// Kind of write.
    pub operation: Operation,
    /// `status`, or nothing.
    pub subresource: String,
}

/// One manager with the fields it owns.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Who.
    pub manager: Manager,
    /// Version of the fields.
    pub api_version: String,
    /// Time of the last change, as stored.
    pub time: String,
    /// Owned fields.
    pub fields: FieldSet,
}

impl Entry {
    /// Whether this is the entry of a manager; updates are also told apart by version.
    pub fn belongs_to(&self, manager: &Manager, api_version: &str) -> bool {
        self.manager == *manager && (manager.operation == Operation::Apply || self.api_version == api_version)
    }

    /// The manager as a conflict names it.
    pub fn conflict_name(&self) -> String {
        let mut text = format!("\"{}\"", self.manager.name);
        if !self.manager.subresource.is_empty() {
            text.push_str(&format!(" with subresource \"{}\"", self.manager.subresource));
        }
        if self.manager.operation == Operation::Update {
            text.push_str(&format!(" using {}", self.api_version));
        }
        text
    }
}

/// The managers of an object; none where the field is missing, reset or cannot be read.
pub fn read(object: &Value) -> Vec<Entry> {
    let list = object.get("metadata").and_then(|meta| meta.get("managedFields")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(read_entry).collect()
}

/// Whether the client asks to forget all managers: a list with one empty entry, or an empty list.
pub fn is_reset(object: &Value) -> bool {
    let list = object.get("metadata").and_then(|meta| meta.get("managedFields")).and_then(Value::as_array);
    list.is_some_and(|list| match list.as_slice() {
        [one] => one.as_object().is_some_and(serde_json::Map::is_empty),
        other => other.is_empty(),
    })
}

fn read_entry(entry: &Value) -> Option<Entry> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let operation = match entry.get("operation").and_then(Value::as_str)? {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    Some(Entry {
        manager: Manager { name: text("manager"), operation, subresource: text("subresource") },
        api_version: text("apiVersion"),
        time: text("time"),
        fields: FieldSet::from_fields_v1(entry.get("fieldsV1")?),
    })
}

/// Stores the managers, in the order in which the API server lists them.
pub fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.fields.is_empty());
    if entries.is_empty() {
        return meta::unset(object, "managedFields");
    }
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.manager.operation, entry.time.clone(), entry.manager.name.clone());
        key(a).cmp(&key(b)).then_with(|| a.manager.subresource.cmp(&b.manager.subresource))
    });
    let list: Vec<Value> = entries.iter().map(write_entry).collect();
    meta::set(object, "managedFields", list);
}

fn write_entry(entry: &Entry) -> Value {
    let operation = match entry.manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut value = json!({
        "manager": entry.manager.name, "operation": operation, "apiVersion": entry.api_version,
        "time": entry.time, "fieldsType": "FieldsV1", "fieldsV1": entry.fields.to_fields_v1(),
    });
    if !entry.manager.subresource.is_empty() {
        meta::root(&mut value).insert("subresource".into(), entry.manager.subresource.as_str().into());
    }
    value
}
