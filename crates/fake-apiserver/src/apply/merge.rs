//! Merging a configuration into an object, and taking fields out of one.

use serde_json::{Map, Value};

use super::field_set::FieldSet;
use super::node::{ListShape, MapShape, Node, Shape, key_element};

/// The live object with the applied configuration laid over it.
pub fn merge(live: &Value, applied: &Value, node: Node<'_>) -> Value {
    match node.shape(Some(applied)) {
        Shape::Leaf => applied.clone(),
        Shape::Map(shape) => match (live.as_object(), applied.as_object()) {
            (Some(live), Some(applied)) => merge_maps(live, applied, shape),
            _ => applied.clone(),
        },
        Shape::List(shape) => match (live.as_array(), applied.as_array()) {
            (Some(live), Some(applied)) => merge_lists(live, applied, shape),
            _ => applied.clone(),
        },
    }
}

fn merge_maps(live: &Map<String, Value>, applied: &Map<String, Value>, shape: MapShape<'_>) -> Value {
    let mut merged = live.clone();
    for (key, value) in applied {
        let node = shape.child(key).unwrap_or(Node::Deduced);
        let value = match live.get(key) {
            Some(old) => merge(old, value, node),
            None => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    Value::Object(merged)
}

fn merge_lists(live: &[Value], applied: &[Value], shape: ListShape<'_>) -> Value {
    let element = |item: &Value| shape.element(item).ok();
    let mut merged: Vec<Value> = Vec::new();
    for old in live {
        let new = applied.iter().find(|item| element(item).is_some() && element(item) == element(old));
        merged.push(new.map_or_else(|| old.clone(), |new| merge(old, new, shape.item())));
    }
    let known: Vec<Option<String>> = live.iter().map(element).collect();
    merged.extend(applied.iter().filter(|item| !known.contains(&element(item))).cloned());
    Value::Array(merged)
}

/// The value without the given fields; none where nothing of it is left.
pub fn remove(value: &Value, fields: &FieldSet, node: Node<'_>) -> Option<Value> {
    match node.shape(Some(value)) {
        Shape::Leaf => Some(value.clone()),
        Shape::Map(shape) => {
            let map = value.as_object()?;
            let mut left = Map::new();
            for (key, child) in map {
                let element = key_element(key);
                if fields.has(&element) {
                    continue;
                }
                let node = shape.child(key).unwrap_or(Node::Deduced);
                let child = match fields.child(&element) {
                    Some(below) => remove(child, below, node),
                    None => Some(child.clone()),
                };
                if let Some(child) = child {
                    left.insert(key.clone(), child);
                }
            }
            (!left.is_empty() || map.is_empty()).then_some(Value::Object(left))
        }
        Shape::List(shape) => {
            let list = value.as_array()?;
            let left: Vec<Value> = list.iter().filter_map(|item| keep(item, fields, shape)).collect();
            (!left.is_empty() || list.is_empty()).then_some(Value::Array(left))
        }
    }
}

fn keep(item: &Value, fields: &FieldSet, shape: ListShape<'_>) -> Option<Value> {
    let Ok(element) = shape.element(item) else { return Some(item.clone()) };
    if fields.has(&element) {
        return None;
    }
    match fields.child(&element) {
        Some(below) => remove(item, below, shape.item()),
        None => Some(item.clone()),
    }
}
