//! Repeated flags of the form `DATACENTER=VALUE`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;
use std::str::FromStr;

use crate::config_error::ConfigErrors;

/// A value for one datacenter, written `DATACENTER=VALUE`. clap takes it as a field type without further ado:
/// `#[arg(long, value_name = "DC=URL", value_delimiter = ',')] watcher: Vec<Named<http::Uri>>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    /// The datacenter: an RFC 1123 label.
    pub name: String,
    /// What belongs to it.
    pub value: T,
}

/// Why a `DATACENTER=VALUE` cannot be accepted.
#[derive(Debug, thiserror::Error)]
pub enum NamedError {
    /// There is no `=`.
    #[error("no \"=\" in {0:?}: write DATACENTER=VALUE")]
    NoSeparator(String),
    /// The part before the `=` is not an RFC 1123 label.
    #[error(
        "datacenter name {0:?} is not 1 to 63 of a-z, 0-9 and \"-\", with a letter or digit at both ends"
    )]
    BadName(String),
    /// The part after the `=` does not parse.
    #[error("value {value:?} of datacenter {name:?}: {reason}")]
    BadValue {
        /// The datacenter.
        name: String,
        /// What was written.
        value: String,
        /// What its parser says.
        reason: String,
    },
}

impl<T: FromStr<Err: Display>> FromStr for Named<T> {
    type Err = NamedError;

    fn from_str(text: &str) -> Result<Self, NamedError> {
        let (name, value) = text.split_once('=').ok_or_else(|| NamedError::NoSeparator(text.to_owned()))?;
        if !is_label(name) {
            return Err(NamedError::BadName(name.to_owned()));
        }
        let bad = |reason: T::Err| NamedError::BadValue {
            name: name.to_owned(),
            value: value.to_owned(),
            reason: reason.to_string(),
        };
        Ok(Self { name: name.to_owned(), value: value.parse().map_err(bad)? })
    }
}

/// The values by datacenter. A datacenter that is named twice goes to `errors`; its first value stays.
pub fn by_name<T>(flag: &str, values: Vec<Named<T>>, errors: &mut ConfigErrors) -> BTreeMap<String, T> {
    let mut map = BTreeMap::new();
    for Named { name, value } in values {
        match map.entry(name) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(place) => {
                errors.add(
                    flag,
                    place.key(),
                    "datacenter named more than once",
                    "keep one value per datacenter",
                );
            }
        }
    }
    map
}

/// Whether this is a label of RFC 1123, as Kubernetes takes it: lower case, at most 63 characters.
pub fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| inner(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| inner(*byte))
        && bytes.last().is_some_and(|byte| inner(*byte))
}

#[cfg(test)]
mod tests;
