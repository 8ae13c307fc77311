//! Structural schemas: the part of OpenAPI v3 that a custom resource definition may use.

mod defaulting;
mod format;
mod parse;
mod prune;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

pub use defaulting::apply_defaults;
pub use prune::prune;
pub use validate::validate;

/// JSON types of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A map or struct.
    Object,
    /// A list.
    Array,
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A truth value.
    Boolean,
}

impl Type {
    /// The name in a schema and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// How a list is merged by server-side apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListKind {
    /// Replaced as a whole.
    #[default]
    Atomic,
    /// Unique scalars, each owned on its own.
    Set,
    /// Objects told apart by these keys.
    Map(Vec<String>),
}

/// Rules on values that a type alone does not express.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Smallest number, and whether it is excluded.
    pub minimum: Option<(f64, bool)>,
    /// Largest number, and whether it is excluded.
    pub maximum: Option<(f64, bool)>,
    /// Divisor of a number.
    pub multiple_of: Option<f64>,
    /// Shortest text, in characters.
    pub min_length: Option<u64>,
    /// Longest text, in characters.
    pub max_length: Option<u64>,
    /// Expression that a text must match.
    pub pattern: Option<Regex>,
    /// Named form of a text or number.
    pub format: Option<String>,
    /// Fewest items of a list.
    pub min_items: Option<u64>,
    /// Most items of a list.
    pub max_items: Option<u64>,
    /// Whether items of a list must differ.
    pub unique_items: bool,
    /// Fewest keys of a map.
    pub min_properties: Option<u64>,
    /// Most keys of a map.
    pub max_properties: Option<u64>,
    /// Every one must hold.
    pub all_of: Vec<Schema>,
    /// At least one must hold.
    pub any_of: Vec<Schema>,
    /// Exactly one must hold.
    pub one_of: Vec<Schema>,
    /// Must not hold.
    pub not: Option<Box<Schema>>,
}

/// One node of a structural schema.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Type; none with `int_or_string`, or where anything goes.
    pub kind: Option<Type>,
    /// Known fields of a struct.
    pub properties: BTreeMap<String, Schema>,
    /// Values of a map.
    pub additional: Option<Box<Schema>>,
    /// Items of a list.
    pub items: Option<Box<Schema>>,
    /// Fields that must be there.
    pub required: Vec<String>,
    /// Value of a missing field.
    pub default: Option<Value>,
    /// Closed list of values.
    pub allowed: Vec<Value>,
    /// Whether null is a value.
    pub nullable: bool,
    /// Unknown fields are kept.
    pub preserve_unknown: bool,
    /// A number or a text.
    pub int_or_string: bool,
    /// A whole Kubernetes object of another kind.
    pub embedded_resource: bool,
    /// Merge behaviour of a list.
    pub list: ListKind,
    /// The map or struct is replaced as a whole by server-side apply.
    pub atomic_map: bool,
    /// Rules on values; boxed because most nodes have none.
    pub rules: Option<Box<Rules>>,
}

impl Schema {
    /// Reads a schema from its JSON form; parts it does not know are ignored, a broken pattern never matches
    /// a rule and is left out.
    pub fn parse(value: &Value) -> Self {
        parse::schema(value)
    }

    /// The schema of a field or map value of this object.
    pub fn child(&self, field: &str) -> Option<&Self> {
        self.properties.get(field).or(self.additional.as_deref())
    }
}
