//! The connection to the API server of this datacenter.

use std::time::Duration;

use kube::Client;
use messina_k8s_api::connection;
use messina_service_runtime::Failure;

use crate::config::Config;

/// How long the API server may take to answer for one Secret.
const READ: Duration = Duration::from_secs(10);

/// Makes the client; nothing is sent yet.
///
/// # Errors
/// A kubeconfig that cannot be used.
pub(crate) async fn connect(config: &Config) -> Result<Client, Failure> {
    let kubeconfig = config.kubeconfig.as_deref();
    let found = connection::settings(kubeconfig, config.context.as_deref()).await;
    let mut settings = found.map_err(Failure::broken)?;
    settings.read_timeout = Some(READ);
    Client::try_from(settings).map_err(|error| Failure::broken(connection::unusable(kubeconfig, &error)))
}
