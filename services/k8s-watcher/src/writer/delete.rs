//! Asking for the deletion of our own objects, after proving once more that it is meant.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt};
use messina_domain::names::{SOURCE_LABEL, SOURCE_SCYLLA_CLUSTER, reason};
use messina_fault::Fault;
use messina_k8s_api::kinds::Kind;

use super::Writer;
use crate::access;

impl Writer {
    /// Asks for the deletion of a registration. With `removed_cluster_uid`, the ScyllaCluster must provably be gone
    /// while its kind is still served: when the CRD itself goes, everything seems deleted and nothing is meant.
    pub(super) async fn delete_registration(
        &self,
        at: (&str, &str),
        uid: &str,
        removed_cluster_uid: &str,
    ) -> Result<(), Fault> {
        let object = self.get_exactly(Kind::Registration, at, uid).await?;
        if !removed_cluster_uid.is_empty() {
            let cluster = object
                .data
                .pointer("/spec/scyllaClusterRef/name")
                .and_then(|name| name.as_str())
                .unwrap_or(at.1);
            self.prove_removed(at.0, cluster, removed_cluster_uid).await?;
        }
        self.delete(Kind::Registration, at, uid).await
    }

    /// Asks for the deletion of a task object that an entry of a ScyllaCluster declared.
    pub(super) async fn delete_task(&self, at: (&str, &str), uid: &str) -> Result<(), Fault> {
        let object = self.get_exactly(Kind::Task, at, uid).await?;
        if object.labels().get(SOURCE_LABEL).map(String::as_str) != Some(SOURCE_SCYLLA_CLUSTER) {
            return Err(Fault::rejected(
                reason::NOT_OURS,
                format!(
                    "the task {}/{} was not made for an entry of a ScyllaCluster, so only its author deletes it",
                    at.0, at.1
                ),
            ));
        }
        self.delete(Kind::Task, at, uid).await
    }

    async fn prove_removed(&self, namespace: &str, cluster: &str, uid: &str) -> Result<(), Fault> {
        let kind = Kind::ScyllaCluster;
        let doubt = |message: String| {
            Err(Fault::waiting(reason::REMOVAL_NOT_PROVED, message)
                .hint("nothing is deleted while this is in doubt"))
        };
        match self.api(kind, namespace).get(cluster).await {
            Ok(found) if found.metadata.uid.as_deref() == Some(uid) => {
                return doubt(format!("the ScyllaCluster {namespace}/{cluster} still exists"));
            }
            Ok(_) => return doubt(format!("a new ScyllaCluster {namespace}/{cluster} exists")),
            Err(kube::Error::Api(status)) if access::is_object_missing(&status) => {}
            Err(error) => return Err(access::fault(&error, "get", &kind.full_name(), Some(namespace))),
        }
        let definitions: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        match definitions.get(&kind.full_name()).await {
            Ok(definition) if definition.metadata.deletion_timestamp.is_none() => Ok(()),
            Ok(_) => doubt(format!("the definition of {} is being deleted", kind.full_name())),
            Err(error) => {
                Err(access::fault(&error, "get", "customresourcedefinitions.apiextensions.k8s.io", None))
            }
        }
    }

    async fn delete(&self, kind: Kind, at: (&str, &str), uid: &str) -> Result<(), Fault> {
        let (namespace, name) = at;
        let _turn = self.turn(kind, namespace, name).await;
        let preconditions = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match self.api(kind, namespace).delete(name, &params).await {
            Ok(_) => Ok(()),
            Err(error) => Err(access::fault(&error, "delete", &kind.full_name(), Some(namespace))),
        }
    }
}
