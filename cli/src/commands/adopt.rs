//! `messina adopt`

use clap::Args;
use messina_control_api::convert::write_cluster_key;
use messina_control_api::registration::v1::AdoptRequest;
use messina_domain::identity::ClusterKey;
use messina_service_runtime::Failure;

use crate::client::{Endpoints, LONG_DEADLINE};
use crate::output::print;

/// Takes over a cluster that ScyllaDB Manager already holds, so that Messina keeps it from now on.
#[derive(Debug, Args)]
pub struct AdoptArgs {
    /// The ScyllaCluster that it is, as DATACENTER/NAMESPACE/NAME.
    cluster: ClusterKey,
    /// Its id in Manager, as 'messina explain' shows it.
    #[arg(long, value_name = "UUID")]
    cluster_id: String,
    #[command(flatten)]
    endpoints: Endpoints,
}

impl AdoptArgs {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let mut clients = self.endpoints.clients()?;
        let request =
            AdoptRequest { key: Some(write_cluster_key(&self.cluster)), cluster_id: self.cluster_id };
        let adopted = async {
            let adopted = clients.registrations.adopt(request).await;
            adopted.map_err(|status| clients.registration_said(&status))
        };
        let id = self.endpoints.within(LONG_DEADLINE, adopted).await?.into_inner().cluster_id;
        print(&format!("{} is Messina's now ({id})\n", self.cluster))
    }
}
