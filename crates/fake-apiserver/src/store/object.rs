//! One stored state of one object.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

/// An immutable state of an object; its JSON is made once and shared by every answer.
#[derive(Debug)]
pub struct Object {
    value: Value,
    revision: u64,
    json: OnceLock<Bytes>,
}

impl Object {
    /// A state as of a revision.
    pub fn new(value: Value, revision: u64) -> Self {
        Self { value, revision, json: OnceLock::new() }
    }

    /// The object.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The revision of the write that made this state.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The object as JSON.
    pub fn json(&self) -> &Bytes {
        self.json.get_or_init(|| Bytes::from(self.value.to_string()))
    }
}
