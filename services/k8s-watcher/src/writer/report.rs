//! Statuses and finalizers of our own objects.

use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use kube::core::DynamicObject;
use messina_domain::names::{
    FINALIZER_MANAGER, REGISTRATION_FINALIZER, REGISTRATION_MANAGER, TASK_FINALIZER, TASK_MANAGER, reason,
};
use messina_domain::registration::RegistrationStatus;
use messina_domain::task::TaskStatus;
use messina_fault::Fault;
use messina_k8s_api::kinds::Kind;
use messina_k8s_api::status::{write_registration, write_task};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Writer;
use crate::access;

/// The status of one of our objects.
pub enum Status {
    Registration(RegistrationStatus),
    Task(Box<TaskStatus>),
}

impl Status {
    fn kind(&self) -> Kind {
        match self {
            Self::Registration(_) => Kind::Registration,
            Self::Task(_) => Kind::Task,
        }
    }

    fn observed_generation(&self) -> i64 {
        match self {
            Self::Registration(status) => status.observed_generation,
            Self::Task(status) => status.observed_generation,
        }
    }
}

impl Writer {
    /// Writes a status. Answers whether a newer report was there before, so that this one was not written.
    pub(super) async fn report(&self, at: (&str, &str), uid: &str, status: &Status) -> Result<bool, Fault> {
        let kind = status.kind();
        let _turn = self.turn(kind, at.0, at.1).await;
        let object = self.get_exactly(kind, at, uid).await?;
        let before = object.data.get("status").cloned().unwrap_or(Value::Null);
        let newest = before.get("observedGeneration").and_then(Value::as_i64).unwrap_or_default();
        if status.observed_generation() < newest {
            return Ok(true);
        }
        self.hold(kind, at, &object).await?;
        let now = self.clock.now();
        let (after, manager) = match status {
            Status::Registration(status) => {
                (to_json(&write_registration(status, &typed(&before), now))?, REGISTRATION_MANAGER)
            }
            Status::Task(status) => (to_json(&write_task(status, &typed(&before), now))?, TASK_MANAGER),
        };
        if after == before {
            self.metrics.writes_spared.inc();
            return Ok(false);
        }
        let resource = kind.resource();
        let metadata = json!({"name": at.1, "namespace": at.0, "uid": uid});
        let patch = json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "status": after});
        let params = PatchParams::apply(manager).force();
        let patched = self.api(kind, at.0).patch_status(at.1, &params, &Patch::Apply(&patch)).await;
        patched.map_err(|error| {
            access::fault(&error, "patch", &format!("{}/status", kind.full_name()), Some(at.0))
        })?;
        Ok(false)
    }

    /// Puts our finalizer on an object that a user wrote, before anything of it is in Manager: its deletion would go
    /// by unnoticed otherwise. Objects that we wrote have it from the start.
    async fn hold(&self, kind: Kind, at: (&str, &str), object: &DynamicObject) -> Result<(), Fault> {
        let finalizer = finalizer(kind);
        if object.metadata.deletion_timestamp.is_some()
            || object.finalizers().iter().any(|name| name == finalizer)
        {
            return Ok(());
        }
        let resource = kind.resource();
        let metadata =
            json!({"name": at.1, "namespace": at.0, "uid": object.uid(), "finalizers": [finalizer]});
        let patch = json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata});
        let params = PatchParams::apply(FINALIZER_MANAGER).force();
        let patched = self.api(kind, at.0).patch(at.1, &params, &Patch::Apply(&patch)).await;
        patched.map_err(|error| access::fault(&error, "patch", &kind.full_name(), Some(at.0)))?;
        Ok(())
    }

    /// Releases our finalizer: nothing of the object is left in Manager.
    pub(super) async fn release(&self, kind: Kind, at: (&str, &str), uid: &str) -> Result<(), Fault> {
        let _turn = self.turn(kind, at.0, at.1).await;
        let object = match self.get_exactly(kind, at, uid).await {
            Ok(object) => object,
            // What is gone or replaced holds no finalizer of ours.
            Err(Fault::Waiting(_)) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let Some(patch) = without_finalizer(&object, finalizer(kind), uid) else { return Ok(()) };
        match self.api(kind, at.0).patch(at.1, &PatchParams::default(), &patch).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if access::is_object_missing(&status) => Ok(()),
            Err(error) => Err(access::fault(&error, "patch", &kind.full_name(), Some(at.0))),
        }
    }
}

fn finalizer(kind: Kind) -> &'static str {
    if kind == Kind::Registration { REGISTRATION_FINALIZER } else { TASK_FINALIZER }
}

/// A patch that takes exactly our finalizer from exactly this object; nothing when it is not there.
fn without_finalizer(object: &DynamicObject, finalizer: &str, uid: &str) -> Option<Patch<()>> {
    let index = object.finalizers().iter().position(|name| name == finalizer)?;
    let path = format!("/metadata/finalizers/{index}");
    let steps = json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": path, "value": finalizer},
        {"op": "remove", "path": path},
    ]);
    serde_json::from_value(steps).ok().map(Patch::Json)
}

/// A status that cannot be read counts as none; it is about to be replaced.
fn typed<T: DeserializeOwned + Default>(value: &Value) -> T {
    T::deserialize(value).unwrap_or_default()
}

fn to_json(value: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::rejected(reason::INVALID_REQUEST, error.to_string()))
}
