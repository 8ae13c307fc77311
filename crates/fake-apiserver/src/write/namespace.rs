//! The life of namespaces: what may be created in them, and how they end.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Deleted, State, Target, WriteOptions};
use crate::error::{ApiError, Cause, Qualified};
use crate::meta;
use crate::resource::Resource;
use crate::store::{Key, Object};

const TABLE: &str = "/namespaces";
const INITIAL: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
const UNDELETABLE: [&str; 3] = ["default", "kube-public", "kube-system"];
const NAMESPACES: Qualified<'static> = Qualified { group: "", name: "namespaces" };

impl State {
    pub(super) fn create_initial_namespaces(&mut self) {
        let Some(resource) = self.registry.find("", "v1", "namespaces") else { return };
        let options = WriteOptions { manager: "kube-apiserver".to_owned(), ..WriteOptions::default() };
        let target = Target { resource, namespace: String::new(), name: String::new(), status: false };
        for name in INITIAL {
            let body = json!({"metadata": {"name": name}});
            if let Err(error) = self.create(&target, body, &options) {
                tracing::error!(%error, name, "initial namespace could not be made");
            }
        }
    }

    /// Refuses objects in namespaces that do not exist or are going away.
    pub(super) fn admit_into_namespace(&self, target: &Target, object: &Value) -> Result<(), ApiError> {
        if !target.resource.namespaced {
            return Ok(());
        }
        let namespace = &target.namespace;
        let Some(live) = self.store.get(TABLE, &Key::new("", namespace)) else {
            return Err(ApiError::not_found(NAMESPACES, namespace));
        };
        if !meta::is_terminating(live.value()) {
            return Ok(());
        }
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut error = ApiError::forbidden(target.resource.by_plural(), meta::name(object), &why);
        if let Some(details) = &mut error.details {
            details.causes.push(Cause {
                reason: "NamespaceTerminating",
                message: format!("namespace {namespace} is being terminated"),
                field: "metadata.namespace".to_owned(),
            });
        }
        Err(error)
    }

    pub(super) fn delete_namespace(
        &mut self,
        target: &Target,
        live: &Arc<Object>,
        dry_run: bool,
    ) -> Result<Deleted, ApiError> {
        let name = target.name.as_str();
        if UNDELETABLE.contains(&name) {
            return Err(ApiError::forbidden(NAMESPACES, name, "this namespace may not be deleted"));
        }
        if meta::is_terminating(live.value()) {
            let why = "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.";
            return Err(ApiError::conflict(NAMESPACES, name, why));
        }
        if dry_run {
            return Ok(Deleted::Waiting(live.clone()));
        }
        let mut terminating = live.value().clone();
        meta::root(&mut terminating).insert("status".into(), json!({"phase": "Terminating"}));
        let marked = self.mark_deleted(&target.resource, &terminating, false);
        for resource in self.stored_resources() {
            for key in self.store.keys(&resource.table, Some(name)) {
                self.delete_with_owner(&resource, &key);
            }
        }
        self.finish_namespace(name);
        Ok(Deleted::Waiting(marked))
    }

    /// Lets a terminating namespace go once nothing holds it.
    pub(super) fn finish_namespace(&mut self, name: &str) {
        let key = Key::new("", name);
        let Some(live) = self.store.get(TABLE, &key) else { return };
        let held = !meta::finalizers(live.value()).is_empty() || self.store.namespace_in_use(name);
        if meta::is_terminating(live.value()) && !held {
            self.store.remove(TABLE, &key);
        }
    }

    /// One served resource for every table of namespaced objects.
    fn stored_resources(&self) -> Vec<Arc<Resource>> {
        let mut resources: Vec<Arc<Resource>> = Vec::new();
        for resource in self.registry.all().filter(|resource| resource.namespaced) {
            let stored_form = resource.api_version() == resource.storage_api_version;
            if stored_form || !resources.iter().any(|one| one.table == resource.table) {
                resources.retain(|one| one.table != resource.table);
                resources.push(resource.clone());
            }
        }
        resources
    }
}
