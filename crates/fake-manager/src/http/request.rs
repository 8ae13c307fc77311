//! A call taken apart: path segments, query and body.

use bytes::Bytes;
use http::Method;

use crate::{
    error::ApiError,
    wire::decode::{DecodeError, first_document},
};

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub method: Method,
    /// As sent, still encoded.
    pub path: String,
    pub query: Query,
    pub body: Bytes,
    /// Names are not checked for this call.
    pub racy: bool,
}

impl Call {
    /// The first document of the body.
    pub fn document(&self) -> Result<Box<serde_json::value::RawValue>, DecodeError> {
        first_document(&self.body)
    }

    /// What `Location` is for something created by this call: a reference relative to the call's own path.
    pub fn location(&self, relative: &str) -> String {
        let base = self.path.rfind('/').and_then(|end| self.path.get(..=end)).unwrap_or("/");
        format!("{base}{relative}")
    }
}

/// The parameters of a query.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; what is not properly encoded is left out.
    pub fn parse(text: &str) -> Self {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            Some((decode(key)?, decode(value)?))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).filter_map(pair).collect())
    }

    /// The first value of a parameter; empty counts as absent.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A truth value, in any of the spellings that the real server takes.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.get(key) {
            None => Ok(None),
            Some("1" | "t" | "T" | "TRUE" | "true" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "FALSE" | "false" | "False") => Ok(Some(false)),
            Some(other) => {
                Err(ApiError::malformed(format!("strconv.ParseBool: parsing {other:?}: invalid syntax")))
            }
        }
    }
}

/// Decodes with the rules of queries, which the real server applies to path segments, too: `+` is a space.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            other => bytes.push(other),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
