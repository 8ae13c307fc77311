//! `messina confirm-deletions`

use clap::Args;
use messina_control_api::registration::v1::ConfirmDeletionsRequest;
use messina_control_api::task::v1::ConfirmTaskDeletionsRequest;
use messina_service_runtime::Failure;

use crate::client::{DEADLINE, Endpoints};
use crate::output::print;

/// Lets everything go that asked to be deleted so far. Look at 'messina plan' first.
#[derive(Debug, Args)]
pub struct ConfirmArgs {
    #[command(flatten)]
    endpoints: Endpoints,
}

impl ConfirmArgs {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        self.endpoints.within(DEADLINE, self.confirm()).await
    }

    async fn confirm(&self) -> Result<(), Failure> {
        let mut clients = self.endpoints.clients()?;
        let clusters = clients.registrations.confirm_deletions(ConfirmDeletionsRequest {}).await;
        let clusters = clusters.map_err(|status| clients.registration_said(&status))?.into_inner().confirmed;
        let tasks = clients.tasks.confirm_task_deletions(ConfirmTaskDeletionsRequest {}).await;
        let tasks = tasks.map_err(|status| clients.task_sync_said(&status))?.into_inner().confirmed;
        print(&format!("confirmed: {clusters} clusters, {tasks} tasks\n"))
    }
}
