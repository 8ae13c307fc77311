//! The connection to the API server of this datacenter.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use messina_domain::names::KUBE_SYSTEM;
use messina_service_runtime::{Failure, Gate};

use crate::Config;
use crate::access;

/// Pause between attempts to reach an API server that does not answer.
const RETRY: Duration = Duration::from_secs(2);

/// Makes the client; nothing is sent yet.
pub async fn connect(config: &Config) -> Result<Client, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        let from = match &config.kubeconfig {
            Some(path) => format!("the kubeconfig '{}'", path.display()),
            None => "the environment".to_owned(),
        };
        Failure::broken(format!("no way to the Kubernetes API from {from}: {error}"))
    };
    let options = KubeConfigOptions { context: config.context.clone(), ..KubeConfigOptions::default() };
    let mut kube_config = match (&config.kubeconfig, &config.context) {
        (Some(path), _) => {
            let file = Kubeconfig::read_from(path).map_err(|error| broken(&error))?;
            kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|error| broken(&error))?
        }
        (None, Some(_)) => kube::Config::from_kubeconfig(&options).await.map_err(|error| broken(&error))?,
        (None, None) => kube::Config::infer().await.map_err(|error| broken(&error))?,
    };
    // Watches are long; what is too long for them is kept by their own timeout.
    kube_config.connect_timeout = Some(Duration::from_secs(5));
    Client::try_from(kube_config).map_err(|error| broken(&error))
}

/// The UID of `kube-system`, which identifies the Kubernetes cluster. Waits for as long as it takes.
pub async fn identify(client: &Client, gate: &Gate) -> String {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    loop {
        let problem = match namespaces.get(KUBE_SYSTEM).await {
            Ok(namespace) => match namespace.metadata.uid {
                Some(uid) => return uid,
                None => format!("the namespace '{KUBE_SYSTEM}' has no UID"),
            },
            Err(error) => access::explain(&error, "get", "namespaces", None),
        };
        tracing::warn!(%problem, "the Kubernetes API does not answer yet");
        gate.not_ready(problem);
        tokio::time::sleep(RETRY).await;
    }
}
