//! The four patch formats.

use serde_json::Value;

use super::create::{Tracking, refuse_other_name};
use super::update::Proposed;
use super::{State, Target, WriteOptions, Written, writer};
use crate::apply;
use crate::error::{ApiError, FieldError, Qualified};
use crate::meta;
use crate::patch::{JsonPatchError, apply_json_patch, apply_merge_patch, apply_strategic_patch};

/// The body of a PATCH.
#[derive(Debug, Clone)]
pub enum Patch {
    /// JSON patch.
    Json(Value),
    /// JSON merge patch.
    Merge(Value),
    /// Strategic merge patch.
    Strategic(Value),
    /// Server-side apply; `force` takes fields from other managers.
    Apply {
        /// The applied configuration.
        config: Value,
        /// Whether conflicts are overridden.
        force: bool,
    },
}

impl State {
    /// Patches the object of a PATCH.
    ///
    /// # Errors
    /// As the API server: missing object, conflicts, patches that do not fit, invalid results.
    pub fn patch(
        &mut self,
        target: &Target,
        patch: Patch,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        match patch {
            Patch::Apply { config, force } => self.apply(target, config, force, options),
            other => self.patch_live(target, &other, options),
        }
    }

    fn patch_live(
        &mut self,
        target: &Target,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let live = self.get(target).ok_or_else(|| target.not_found())?;
        let new = patched(target, live.value(), patch)?;
        let name = meta::name(&new);
        if name.is_empty() {
            return Err(ApiError::bad_request("name must be provided"));
        }
        refuse_other_name(name, &target.name)?;
        let version = meta::text(&new, "resourceVersion");
        if version.is_some() && version != meta::text(live.value(), "resourceVersion") {
            return Err(target.stale());
        }
        self.replace(target, &live, Proposed { object: new, tracking: Tracking::ByUpdate }, options)
    }

    fn apply(
        &mut self,
        target: &Target,
        mut config: Value,
        force: bool,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        check_config(target, &config)?;
        meta::set(&mut config, "name", target.name.as_str());
        if target.resource.namespaced {
            meta::set(&mut config, "namespace", target.namespace.as_str());
        }
        restrict_config(target, &mut config);
        let api_version = target.resource.api_version();
        let now = self.now_text();
        let Some(live) = self.get(target) else {
            if target.status {
                return Err(target.not_found());
            }
            if let Some(uid) = meta::text(&config, "uid") {
                let why = format!(
                    "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                );
                return Err(ApiError::conflict(target.resource.by_plural(), &target.name, &why));
            }
            let writer = writer(target, options, &api_version, &now);
            let object = apply::apply(&Value::Null, &config, force, &writer)?.unwrap_or(config);
            return self.finish_create(target, object, options, Tracking::ByApply);
        };
        let version = meta::text(&config, "resourceVersion");
        if version.is_some() && version != meta::text(live.value(), "resourceVersion") {
            return Err(target.stale());
        }
        match apply::apply(live.value(), &config, force, &writer(target, options, &api_version, &now))? {
            None => Ok(Written { object: live, created: false }),
            Some(object) => {
                self.replace(target, &live, Proposed { object, tracking: Tracking::ByApply }, options)
            }
        }
    }
}

fn patched(target: &Target, live: &Value, patch: &Patch) -> Result<Value, ApiError> {
    let mut new = live.clone();
    match patch {
        Patch::Json(operations) => {
            return apply_json_patch(live, operations).map_err(|error| match error {
                JsonPatchError::Malformed(why) => ApiError::bad_request(why),
                JsonPatchError::Refused(_) => ApiError {
                    details: Some(Box::default()),
                    ..ApiError::new(
                        422,
                        "Invalid",
                        "the server rejected our request due to an error in our request",
                    )
                },
            });
        }
        Patch::Merge(patch) | Patch::Strategic(patch) if !patch.is_object() => {
            let shown = Value::from(patch.to_string()).to_string();
            let error =
                FieldError::invalid("patch", shown, "couldn't get version/kind; a patch is an object");
            return Err(ApiError::invalid(Qualified { group: "", name: "" }, "", &[error]));
        }
        Patch::Merge(patch) => apply_merge_patch(&mut new, patch),
        Patch::Strategic(patch) => apply_strategic_patch(&mut new, patch, &target.resource.schema),
        Patch::Apply { .. } => {}
    }
    Ok(new)
}

fn check_config(target: &Target, config: &Value) -> Result<(), ApiError> {
    if !config.is_object() {
        return Err(ApiError::bad_request("error decoding YAML: the applied configuration is not an object"));
    }
    if let Some(name) = meta::text(config, "name") {
        refuse_other_name(name, &target.name)?;
    }
    let managers = config.get("metadata").and_then(|meta| meta.get("managedFields"));
    if managers.is_some_and(|managers| !managers.is_null()) {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    let given = config.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let expected = target.resource.api_version();
    if given != expected {
        let message = format!(
            "Incorrect version specified in apply patch. Specified patch version: {given}, expected: {expected}"
        );
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

/// Fields that this path cannot write are not owned through it either.
fn restrict_config(target: &Target, config: &mut Value) {
    let root = meta::root(config);
    if target.status {
        root.retain(|key, _| matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "status"));
        let kept = ["name", "namespace", "uid", "resourceVersion"];
        meta::metadata(config).retain(|key, _| kept.contains(&key.as_str()));
    } else if target.resource.has_status {
        root.remove("status");
    }
}
