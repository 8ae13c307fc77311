//! The way to an API server, as flags name it.

use std::path::Path;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};

/// How long an API server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Settings for the API server that a kubeconfig and a context lead to: the file if one is given, else the usual places,
/// else the pod's own ServiceAccount. Nothing is sent.
///
/// # Errors
/// A text that names where the settings were looked for, and what is wrong there.
pub async fn settings(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<kube::Config, String> {
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let found = match (kubeconfig, context) {
        (Some(path), _) => match Kubeconfig::read_from(path) {
            Ok(file) => kube::Config::from_custom_kubeconfig(file, &options).await,
            Err(error) => Err(error),
        }
        .map_err(|error| error.to_string()),
        (None, Some(_)) => kube::Config::from_kubeconfig(&options).await.map_err(|error| error.to_string()),
        (None, None) => kube::Config::infer().await.map_err(|error| error.to_string()),
    };
    let mut settings = found.map_err(|error| unusable(kubeconfig, &error))?;
    settings.connect_timeout = Some(CONNECT);
    Ok(settings)
}

/// Says that settings from there cannot be used.
pub fn unusable(kubeconfig: Option<&Path>, error: &dyn std::fmt::Display) -> String {
    let from = match kubeconfig {
        Some(path) => format!("the kubeconfig '{}'", path.display()),
        None => "the environment".to_owned(),
    };
    format!("no way to the Kubernetes API from {from}: {error}")
}
