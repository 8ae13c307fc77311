//! Deleting objects.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{State, Target, view};
use crate::error::ApiError;
use crate::meta;
use crate::resource::{Family, Resource};
use crate::store::{Key, Object};

/// The parts of `DeleteOptions` that change what happens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Do everything but delete.
    pub dry_run: bool,
    /// The object must still have this identity.
    pub uid: Option<String>,
    /// The object must still be at this revision.
    pub resource_version: Option<String>,
}

/// The outcome of a delete.
#[derive(Debug, Clone)]
pub enum Deleted {
    /// The object is gone; the status to answer with.
    Gone(Value),
    /// The object waits for something; its present state.
    Waiting(Arc<Object>),
}

impl State {
    /// Deletes one object, or marks it where finalizers hold it.
    ///
    /// # Errors
    /// The object is missing, a precondition does not hold, or it may not be deleted.
    pub fn delete(&mut self, target: &Target, options: &DeleteOptions) -> Result<Deleted, ApiError> {
        let resource = target.resource.clone();
        let live = self.get(target).ok_or_else(|| target.not_found())?;
        check_preconditions(target, &live, options)?;
        if resource.family == Family::Namespace {
            return self.delete_namespace(target, &live, options.dry_run);
        }
        if resource.family == Family::Definition {
            return Ok(Deleted::Waiting(self.delete_definition(&live, options.dry_run)));
        }
        if meta::finalizers(live.value()).is_empty() {
            if !options.dry_run {
                self.remove_stored(&resource, &target.key());
            }
            return Ok(Deleted::Gone(success(&resource, &live)));
        }
        if meta::is_terminating(live.value()) || options.dry_run {
            return Ok(Deleted::Waiting(live));
        }
        let marked = self.mark_deleted(&resource, live.value(), true);
        Ok(Deleted::Waiting(marked))
    }

    /// Deletes an object whatever its kind, because what it belongs to goes away.
    pub(super) fn delete_with_owner(&mut self, resource: &Resource, key: &Key) {
        let Some(stored) = self.store.get(&resource.table, key) else { return };
        let live = view(resource, &stored);
        if meta::finalizers(live.value()).is_empty() {
            self.remove_stored(resource, key);
        } else if !meta::is_terminating(live.value()) {
            self.mark_deleted(resource, live.value(), true);
        }
    }

    /// Stores the object with a deletion time.
    pub(super) fn mark_deleted(&mut self, resource: &Resource, live: &Value, grace: bool) -> Arc<Object> {
        let mut marked = live.clone();
        let now = self.now_text();
        meta::set(&mut marked, "deletionTimestamp", now);
        if grace {
            meta::set(&mut marked, "deletionGracePeriodSeconds", 0);
            if meta::generation(live) > 0 {
                meta::set(&mut marked, "generation", meta::generation(live) + 1);
            }
        }
        self.put(resource, marked)
    }

    /// Takes an object out of the store, with all that follows from it.
    pub(super) fn remove_stored(&mut self, resource: &Resource, key: &Key) {
        if self.store.remove(&resource.table, key).is_none() {
            return;
        }
        if !key.namespace.is_empty() {
            self.finish_namespace(&key.namespace);
        }
        if resource.is_custom() {
            self.finish_definition(&resource.group, &resource.plural);
        }
    }
}

fn check_preconditions(target: &Target, live: &Object, options: &DeleteOptions) -> Result<(), ApiError> {
    let conflict =
        |why: String| Err(ApiError::conflict(target.resource.by_kind(), &target.name, why.as_str()));
    let record = |field: &str| meta::text(live.value(), field).unwrap_or_default().to_owned();
    if let Some(uid) = options.uid.as_ref().filter(|uid| **uid != record("uid")) {
        return conflict(format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            record("uid")
        ));
    }
    if let Some(version) =
        options.resource_version.as_ref().filter(|version| **version != record("resourceVersion"))
    {
        return conflict(format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The object might have been modified",
            record("resourceVersion")
        ));
    }
    Ok(())
}

fn success(resource: &Resource, object: &Object) -> Value {
    let mut details = json!({
        "name": meta::name(object.value()), "kind": resource.plural,
        "uid": meta::text(object.value(), "uid"),
    });
    if !resource.group.is_empty() {
        meta::root(&mut details).insert("group".into(), resource.group.as_str().into());
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}
