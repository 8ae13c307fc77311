//! What the schema says about one value, as far as merging is concerned.

use serde_json::Value;

use super::field_set::field_element;
use crate::schema::{ListKind, Schema, Type};

/// A place in the schema, or a place below which the schema says nothing.
#[derive(Debug, Clone, Copy)]
pub enum Node<'a> {
    /// Described by a schema.
    Known(&'a Schema),
    /// Merged by the look of the value: maps key by key, everything else as a whole.
    Deduced,
}

/// How a value is merged.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'a> {
    /// As a whole.
    Leaf,
    /// Key by key.
    Map(MapShape<'a>),
    /// Item by item.
    List(ListShape<'a>),
}

/// A granular map or struct.
#[derive(Debug, Clone, Copy)]
pub struct MapShape<'a> {
    schema: Option<&'a Schema>,
}

/// A list whose items are told apart by value or by keys.
#[derive(Debug, Clone, Copy)]
pub struct ListShape<'a> {
    schema: &'a Schema,
}

impl<'a> Node<'a> {
    /// How this value is merged here; the value matters only where the schema is silent.
    pub fn shape(self, value: Option<&Value>) -> Shape<'a> {
        let deduced = || match value {
            Some(Value::Object(_)) => Shape::Map(MapShape { schema: None }),
            _ => Shape::Leaf,
        };
        match self {
            Node::Deduced => deduced(),
            Node::Known(schema) => match schema.kind {
                Some(Type::Object) if schema.atomic_map => Shape::Leaf,
                Some(Type::Object) => Shape::Map(MapShape { schema: Some(schema) }),
                Some(Type::Array) if schema.list != ListKind::Atomic => Shape::List(ListShape { schema }),
                None if schema.preserve_unknown && !schema.int_or_string => deduced(),
                _ => Shape::Leaf,
            },
        }
    }
}

impl<'a> MapShape<'a> {
    /// Whether the key is a field of a struct, which is there even if nothing in it is set.
    pub fn is_field(self, key: &str) -> bool {
        self.schema.is_some_and(|schema| schema.properties.contains_key(key))
    }

    /// The place below a key; none where the schema does not allow the key.
    pub fn child(self, key: &str) -> Option<Node<'a>> {
        let Some(schema) = self.schema else { return Some(Node::Deduced) };
        match schema.child(key) {
            Some(child) => Some(Node::Known(child)),
            None if schema.preserve_unknown => Some(Node::Deduced),
            None => None,
        }
    }
}

impl<'a> ListShape<'a> {
    /// The place of every item.
    pub fn item(self) -> Node<'a> {
        self.schema.items.as_deref().map_or(Node::Deduced, Node::Known)
    }

    /// The path element that tells this item apart.
    ///
    /// # Errors
    /// An item without one of the keys (and without a default for it) cannot be told apart.
    pub fn element(self, item: &Value) -> Result<String, String> {
        let ListKind::Map(keys) = &self.schema.list else { return Ok(format!("v:{item}")) };
        let mut found = serde_json::Map::new();
        for key in keys {
            let default = || self.schema.items.as_ref()?.child(key)?.default.as_ref();
            match item.get(key).or_else(default) {
                Some(value) => found.insert(key.clone(), value.clone()),
                None => {
                    return Err(format!(
                        "associative list with keys has an element that omits key field \"{key}\""
                    ));
                }
            };
        }
        Ok(format!("k:{}", Value::Object(found)))
    }
}

/// The key of a map element of a path.
pub fn map_key(element: &str) -> Option<&str> {
    element.strip_prefix("f:")
}

/// The path element of a map key.
pub fn key_element(key: &str) -> String {
    field_element(key)
}
