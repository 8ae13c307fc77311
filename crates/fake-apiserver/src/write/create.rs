//! Creating objects.

use serde_json::Value;
use uuid::Uuid;

use super::{State, Target, WriteOptions, Written, incoming, rules, writer};
use crate::apply;
use crate::error::ApiError;
use crate::meta;
use crate::names;
use crate::resource::Family;
use crate::store::{Key, Object};

impl State {
    /// Creates the object of a POST.
    ///
    /// # Errors
    /// As the API server: wrong type, missing namespace, name taken, invalid content.
    pub fn create(
        &mut self,
        target: &Target,
        mut body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let resource = &target.resource;
        incoming::check_type(resource, &body)?;
        let given = meta::namespace(&body);
        if !given.is_empty() && given != target.namespace {
            let message =
                "the namespace of the provided object does not match the namespace sent on the request";
            return Err(ApiError::bad_request(message));
        }
        if let Some(name) = meta::text(&body, "name").filter(|_| !target.name.is_empty()) {
            refuse_other_name(name, &target.name)?;
        }
        meta::unset(&mut body, "managedFields");
        self.finish_create(target, body, options, Tracking::ByUpdate)
    }

    /// The part of a create that a POST, an apply and an updating PUT share; `object` is not yet pruned.
    pub(super) fn finish_create(
        &mut self,
        target: &Target,
        mut object: Value,
        options: &WriteOptions,
        tracking: Tracking,
    ) -> Result<Written, ApiError> {
        let resource = target.resource.clone();
        if resource.namespaced {
            meta::set(&mut object, "namespace", target.namespace.as_str());
        }
        if resource.has_status && resource.family != Family::Namespace {
            meta::root(&mut object).remove("status");
        }
        if meta::name(&object).is_empty()
            && let Some(prefix) = meta::text(&object, "generateName")
        {
            let name = names::generate(prefix);
            meta::set(&mut object, "name", name);
        }
        incoming::fit(&resource, &mut object, options.strict)?;
        self.refuse_terminating_definition(&resource)?;
        self.admit_into_namespace(target, &object)?;
        if meta::text(&object, "resourceVersion").is_some() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::internal(message));
        }
        let now = self.now_text();
        set_system_metadata(&mut object, resource.counts_generations(), &now);
        if tracking == Tracking::ByUpdate {
            let api_version = resource.api_version();
            apply::track_update(&Value::Null, &mut object, &writer(target, options, &api_version, &now));
        }
        let errors = rules::on_create(&resource, &object);
        if !errors.is_empty() {
            return Err(ApiError::invalid(resource.by_kind(), meta::name(&object), &errors));
        }
        let key = Key::new(meta::namespace(&object), meta::name(&object));
        if self.store.get(&resource.table, &key).is_some() {
            return Err(ApiError::already_exists(resource.by_plural(), &key.name));
        }
        if options.dry_run {
            let object = std::sync::Arc::new(Object::new(object, self.store.revision()));
            return Ok(Written { object, created: true });
        }
        let object = self.put(&resource, object);
        self.after_put(&resource, &object);
        Ok(Written { object, created: true })
    }
}

/// Where the managers of a new object come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracking {
    /// From the difference between old and new object.
    ByUpdate,
    /// They are set already, by server-side apply.
    ByApply,
}

/// The name in the body must be the one in the path.
pub(super) fn refuse_other_name(in_body: &str, in_path: &str) -> Result<(), ApiError> {
    if in_body == in_path {
        return Ok(());
    }
    let message =
        format!("the name of the object ({in_body}) does not match the name on the URL ({in_path})");
    Err(ApiError::bad_request(message))
}

fn set_system_metadata(object: &mut Value, counts_generations: bool, now: &str) {
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
        meta::unset(object, field);
    }
    meta::set(object, "uid", Uuid::new_v4().to_string());
    meta::set(object, "creationTimestamp", now);
    if counts_generations {
        meta::set(object, "generation", 1);
    }
}
