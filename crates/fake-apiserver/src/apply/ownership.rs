//! The set of fields that a configuration speaks of, and whether it fits the schema at all.

use serde_json::Value;

use super::field_set::FieldSet;
use super::node::{ListShape, MapShape, Node, Shape, key_element, map_key};
use crate::schema::Type;

/// The fields of a value: leaves, list items, and map entries.
pub fn fields_of(value: &Value, node: Node<'_>) -> FieldSet {
    match node.shape(Some(value)) {
        Shape::Leaf => FieldSet::default(),
        Shape::Map(shape) => map_fields(value, shape),
        Shape::List(shape) => list_fields(value, shape),
    }
}

fn map_fields(value: &Value, shape: MapShape<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    for (key, child) in value.as_object().into_iter().flatten() {
        let Some(node) = shape.child(key) else { continue };
        let element = key_element(key);
        let leaf = matches!(node.shape(Some(child)), Shape::Leaf);
        let empty = child.is_null() || child.as_object().is_some_and(serde_json::Map::is_empty);
        if leaf || empty || !shape.is_field(key) {
            set.insert_member(element.clone());
        }
        if !leaf {
            set.insert_child(element, fields_of(child, node));
        }
    }
    set
}

fn list_fields(value: &Value, shape: ListShape<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    for item in value.as_array().into_iter().flatten() {
        let Ok(element) = shape.element(item) else { continue };
        set.insert_child(element.clone(), fields_of(item, shape.item()));
        set.insert_member(element);
    }
    set
}

/// The set with every struct field on the way to a path added, so that removing all of a struct removes it.
pub fn with_parents(set: &FieldSet, node: Node<'_>) -> FieldSet {
    let mut all = set.clone();
    for (element, below) in set.children() {
        let child = match (node.shape(Some(&Value::Object(serde_json::Map::new()))), map_key(element)) {
            (Shape::Map(shape), Some(key)) => {
                if shape.is_field(key) && !below.is_empty() {
                    all.insert_member(element.clone());
                }
                shape.child(key)
            }
            (Shape::List(shape), None) => Some(shape.item()),
            _ => None,
        };
        all.insert_child(element.clone(), with_parents(below, child.unwrap_or(Node::Deduced)));
    }
    all
}

/// Checks that a configuration can be read with the schema.
///
/// # Errors
/// The first thing that does not fit, in the words of the API server.
pub fn check(value: &Value, node: Node<'_>, path: &str) -> Result<(), String> {
    let Node::Known(schema) = node else { return Ok(()) };
    if !value.is_null()
        && let Some(expected) = schema.kind.and_then(|kind| mismatch(value, kind))
    {
        return Err(format!("{path}: {expected}, got {}", go_kind(value)));
    }
    match node.shape(Some(value)) {
        Shape::Leaf => Ok(()),
        Shape::Map(shape) => {
            for (key, child) in value.as_object().into_iter().flatten() {
                let at = format!("{path}.{key}");
                match shape.child(key) {
                    Some(node) => check(child, node, &at)?,
                    None => return Err(format!("{at}: field not declared in schema")),
                }
            }
            Ok(())
        }
        Shape::List(shape) => check_list(value, shape, path),
    }
}

fn check_list(value: &Value, shape: ListShape<'_>, path: &str) -> Result<(), String> {
    let mut seen: Vec<String> = Vec::new();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let element = shape.element(item).map_err(|why| format!("{path}: element {index}: {why}"))?;
        if seen.contains(&element) {
            let mut shown = FieldSet::default();
            shown.insert_member(element);
            return Err(format!("{path}: duplicate entries for key {}", shown.display_paths().concat()));
        }
        check(item, shape.item(), &format!("{path}[{index}]"))?;
        seen.push(element);
    }
    Ok(())
}

fn mismatch(value: &Value, kind: Type) -> Option<&'static str> {
    let (fits, expected) = match kind {
        Type::Object => (value.is_object(), "expected map"),
        Type::Array => (value.is_array(), "expected list"),
        Type::String => (value.is_string(), "expected string"),
        Type::Boolean => (value.is_boolean(), "expected boolean"),
        Type::Integer | Type::Number => (value.is_number(), "expected numeric (int or float)"),
    };
    (!fits).then_some(expected)
}

/// What Go's formatter calls the type of a decoded value inside the merge library.
fn go_kind(value: &Value) -> String {
    match value {
        Value::Object(_) => "&{map}".to_owned(),
        Value::Array(_) => "&{list}".to_owned(),
        _ => "*value.valueUnstructured".to_owned(),
    }
}
