//! What two right answers may differ in.

use serde_json::{Map, Value};

use super::step::Compare;

/// Values that every server makes up for itself.
const MADE_UP: [&str; 9] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "lastTransitionTime",
    "time",
    "continue",
    "description",
    "storageVersionHash",
];

/// Set by servers from 1.21 on, which the fake follows here, and not yet by 1.20.
const NEWER: [&str; 3] = ["subresource", "kubernetes.io/metadata.name", "f:kubernetes.io/metadata.name"];

/// The documents of a body in comparable form: one, or one for every event of a watch.
pub fn body(text: &str, compare: Compare) -> Vec<Value> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return vec![value_of(&value, compare)];
    }
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if lines.is_empty() {
        return vec![Value::from(text.trim())];
    }
    let bookmark = |event: &&Value| event["type"] != "BOOKMARK";
    lines.iter().filter(bookmark).map(|event| value_of(event, compare)).collect()
}

fn value_of(value: &Value, compare: Compare) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter_map(|(key, value)| entry(key, value, compare));
            Value::Object(kept.collect::<Map<String, Value>>())
        }
        Value::Array(list) => list.iter().map(|item| value_of(item, compare)).collect(),
        Value::String(text) => Value::from(message(text)),
        other => other.clone(),
    }
}

fn entry(key: &str, value: &Value, compare: Compare) -> Option<(String, Value)> {
    if NEWER.contains(&key) || key == "storageVersionHash" {
        return None;
    }
    if key == "managedFields" && compare == Compare::WithoutManagers {
        return None;
    }
    let value = match (key, value) {
        (key, Value::String(text)) if MADE_UP.contains(&key) && !text.is_empty() => Value::from("made up"),
        ("causes" | "managedFields", Value::Array(list)) => sorted(list, compare),
        ("items", Value::Array(list)) if compare == Compare::AnyOrder => sorted(list, compare),
        ("cells", Value::Array(cells)) => cells.iter().map(cell).collect(),
        _ => value_of(value, compare),
    };
    let emptied = key == "labels" && value.as_object().is_some_and(Map::is_empty);
    (!emptied).then(|| (key.to_owned(), value))
}

/// Causes come in any order, and the same one twice where a real server validates twice; managers are ordered
/// by the second in which they wrote.
fn sorted(list: &[Value], compare: Compare) -> Value {
    let mut list: Vec<Value> = list.iter().map(|item| value_of(item, compare)).collect();
    list.sort_by_key(ToString::to_string);
    list.dedup();
    Value::Array(list)
}

/// Ages in a table.
fn cell(cell: &Value) -> Value {
    let is_age = cell.as_str().is_some_and(|text| {
        text.ends_with(['s', 'm', 'h']) && text.starts_with(|first: char| first.is_ascii_digit())
    });
    if is_age { Value::from("an age") } else { cell.clone() }
}

/// Messages name identities and revisions, and newer servers the subresource of a manager.
fn message(text: &str) -> String {
    let text = text.replace(" with subresource \"status\"", "");
    let text = text.split(", current: ").next().unwrap_or_default();
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let bare = word.trim_matches(|c: char| matches!(c, '(' | ')' | ',' | '.'));
    let is_uid = bare.len() == 36 && bare.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let is_number = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit()) && bare != word;
    if is_uid || is_number { word.replace(bare, "…") } else { word.to_owned() }
}
