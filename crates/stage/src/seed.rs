//! ScyllaClusters with what the ScyllaDB Operator would have made for them.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams};
use messina_k8s_api::kinds::Kind;
use messina_k8s_api::secret::{TOKEN_KEY, token_secret};
use serde_json::{Value, json};

use crate::{Datacenter, StageError};

/// Field manager of everything that the stage writes where the Operator would.
const MANAGER: &str = "messina-stage";
/// How long the API server may take to show something.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to look.
const LOOK: Duration = Duration::from_millis(50);
/// Characters of a token, as the Operator makes them.
pub const TOKEN_LENGTH: usize = 128;

/// A ScyllaCluster to put on the stage.
#[derive(Debug, Clone)]
pub struct ClusterSeed {
    /// Kubernetes namespace; made when it does not exist.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `spec`.
    pub spec: Value,
    /// Nodes that are available.
    pub available: u32,
    /// The agents' token; no Secret when absent.
    pub token: Option<String>,
}

/// A token that is told apart from every other one, in the alphabet of the Operator.
pub fn token(seed: &str) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let mut text = String::with_capacity(TOKEN_LENGTH);
    let bytes = seed.bytes().cycle().take(TOKEN_LENGTH * 4);
    for (index, byte) in bytes.enumerate() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        if index % 4 == 3 {
            let at = usize::try_from((state >> 32) % 27).unwrap_or_default();
            text.push(ALPHABET.get(at).copied().map_or('b', char::from));
        }
    }
    text
}

impl Datacenter {
    /// Makes a namespace, or leaves it as it is.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn namespace(&self, name: &str, labels: &[(&str, &str)]) -> Result<(), StageError> {
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let api: Api<Namespace> = Api::all(self.client());
        api.patch(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&object)).await?;
        Ok(())
    }

    /// Puts a cluster on the stage: namespace, Secret, ScyllaCluster, status.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn seed(&self, seed: &ClusterSeed) -> Result<(), StageError> {
        self.namespace(&seed.namespace, &[]).await?;
        if let Some(token) = &seed.token {
            self.token_secret(&seed.namespace, &seed.name, token).await?;
        }
        self.apply_cluster(seed).await?;
        self.available(&seed.namespace, &seed.name, seed.available).await
    }

    /// Creates or changes a ScyllaCluster's spec.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn apply_cluster(&self, seed: &ClusterSeed) -> Result<(), StageError> {
        let resource = Kind::ScyllaCluster.resource();
        let object = json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": seed.name, "namespace": seed.namespace},
            "spec": seed.spec,
        });
        let params = PatchParams::apply(MANAGER).force();
        self.api(Kind::ScyllaCluster, &seed.namespace)
            .patch(&seed.name, &params, &Patch::Apply(&object))
            .await?;
        Ok(())
    }

    /// Merges a patch into a ScyllaCluster, as `kubectl patch --type merge` does.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn patch_cluster(&self, namespace: &str, name: &str, patch: &Value) -> Result<(), StageError> {
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        self.api(Kind::ScyllaCluster, namespace).patch(name, &params, &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Deletes a ScyllaCluster, as `kubectl delete` does.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn delete_cluster(&self, namespace: &str, name: &str) -> Result<(), StageError> {
        self.api(Kind::ScyllaCluster, namespace).delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Takes the definition of a kind away, and with it all its objects.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn uninstall(&self, kind: Kind) -> Result<(), StageError> {
        let api: Api<CustomResourceDefinition> = Api::all(self.client());
        let name = kind.full_name();
        api.delete(&name, &DeleteParams::default()).await?;
        let is_gone = |found: Option<&CustomResourceDefinition>| found.is_none();
        let missing = kube::runtime::wait::await_condition(api, &name, is_gone);
        match tokio::time::timeout(PATIENCE, missing).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(StageError::Definition(error.to_string())),
            Err(_) => Err(StageError::Definition(format!("{name} is still there"))),
        }
    }

    /// Waits for an event with this reason about an object of this name.
    ///
    /// # Errors
    /// What the API server says, or that there is none.
    pub async fn event(&self, namespace: &str, name: &str, reason: &str) -> Result<(), StageError> {
        let api: Api<k8s_openapi::api::events::v1::Event> = Api::namespaced(self.client(), namespace);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            let about = |event: &k8s_openapi::api::events::v1::Event| {
                event.reason.as_deref() == Some(reason)
                    && event.regarding.as_ref().and_then(|object| object.name.as_deref()) == Some(name)
            };
            if api.list(&ListParams::default()).await?.items.iter().any(about) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(StageError::Definition(format!("no event {reason} about {namespace}/{name}")))
    }

    /// Writes the token Secret of a cluster, as the Operator does.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn token_secret(&self, namespace: &str, cluster: &str, token: &str) -> Result<(), StageError> {
        let content = ByteString(format!("auth_token: {token}\n").into_bytes());
        let name = token_secret(cluster);
        let secret = Secret {
            metadata: ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
            data: Some(BTreeMap::from([(TOKEN_KEY.to_owned(), content)])),
            ..Secret::default()
        };
        let api: Api<Secret> = Api::namespaced(self.client(), namespace);
        api.patch(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&secret)).await?;
        Ok(())
    }

    /// Says how many nodes are available.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn available(&self, namespace: &str, cluster: &str, nodes: u32) -> Result<(), StageError> {
        let patch = json!({"status": {"availableMembers": nodes, "members": nodes, "readyMembers": nodes}});
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        self.api(Kind::ScyllaCluster, namespace)
            .patch_status(cluster, &params, &Patch::Merge(&patch))
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_apart() {
        assert_eq!(token("a").len(), TOKEN_LENGTH);
        assert_ne!(token("east/prod/orders"), token("east/prod/users"));
        assert_eq!(token("a"), token("a"));
    }
}
