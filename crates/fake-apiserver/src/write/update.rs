//! Replacing objects, and the part of it that patches share.

use std::sync::Arc;

use serde_json::Value;

use super::create::{Tracking, refuse_other_name};
use super::{State, Target, WriteOptions, Written, incoming, rules, writer};
use crate::apply;
use crate::error::{ApiError, FieldError};
use crate::meta;
use crate::resource::{Family, Resource};
use crate::store::Object;

impl State {
    /// Replaces the object of a PUT.
    ///
    /// # Errors
    /// As the API server: missing object, stale or missing resource version, invalid content.
    pub fn update(
        &mut self,
        target: &Target,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let resource = &target.resource;
        incoming::check_type(resource, &body)?;
        check_name(target, &body)?;
        let Some(live) = self.get(target) else {
            if resource.allows_create_on_update() && !target.status {
                return self.finish_create(target, body, options, Tracking::ByUpdate);
            }
            return Err(target.not_found());
        };
        check_version(target, &live, &body)?;
        if let Some(uid) =
            meta::text(&body, "uid").filter(|uid| Some(*uid) != meta::text(live.value(), "uid"))
        {
            return Err(uid_conflict(target, &live, uid));
        }
        self.replace(target, &live, Proposed { object: body, tracking: Tracking::ByUpdate }, options)
    }

    /// Puts a proposed state in place of the live one, if it differs.
    pub(super) fn replace(
        &mut self,
        target: &Target,
        live: &Arc<Object>,
        proposed: Proposed,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let Proposed { object: mut new, tracking } = proposed;
        let resource = target.resource.clone();
        incoming::fit(&resource, &mut new, options.strict)?;
        restrict(target, live.value(), &mut new);
        if meta::text(&new, "uid").is_none() {
            copy_metadata(live.value(), &mut new, "uid");
        }
        let now = self.now_text();
        if tracking == Tracking::ByUpdate {
            let api_version = resource.api_version();
            let writer = writer(target, options, &api_version, &now);
            apply::track_update(live.value(), &mut new, &writer);
        }
        count_generation(&resource, live.value(), &mut new);
        let errors = rules::on_update(&resource, live.value(), &new);
        if !errors.is_empty() {
            return Err(ApiError::invalid(resource.by_kind(), &target.name, &errors));
        }
        if same_but_for_times(live.value(), &new) {
            return Ok(Written { object: live.clone(), created: false });
        }
        if options.dry_run {
            return Ok(Written { object: Arc::new(Object::new(new, live.revision())), created: false });
        }
        if meta::is_terminating(&new) && meta::finalizers(&new).is_empty() && !holds_content(&resource) {
            let object = Arc::new(Object::new(new, live.revision()));
            self.remove_stored(&resource, &target.key());
            return Ok(Written { object, created: false });
        }
        let object = self.put(&resource, new);
        self.after_put(&resource, &object);
        Ok(Written { object, created: false })
    }
}

/// A new state of an object as the client wants it: not yet pruned, defaulted or checked.
pub(super) struct Proposed {
    /// The wanted state.
    pub object: Value,
    /// Where its managers come from.
    pub tracking: Tracking,
}

/// Kinds that stay until what belongs to them is gone, finalizers or not.
fn holds_content(resource: &Resource) -> bool {
    matches!(resource.family, Family::Namespace | Family::Definition)
}

fn check_name(target: &Target, body: &Value) -> Result<(), ApiError> {
    let name = meta::name(body);
    if name.is_empty() {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            target.name
        )));
    }
    refuse_other_name(name, &target.name)?;
    let namespace = meta::namespace(body);
    if !namespace.is_empty() && namespace != target.namespace {
        let message = format!(
            "the namespace of the object ({namespace}) does not match the namespace on the URL ({})",
            target.namespace
        );
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

fn check_version(target: &Target, live: &Object, body: &Value) -> Result<(), ApiError> {
    match meta::text(body, "resourceVersion") {
        None | Some("0") if target.resource.allows_unconditional_update() => Ok(()),
        None | Some("0") => {
            let error =
                FieldError::invalid("metadata.resourceVersion", "0x0", "must be specified for an update");
            Err(ApiError::invalid(target.resource.by_plural(), &target.name, &[error]))
        }
        version if version == meta::text(live.value(), "resourceVersion") => Ok(()),
        _ => Err(target.stale()),
    }
}

fn uid_conflict(target: &Target, live: &Object, uid: &str) -> ApiError {
    let resource = &target.resource;
    let key = [&resource.group, &resource.plural, &target.namespace, &target.name]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| format!("/{part}"))
        .collect::<String>();
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry{key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
        meta::text(live.value(), "uid").unwrap_or_default()
    );
    ApiError::conflict(resource.by_plural(), &target.name, &why)
}

/// Leaves only what this path may change: the status of `/status`, everything else of the object itself.
fn restrict(target: &Target, live: &Value, new: &mut Value) {
    if target.status {
        let status = new.get("status").cloned();
        let managers = new.get("metadata").and_then(|meta| meta.get("managedFields")).cloned();
        *new = live.clone();
        set_or_remove(meta::root(new), "status", status);
        set_or_remove(meta::metadata(new), "managedFields", managers);
        return;
    }
    if target.resource.has_status {
        let status = live.get("status").cloned();
        set_or_remove(meta::root(new), "status", status);
    }
    for field in [
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
        "namespace",
        "selfLink",
    ] {
        copy_metadata(live, new, field);
    }
}

fn copy_metadata(from: &Value, to: &mut Value, field: &str) {
    let value = from.get("metadata").and_then(|meta| meta.get(field)).cloned();
    set_or_remove(meta::metadata(to), field, value);
}

fn set_or_remove(map: &mut serde_json::Map<String, Value>, field: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            map.insert(field.to_owned(), value);
        }
        None => {
            map.remove(field);
        }
    }
}

fn count_generation(resource: &Resource, live: &Value, new: &mut Value) {
    let same = |field: &str| live.get(field) == new.get(field);
    let fields = |object: &Value| -> Vec<String> {
        object.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let counted = |field: &&String| {
        !(*field == "metadata" || *field == "apiVersion" || (*field == "status" && resource.has_status))
    };
    let all: Vec<String> = fields(live).into_iter().chain(fields(new)).collect();
    let changed = all.iter().filter(counted).any(|field| !same(field));
    if resource.counts_generations() && changed {
        meta::set(new, "generation", meta::generation(live) + 1);
    }
}

/// Whether two states differ in nothing but the times of their managers, which alone are no change.
fn same_but_for_times(live: &Value, new: &Value) -> bool {
    fn without_times(object: &Value) -> Value {
        let mut object = object.clone();
        let managers = meta::metadata(&mut object).get_mut("managedFields").and_then(Value::as_array_mut);
        for manager in managers.into_iter().flatten() {
            meta::root(manager).remove("time");
        }
        object
    }
    live == new || without_times(live) == without_times(new)
}
