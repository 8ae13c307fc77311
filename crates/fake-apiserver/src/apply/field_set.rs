//! Sets of field paths.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A set of paths below one node. Every element is written as `fieldsV1` writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    members: BTreeSet<String>,
    children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Whether no path is in the set.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(Self::is_empty)
    }

    /// Adds the path of one element.
    pub fn insert_member(&mut self, element: impl Into<String>) {
        self.members.insert(element.into());
    }

    /// Adds all paths of a set below one element.
    pub fn insert_child(&mut self, element: impl Into<String>, below: Self) {
        if !below.is_empty() {
            self.children.entry(element.into()).or_default().absorb(below);
        }
    }

    /// Adds a path of several elements.
    pub fn insert_path(&mut self, path: &[String]) {
        match path {
            [] => {}
            [last] => self.insert_member(last),
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert_path(rest),
        }
    }

    fn absorb(&mut self, other: Self) {
        self.members.extend(other.members);
        for (element, below) in other.children {
            self.children.entry(element).or_default().absorb(below);
        }
    }

    /// Whether the path of one element is in the set.
    pub fn has(&self, element: &str) -> bool {
        self.members.contains(element)
    }

    /// The paths below one element.
    pub fn child(&self, element: &str) -> Option<&Self> {
        self.children.get(element).filter(|below| !below.is_empty())
    }

    /// The elements that lead further down, with what lies below them.
    pub fn children(&self) -> impl Iterator<Item = (&String, &Self)> {
        self.children.iter()
    }

    /// Paths in either set.
    pub fn union(mut self, other: &Self) -> Self {
        self.absorb(other.clone());
        self
    }

    /// Paths in this set that are not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let children = self
            .children
            .iter()
            .map(|(element, below)| match other.children.get(element) {
                Some(without) => (element.clone(), below.difference(without)),
                None => (element.clone(), below.clone()),
            })
            .filter(|(_, below)| !below.is_empty())
            .collect();
        Self { members, children }
    }

    /// Paths in this set whose element and all its descendants are not named in the other.
    pub fn without_subtrees(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let children = self
            .children
            .iter()
            .filter(|(element, _)| !other.members.contains(*element))
            .map(|(element, below)| match other.children.get(element) {
                Some(without) => (element.clone(), below.without_subtrees(without)),
                None => (element.clone(), below.clone()),
            })
            .filter(|(_, below)| !below.is_empty())
            .collect();
        Self { members, children }
    }

    /// Paths in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        let members = self.members.intersection(&other.members).cloned().collect();
        let children = self
            .children
            .iter()
            .filter_map(|(element, below)| {
                let both = below.intersection(other.children.get(element)?);
                (!both.is_empty()).then(|| (element.clone(), both))
            })
            .collect();
        Self { members, children }
    }

    /// All paths as messages show them (`.spec.size`, `.conditions[type="Ready"].status`).
    pub fn display_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        paths.extend(self.members.iter().map(|element| format!("{prefix}{}", display(element))));
        for (element, below) in &self.children {
            below.collect_paths(&format!("{prefix}{}", display(element)), paths);
        }
    }

    /// The `fieldsV1` form.
    pub fn to_fields_v1(&self) -> Value {
        let mut map: Map<String, Value> =
            self.members.iter().map(|element| (element.clone(), Value::Object(Map::new()))).collect();
        for (element, below) in &self.children {
            let Value::Object(mut inner) = below.to_fields_v1() else { continue };
            if self.members.contains(element) {
                inner.insert(".".to_owned(), Value::Object(Map::new()));
            }
            map.insert(element.clone(), Value::Object(inner));
        }
        Value::Object(map)
    }

    /// Reads the `fieldsV1` form; anything malformed is left out.
    pub fn from_fields_v1(value: &Value) -> Self {
        let mut set = Self::default();
        let Some(map) = value.as_object() else { return set };
        for (element, inner) in map.iter().filter(|(element, _)| *element != ".") {
            let Some(below) = inner.as_object() else { continue };
            if below.is_empty() || below.contains_key(".") {
                set.insert_member(element);
            }
            set.insert_child(element, Self::from_fields_v1(inner));
        }
        set
    }
}

/// The element of a struct field or map key.
pub fn field_element(name: &str) -> String {
    format!("f:{name}")
}

fn display(element: &str) -> String {
    if let Some(name) = element.strip_prefix("f:") {
        return format!(".{name}");
    }
    if let Some(value) = element.strip_prefix("v:") {
        return format!("[={value}]");
    }
    if let Some(index) = element.strip_prefix("i:") {
        return format!("[{index}]");
    }
    let keys: Option<Map<String, Value>> =
        element.strip_prefix("k:").and_then(|keys| serde_json::from_str(keys).ok());
    let pairs: Vec<String> =
        keys.unwrap_or_default().iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("[{}]", pairs.join(","))
}
