//! Everything that a user can see Messina do is decided here: pure functions from what is declared and
//! what is observed to at most one next step. `messina plan` prints these same values.

pub mod entries;
pub mod registration;
pub mod task;
pub mod token;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::names::{FINGERPRINT_LABEL, OPERATOR_OWNER_LABEL, OPERATOR_OWNER_SENTINEL, OWNER_LABEL};

/// One field that differs between what is declared and what Manager holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Name of the field, as Manager calls it.
    pub field: String,
    /// What Manager holds.
    pub from: String,
    /// What is declared.
    pub to: String,
}

impl Change {
    fn new(field: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { field: field.into(), from: from.into(), to: to.into() }
    }
}

/// Notes a difference.
fn compare(changes: &mut Vec<Change>, field: &str, from: impl ToString, to: impl ToString) {
    let (from, to) = (from.to_string(), to.to_string());
    if from != to {
        changes.push(Change::new(field, from, to));
    }
}

/// Whether the labels of something in Manager say that it is the owner's.
pub fn is_owned(labels: &BTreeMap<String, String>, owner: &str) -> bool {
    labels.get(OWNER_LABEL).is_some_and(|value| value == owner)
}

/// The labels to write: ours, over whatever foreign ones are there.
fn labels(existing: &BTreeMap<String, String>, owner: &str, declared: &str) -> BTreeMap<String, String> {
    let digest: String = Sha256::digest(declared).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let mut labels = existing.clone();
    labels.insert(OWNER_LABEL.into(), owner.into());
    labels.insert(FINGERPRINT_LABEL.into(), digest);
    labels.insert(OPERATOR_OWNER_LABEL.into(), OPERATOR_OWNER_SENTINEL.into());
    labels
}

/// Notes when one of the labels that protect us is missing. The fingerprint alone is no reason to write:
/// it follows with the next real change.
fn compare_labels(changes: &mut Vec<Change>, existing: &BTreeMap<String, String>, owner: &str) {
    let found = |key: &str| existing.get(key).cloned().unwrap_or_default();
    compare(changes, "label owner", found(OWNER_LABEL), owner);
    compare(changes, "label operator owner-uid", found(OPERATOR_OWNER_LABEL), OPERATOR_OWNER_SENTINEL);
}
