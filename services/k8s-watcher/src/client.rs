//! The connection to the API server of this datacenter.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use messina_domain::names::KUBE_SYSTEM;
use messina_k8s_api::connection;
use messina_service_runtime::{Failure, Gate};

use crate::Config;
use crate::access;
use crate::watch::WATCH_SECONDS;

/// Pause between attempts to reach an API server that does not answer.
const RETRY: Duration = Duration::from_secs(2);

/// How long the API server may be silent within an answer. Longer than it keeps a watch open, so that this ends only
/// what hangs.
const READ: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 15);

/// Makes the client; nothing is sent yet.
pub async fn connect(config: &Config) -> Result<Client, Failure> {
    Client::try_from(settings(config).await?)
        .map_err(|error| Failure::broken(connection::unusable(config.kubeconfig.as_deref(), &error)))
}

async fn settings(config: &Config) -> Result<kube::Config, Failure> {
    let found = connection::settings(config.kubeconfig.as_deref(), config.context.as_deref()).await;
    let mut settings = found.map_err(Failure::broken)?;
    settings.read_timeout = Some(READ);
    // Or the time that a connection sat idle would count against the next answer on it.
    settings.reset_reader_on_write = true;
    Ok(settings)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::NamespaceSelector;

    #[tokio::test]
    async fn what_hangs_ends_and_a_watch_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        let text = "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
            contexts:\n- name: c\n  context: {cluster: c, user: u}\n\
            clusters:\n- name: c\n  cluster: {server: 'http://127.0.0.1:9'}\n\
            users:\n- name: u\n  user: {}\n";
        std::fs::write(&path, text).unwrap();
        let config = Config {
            datacenter: "east".into(),
            kubeconfig: Some(path),
            context: None,
            namespaces: NamespaceSelector::default(),
            read_only: true,
        };
        let settings = settings(&config).await.unwrap();
        let read = settings.read_timeout.expect("a bound");
        assert!(read > Duration::from_secs(WATCH_SECONDS.into()) && settings.reset_reader_on_write);
    }
}
