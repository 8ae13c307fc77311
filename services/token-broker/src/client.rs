//! The connection to the API server of this datacenter.

use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use messina_service_runtime::Failure;

use crate::config::Config;

/// Makes the client; nothing is sent yet.
///
/// # Errors
/// A kubeconfig that cannot be used.
pub(crate) async fn connect(config: &Config) -> Result<Client, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        let from = match &config.kubeconfig {
            Some(path) => format!("the kubeconfig '{}'", path.display()),
            None => "the environment".to_owned(),
        };
        Failure::broken(format!("no way to the Kubernetes API from {from}: {error}"))
    };
    let options = KubeConfigOptions { context: config.context.clone(), ..KubeConfigOptions::default() };
    let mut kube = match (&config.kubeconfig, &config.context) {
        (Some(path), _) => {
            let file = Kubeconfig::read_from(path).map_err(|error| broken(&error))?;
            kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|error| broken(&error))?
        }
        (None, Some(_)) => kube::Config::from_kubeconfig(&options).await.map_err(|error| broken(&error))?,
        (None, None) => kube::Config::infer().await.map_err(|error| broken(&error))?,
    };
    kube.connect_timeout = Some(Duration::from_secs(5));
    kube.read_timeout = Some(Duration::from_secs(10));
    Client::try_from(kube).map_err(|error| broken(&error))
}
