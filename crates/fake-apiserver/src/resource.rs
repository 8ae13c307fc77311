//! What is served under one group, version and plural name.

use std::sync::Arc;

use serde_json::Value;

use crate::error::Qualified;
use crate::schema::Schema;
use crate::store::TableName;

/// Kinds that behave differently from custom resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Declared by a custom resource definition.
    Custom,
    /// Custom resource definitions themselves.
    Definition,
    /// Namespaces.
    Namespace,
    /// Secrets.
    Secret,
    /// Config maps.
    ConfigMap,
    /// Leases.
    Lease,
    /// Events of the core group, the form in which all events are stored.
    CoreEvent,
    /// Events of `events.k8s.io`.
    Event,
}

/// A column of `kubectl get`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: String,
    /// Format hint, often empty.
    pub format: String,
    /// Explanation.
    pub description: String,
    /// 0 is always shown, 1 only with `-o wide`.
    pub priority: i64,
    /// Path of the value.
    pub path: String,
}

/// One served resource.
#[derive(Debug)]
pub struct Resource {
    /// API group, empty for core.
    pub group: String,
    /// Version.
    pub version: String,
    /// Plural name, as in paths.
    pub plural: String,
    /// Singular name, empty for built-in ones.
    pub singular: String,
    /// Kind.
    pub kind: String,
    /// Kind of lists.
    pub list_kind: String,
    /// Short names for `kubectl`.
    pub short_names: Vec<String>,
    /// Groups of resources, such as `all`.
    pub categories: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether `/status` is served.
    pub has_status: bool,
    /// Special behaviour.
    pub family: Family,
    /// Where objects are stored.
    pub table: TableName,
    /// `apiVersion` of stored objects.
    pub storage_api_version: String,
    /// Schema of whole objects, metadata included.
    pub schema: Arc<Schema>,
    /// The schema as published.
    pub open_api: Value,
    /// Printer columns after the name.
    pub columns: Vec<Column>,
}

impl Resource {
    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        group_version(&self.group, &self.version)
    }

    /// The resource in messages.
    pub fn by_plural(&self) -> Qualified<'_> {
        Qualified { group: &self.group, name: &self.plural }
    }

    /// The kind in messages.
    pub fn by_kind(&self) -> Qualified<'_> {
        Qualified { group: &self.group, name: &self.kind }
    }

    /// Whether this is a custom resource.
    pub fn is_custom(&self) -> bool {
        self.family == Family::Custom
    }

    /// Whether `metadata.generation` is kept.
    pub fn counts_generations(&self) -> bool {
        matches!(self.family, Family::Custom | Family::Definition)
    }

    /// Whether an update may leave out the resource version and then wins whatever is stored.
    pub fn allows_unconditional_update(&self) -> bool {
        !matches!(self.family, Family::Custom | Family::Definition | Family::Lease)
    }

    /// Whether an update of a missing object creates it.
    pub fn allows_create_on_update(&self) -> bool {
        matches!(self.family, Family::Lease | Family::CoreEvent | Family::Event)
    }

    /// Verbs in the order of discovery.
    pub fn verbs(&self) -> &'static [&'static str] {
        match self.family {
            Family::Custom => {
                &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
            }
            Family::Namespace => &["create", "delete", "get", "list", "patch", "update", "watch"],
            _ => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        }
    }
}

/// `group/version`, or the version alone for the core group.
pub fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}
