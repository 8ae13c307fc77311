//! Repeated flags of the form `DATACENTER=VALUE`, which clap takes as plain text:
//! `#[arg(long, value_name = "DC=URL", value_delimiter = ',')] watcher: Vec<String>`.

use std::collections::BTreeMap;

use crate::config_error::ConfigErrors;

/// The values by datacenter; every mistake goes to `errors`. A datacenter that has no value of its own, since
/// the `=` is missing, is there with `None`: it was meant. Of one that is named twice the first value stays.
pub fn by_name(flag: &str, texts: &[String], errors: &mut ConfigErrors) -> BTreeMap<String, Option<String>> {
    let mut map = BTreeMap::new();
    for text in texts {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text.as_str(), None),
        };
        if value.is_none() {
            errors.add(flag, text, "there is no \"=\" in it", "write DATACENTER=VALUE");
        }
        if !is_label(name) {
            if value.is_some() {
                let problem = format!("the datacenter {name:?} is not a name");
                let remedy = "use 1 to 63 lower-case letters, digits and '-', like eu-west-1";
                errors.add(flag, text, problem, remedy);
            }
            continue;
        }
        if map.contains_key(name) {
            errors.add(flag, text, "datacenter named more than once", "keep one value per datacenter");
            continue;
        }
        map.insert(name.to_owned(), value);
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
