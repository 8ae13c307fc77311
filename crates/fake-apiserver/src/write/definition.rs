//! The life of custom resource definitions: serving what they declare, and ending it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{State, Target, WriteOptions, writer};
use crate::apply;
use crate::crd;
use crate::error::ApiError;
use crate::meta;
use crate::resource::{Family, Resource};
use crate::store::{Key, Object};

const TABLE: &str = "apiextensions.k8s.io/customresourcedefinitions";
const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

impl State {
    /// What follows from a stored object: definitions are served, namespaces may be free to go.
    pub(super) fn after_put(&mut self, resource: &Arc<Resource>, object: &Arc<Object>) {
        match resource.family {
            Family::Definition => self.serve_definition(resource, object),
            Family::Namespace => {
                let name = meta::name(object.value()).to_owned();
                self.finish_namespace(&name);
            }
            _ => {}
        }
    }

    fn serve_definition(&mut self, resource: &Arc<Resource>, object: &Arc<Object>) {
        if meta::is_terminating(object.value()) {
            let (group, plural) = crd::address(object.value());
            return self.finish_definition(&group, &plural);
        }
        let (group, plural) = crd::address(object.value());
        self.registry.withdraw(&group, &plural);
        crd::resources(object.value()).into_iter().for_each(|resource| self.registry.serve(resource));
        if crd::is_established(object.value()) && crd::names_are_accepted(object.value()) {
            return;
        }
        let now = self.now_text();
        let established = crd::established(object.value(), &now);
        self.write_definition_status(resource, object.value(), established);
    }

    fn write_definition_status(&mut self, resource: &Arc<Resource>, live: &Value, mut new: Value) {
        let target = Target {
            resource: resource.clone(),
            namespace: String::new(),
            name: meta::name(live).to_owned(),
            status: true,
        };
        let options = WriteOptions { manager: "kube-apiserver".to_owned(), ..WriteOptions::default() };
        let (now, api_version) = (self.now_text(), resource.api_version());
        apply::track_update(live, &mut new, &writer(&target, &options, &api_version, &now));
        self.put(resource, new);
    }

    /// Nothing is created while its definition goes away.
    pub(super) fn refuse_terminating_definition(&self, resource: &Resource) -> Result<(), ApiError> {
        let Some(definition) = self.definition(&resource.group, &resource.plural) else { return Ok(()) };
        if !resource.is_custom() || !meta::is_terminating(definition.value()) {
            return Ok(());
        }
        let message = "create not allowed while custom resource definition is terminating";
        Err(ApiError::method_not_allowed(resource.by_plural(), message))
    }

    /// Marks a definition, deletes its objects, and removes it once none is left. Gives the marked state.
    pub(super) fn delete_definition(&mut self, live: &Arc<Object>, dry_run: bool) -> Arc<Object> {
        if dry_run || meta::is_terminating(live.value()) {
            return live.clone();
        }
        let Some(resource) = self.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
        else {
            return live.clone();
        };
        let now = self.now_text();
        let mut marked = live.value().clone();
        let mut finalizers: Vec<Value> = meta::finalizers(&marked).into_iter().map(Value::from).collect();
        finalizers.push(FINALIZER.into());
        meta::set(&mut marked, "finalizers", finalizers);
        crd::set_condition(
            &mut marked,
            json!({
                "type": "Terminating", "status": "True", "lastTransitionTime": now,
                "reason": "InstanceDeletionPending",
                "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
            }),
        );
        let marked = self.mark_deleted(&resource, &marked, false);
        let (group, plural) = crd::address(marked.value());
        let version = self
            .registry
            .versions(&group)
            .into_iter()
            .find_map(|version| self.registry.find(&group, &version, &plural));
        if let Some(custom) = version {
            for key in self.store.keys(&custom.table, None) {
                self.delete_with_owner(&custom, &key);
            }
        }
        self.finish_definition(&group, &plural);
        marked
    }

    /// Lets a terminating definition go once it has no objects; then its resource is no longer served.
    pub(super) fn finish_definition(&mut self, group: &str, plural: &str) {
        let Some(definition) = self.definition(group, plural) else { return };
        if !meta::is_terminating(definition.value()) {
            return;
        }
        let held = meta::finalizers(definition.value()).iter().any(|finalizer| *finalizer != FINALIZER);
        let empty = self.store.table(&format!("{group}/{plural}")).is_none_or(|table| table.len() == 0);
        if empty && !held {
            self.registry.withdraw(group, plural);
            self.store.remove(TABLE, &Key::new("", format!("{plural}.{group}")));
        }
    }

    fn definition(&self, group: &str, plural: &str) -> Option<Arc<Object>> {
        self.store.get(TABLE, &Key::new("", format!("{plural}.{group}")))
    }
}
