//! `messina crds`

use clap::Args;
use messina_service_runtime::Failure;

use crate::output::print;

/// Prints the custom resource definitions; pipe them into `kubectl apply --server-side -f -`.
#[derive(Debug, Args)]
pub struct CrdsArgs {}

impl CrdsArgs {
    /// Runs the command.
    pub fn run(self) -> Result<(), Failure> {
        print(&messina_k8s_api::crds::yaml().map_err(Failure::broken)?)
    }
}
