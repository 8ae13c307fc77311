//! Reading JSON as the real server does: keys match in any case, unknown keys are ignored, the last of several wins,
//! a wrong type is an error, `null` is the zero value, and what follows the first document is not looked at.

use std::{collections::BTreeMap, fmt};

use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Why a body or a field could not be read; the text goes into the answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(pub String);

/// The first JSON document of a body.
///
/// # Errors
/// `EOF` for an empty body, otherwise what is wrong with it.
pub fn first_document(body: &[u8]) -> Result<Box<RawValue>, DecodeError> {
    let mut documents = serde_json::Deserializer::from_slice(body).into_iter::<Box<RawValue>>();
    match documents.next() {
        None => Err(DecodeError("EOF".to_owned())),
        Some(Ok(document)) => Ok(document),
        Some(Err(error)) if error.is_eof() => Err(DecodeError("unexpected EOF".to_owned())),
        Some(Err(error)) => {
            Err(DecodeError(format!("invalid character at line {} column {}", error.line(), error.column())))
        }
    }
}

/// An object whose fields are still text.
#[derive(Debug, Default)]
pub struct Object {
    name: &'static str,
    fields: Vec<(String, Box<RawValue>)>,
}

impl Object {
    /// Takes an object (or `null`, which is an object without fields) apart. `name` is what error messages call it.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, DecodeError> {
        let fields = match kind(text) {
            "null" => Vec::new(),
            "object" => {
                serde_json::from_str::<Fields>(text).map_err(|error| DecodeError(error.to_string()))?.0
            }
            other => {
                return Err(DecodeError(format!(
                    "json: cannot unmarshal {other} into Go value of type {name}"
                )));
            }
        };
        Ok(Self { name, fields })
    }

    /// The text of a field, if it is there and not `null`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_or_null(key).filter(|text| *text != "null")
    }

    /// The text of a field, if it is there; `null` is a text.
    pub fn get_or_null(&self, key: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, raw)| raw.get())
    }

    /// A text field; absent is empty.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn string(&self, key: &str) -> Result<String, DecodeError> {
        self.typed(key, "string")
    }

    /// A truth value; absent is false.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn boolean(&self, key: &str) -> Result<bool, DecodeError> {
        self.typed(key, "bool")
    }

    /// A whole number; absent is 0.
    ///
    /// # Errors
    /// When it is of another type, or has a fraction or an exponent.
    pub fn integer(&self, key: &str) -> Result<i64, DecodeError> {
        self.typed(key, "int")
    }

    /// A number; absent is `None`.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn float(&self, key: &str) -> Result<Option<f64>, DecodeError> {
        self.typed(key, "float64")
    }

    /// A list of texts; absent is `None`.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn strings(&self, key: &str) -> Result<Option<Vec<String>>, DecodeError> {
        self.typed(key, "[]string")
    }

    /// A map from text to text; absent is `None`.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn string_map(&self, key: &str) -> Result<Option<BTreeMap<String, String>>, DecodeError> {
        self.typed(key, "map[string]string")
    }

    /// An id; absent or empty is the zero id.
    ///
    /// # Errors
    /// When it is not the text of an id.
    pub fn uuid(&self, key: &str) -> Result<Uuid, DecodeError> {
        let text = self.string(key)?;
        if text.is_empty() {
            return Ok(Uuid::nil());
        }
        Uuid::parse_str(&text).map_err(|_| DecodeError(format!("invalid UUID {text:?}")))
    }

    fn typed<T: serde::de::DeserializeOwned + Default>(
        &self,
        key: &str,
        wanted: &str,
    ) -> Result<T, DecodeError> {
        let Some(text) = self.get(key) else { return Ok(T::default()) };
        serde_json::from_str(text).map_err(|_| {
            DecodeError(format!(
                "json: cannot unmarshal {} into Go struct field {}.{key} of type {wanted}",
                kind(text),
                self.name
            ))
        })
    }
}

/// What kind of JSON value a text is, in the words of the real server's messages.
pub fn kind(text: &str) -> &'static str {
    match text.bytes().next() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "bool",
        Some(b'n') => "null",
        _ => "number",
    }
}

struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry::<String, Box<RawValue>>()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests;
