//! The two writes that managers make: applying a configuration, and everything else.

use serde_json::{Map, Value};

use super::compare::Difference;
use super::field_set::FieldSet;
use super::managed::{self, Entry, Manager, Operation};
use super::merge;
use super::node::Node;
use super::ownership;
use crate::error::{ApiError, Cause, Details};
use crate::meta;
use crate::schema::Schema;

/// Who writes, through what, and when.
#[derive(Debug, Clone)]
pub struct Writer<'a> {
    /// Schema of the object as written.
    pub schema: &'a Schema,
    /// `group/version` of the object as written.
    pub api_version: &'a str,
    /// Field manager.
    pub manager: &'a str,
    /// `status`, or nothing.
    pub subresource: &'a str,
    /// Time of the write, as stored.
    pub now: &'a str,
}

impl Writer<'_> {
    fn root(&self) -> Node<'_> {
        Node::Known(self.schema)
    }

    fn identity(&self, operation: Operation) -> Manager {
        Manager { name: self.manager.to_owned(), operation, subresource: self.subresource.to_owned() }
    }

    fn is_mine(&self, entry: &Entry, operation: Operation) -> bool {
        entry.belongs_to(&self.identity(operation), self.api_version)
    }

    fn entry(&self, operation: Operation, fields: FieldSet) -> Entry {
        Entry {
            manager: self.identity(operation),
            api_version: self.api_version.to_owned(),
            time: self.now.to_owned(),
            fields,
        }
    }
}

/// Fields of `metadata` and of the object's type that nobody owns.
fn unowned() -> FieldSet {
    let mut set = FieldSet::default();
    for field in ["apiVersion", "kind"] {
        set.insert_path(&[format!("f:{field}")]);
    }
    for field in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        set.insert_path(&["f:metadata".to_owned(), format!("f:{field}")]);
    }
    set
}

fn owned(fields: FieldSet) -> FieldSet {
    let mut fields = fields.without_subtrees(&unowned());
    let mut metadata = FieldSet::default();
    metadata.insert_member("f:metadata");
    fields = fields.difference(&metadata);
    fields
}

/// Records in `new` who owns what after a create, update or patch of `live` (null for a create).
pub fn track_update(live: &Value, new: &mut Value, writer: &Writer<'_>) {
    let reset = managed::is_reset(new);
    let mut entries = managed::read(new);
    if entries.is_empty() && !reset {
        entries = managed::read(live);
    }
    if reset && !live.is_null() {
        return meta::unset(new, "managedFields");
    }
    let live = without_managers(live);
    let bare = without_managers(new);
    let change = Difference::between(&live, &bare, writer.root());
    let written = owned(change.written());
    for entry in &mut entries {
        entry.fields = entry.fields.difference(&written).difference(&change.removed);
    }
    if !written.is_empty() {
        let mine = entries.iter().position(|entry| writer.is_mine(entry, Operation::Update));
        let before = mine.map(|at| entries.swap_remove(at).fields).unwrap_or_default();
        entries.push(writer.entry(Operation::Update, written.union(&before)));
    }
    managed::write(new, entries);
}

/// Applies a configuration to `live` (null where the object does not exist yet); gives the new object, or
/// none where nothing changes.
///
/// # Errors
/// The configuration does not fit the schema, or another manager owns a field that it would change.
pub fn apply(
    live: &Value,
    config: &Value,
    force: bool,
    writer: &Writer<'_>,
) -> Result<Option<Value>, ApiError> {
    let root = writer.root();
    let bare_config = without_managers(config);
    ownership::check(&bare_config, root, "")
        .map_err(|why| ApiError::internal(format!("failed to create typed patch object: {why}")))?;
    let entries = managed::read(live);
    let bare_live = if live.is_null() { Value::Object(Map::new()) } else { without_managers(live) };

    let (mine, mut others): (Vec<Entry>, Vec<Entry>) =
        entries.iter().cloned().partition(|entry| writer.is_mine(entry, Operation::Apply));
    let last = mine.into_iter().next();
    let declared = ownership::fields_of(&bare_config, root);
    let fields = owned(declared.clone());
    let mut merged = merge::merge(&bare_live, &bare_config, root);
    if let Some(last) = &last {
        let kept = others.iter().fold(declared, |all, entry| all.union(&entry.fields));
        merged = prune(merged, &last.fields, &kept, root);
    }
    let change = Difference::between(&bare_live, &merged, root);
    let written = change.written();
    if !force {
        refuse_conflicts(&others, &written)?;
    }
    for entry in &mut others {
        entry.fields = entry.fields.difference(&written).difference(&change.removed);
    }
    let same_fields = last.as_ref().is_some_and(|last| last.fields == fields);
    let same_version = last.as_ref().is_some_and(|last| last.api_version == writer.api_version);
    if merged == bare_live && ((same_fields && same_version) || (last.is_none() && fields.is_empty())) {
        return Ok(None);
    }
    others.push(writer.entry(Operation::Apply, fields));
    managed::write(&mut merged, others);
    Ok(Some(merged))
}

/// Takes out what this manager applied last time, and that neither it nor any other manager owns now.
fn prune(merged: Value, last: &FieldSet, kept: &FieldSet, root: Node<'_>) -> Value {
    let with_parents = |set: &FieldSet| ownership::with_parents(set, root);
    let fields = |value: &Value| with_parents(&ownership::fields_of(value, root));
    let empty = || Value::Object(Map::new());

    let last = with_parents(last);
    let all = fields(&merged);
    let bare = merge::remove(&merged, &last, root).unwrap_or_else(empty);
    // What others own stays, and so does everything that this manager never applied.
    let gone = all.difference(&fields(&bare).union(&with_parents(kept)));
    let pruned = merge::remove(&merged, &gone, root).unwrap_or_else(empty);
    let gone = all.difference(&fields(&pruned)).intersection(&last);
    merge::remove(&merged, &gone, root).unwrap_or_else(empty)
}

fn refuse_conflicts(others: &[Entry], written: &FieldSet) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut sorted: Vec<&Entry> = others.iter().collect();
    sorted.sort_by_key(|entry| entry.conflict_name());
    for entry in sorted {
        let paths = entry.fields.intersection(written).display_paths();
        if paths.is_empty() {
            continue;
        }
        let who = entry.conflict_name();
        causes.extend(paths.iter().map(|path| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with {who}"),
            field: path.clone(),
        }));
        groups.push((who, paths));
    }
    if causes.is_empty() {
        return Ok(());
    }
    let message = match (causes.len(), groups.as_slice()) {
        (1, [(who, paths)]) => {
            format!("Apply failed with 1 conflict: conflict with {who}: {}", paths.concat())
        }
        (count, groups) => {
            let texts: Vec<String> = groups.iter().map(|(who, paths)| conflict_group(who, paths)).collect();
            format!("Apply failed with {count} conflicts: {}", texts.join("\n"))
        }
    };
    let details = Details { causes, ..Details::default() };
    Err(ApiError { details: Some(Box::new(details)), ..ApiError::new(409, "Conflict", message) })
}

fn conflict_group(who: &str, paths: &[String]) -> String {
    let list: Vec<String> = paths.iter().map(|path| format!("\n- {path}")).collect();
    format!("conflicts with {who}:{}", list.concat())
}

fn without_managers(object: &Value) -> Value {
    let mut bare = object.clone();
    if let Some(Value::Object(metadata)) = bare.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    bare
}
