//! The difference between two states of an object, as sets of fields.

use std::collections::BTreeSet;

use serde_json::Value;

use super::field_set::FieldSet;
use super::node::{ListShape, MapShape, Node, Shape, key_element};

/// Fields that differ between two states.
#[derive(Debug, Default)]
pub struct Difference {
    /// Only in the new state.
    pub added: FieldSet,
    /// In both, with different values.
    pub modified: FieldSet,
    /// Only in the old state.
    pub removed: FieldSet,
}

impl Difference {
    /// Compares two whole objects.
    pub fn between(old: &Value, new: &Value, root: Node<'_>) -> Self {
        let mut walk = Walk { path: Vec::new(), found: Self::default() };
        walk.visit(Some(old), Some(new), root);
        walk.found
    }

    /// Fields that the new state sets anew or differently.
    pub fn written(&self) -> FieldSet {
        self.added.clone().union(&self.modified)
    }
}

struct Walk {
    path: Vec<String>,
    found: Difference,
}

impl Walk {
    fn visit(&mut self, old: Option<&Value>, new: Option<&Value>, node: Node<'_>) {
        if old.is_some() && old == new {
            return;
        }
        let (before, after) = (node.shape(old.or(new)), node.shape(new.or(old)));
        let both_empty = old.is_none_or(is_empty) && new.is_none_or(is_empty);
        match (before, after) {
            _ if both_empty => self.leaf(old, new),
            (Shape::Map(_), Shape::Map(shape)) => self.map(old, new, shape),
            (Shape::List(_), Shape::List(shape)) => self.list(old, new, shape),
            _ => return self.leaf(old, new),
        }
        match (old, new) {
            (None, Some(_)) => self.found.added.insert_path(&self.path),
            (Some(_), None) => self.found.removed.insert_path(&self.path),
            _ => {}
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, _) => self.found.added.insert_path(&self.path),
            (_, None) => self.found.removed.insert_path(&self.path),
            _ => self.found.modified.insert_path(&self.path),
        }
    }

    fn map(&mut self, old: Option<&Value>, new: Option<&Value>, shape: MapShape<'_>) {
        let entries = |side: Option<&Value>| -> Vec<String> {
            side.and_then(Value::as_object).map(|map| map.keys().cloned().collect()).unwrap_or_default()
        };
        let keys: BTreeSet<String> = entries(old).into_iter().chain(entries(new)).collect();
        for key in keys {
            let value = |side: Option<&Value>| side.and_then(|side| side.get(&key)).cloned();
            let (before, after) = (value(old), value(new));
            self.path.push(key_element(&key));
            self.visit(before.as_ref(), after.as_ref(), shape.child(&key).unwrap_or(Node::Deduced));
            self.path.pop();
        }
    }

    fn list(&mut self, old: Option<&Value>, new: Option<&Value>, shape: ListShape<'_>) {
        let before = index(old, shape);
        let after = index(new, shape);
        let added = after.iter().filter(|(element, _)| find(&before, element).is_none());
        for (element, item) in before
            .iter()
            .map(|(element, item)| (element, Some(*item)))
            .chain(added.map(|(element, _)| (element, None)))
        {
            self.path.push(element.clone());
            self.visit(item, find(&after, element), shape.item());
            self.path.pop();
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Null => true,
        _ => false,
    }
}

type Indexed<'v> = Vec<(String, &'v Value)>;

fn index<'v>(list: Option<&'v Value>, shape: ListShape<'_>) -> Indexed<'v> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let mut indexed: Indexed<'v> = Vec::new();
    for item in items {
        let Ok(element) = shape.element(item) else { continue };
        if find(&indexed, &element).is_none() {
            indexed.push((element, item));
        }
    }
    indexed
}

fn find<'v>(indexed: &Indexed<'v>, element: &str) -> Option<&'v Value> {
    indexed.iter().find(|(one, _)| one == element).map(|(_, item)| *item)
}
