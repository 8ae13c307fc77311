//! Runs of tasks: their history, starting and stopping them.

use messina_control_api::convert::write_run;
use messina_control_api::task::v1 as wire;
use messina_domain::names::reason;
use messina_domain::task::TaskObject;
use messina_fault::Fault;
use messina_service_runtime::errors::fault_to_status;
use tonic::Status;
use uuid::Uuid;

use super::Api;
use crate::status::presentable;

/// How many runs are answered when nothing is said.
const USUAL_RUNS: u8 = 10;

impl Api {
    pub(super) async fn list_runs(
        &self,
        request: wire::ListRunsRequest,
    ) -> Result<wire::ListRunsResponse, Status> {
        let task = self.named(request.key.as_ref())?;
        let (cluster, id) = self.in_manager(&task)?;
        let limit = match request.limit {
            0 => USUAL_RUNS,
            limit => u8::try_from(limit).unwrap_or(u8::MAX),
        };
        let runs = self.sync.manager.history(cluster, &task.definition.kind(), id, limit).await;
        let runs = runs.map_err(|fault| fault_to_status(&fault))?;
        Ok(wire::ListRunsResponse {
            runs: runs.into_iter().map(|run| write_run(&presentable(run))).collect(),
        })
    }

    pub(super) async fn start(
        &self,
        request: wire::StartTaskRequest,
    ) -> Result<wire::StartTaskResponse, Status> {
        let task = self.named(request.key.as_ref())?;
        self.may_write()?;
        let (cluster, id) = self.in_manager(&task)?;
        let started =
            self.sync.manager.start(cluster, &task.definition.kind(), id, !request.from_scratch).await;
        self.look_again(&task);
        started.map_err(|fault| fault_to_status(&fault))?;
        tracing::info!(task = %task.key, from_scratch = request.from_scratch, "run started on request");
        Ok(wire::StartTaskResponse {})
    }

    pub(super) async fn stop(
        &self,
        request: wire::StopTaskRequest,
    ) -> Result<wire::StopTaskResponse, Status> {
        let task = self.named(request.key.as_ref())?;
        self.may_write()?;
        let (cluster, id) = self.in_manager(&task)?;
        let stopped = self.sync.manager.stop(cluster, &task.definition.kind(), id).await;
        self.look_again(&task);
        stopped.map_err(|fault| fault_to_status(&fault))?;
        tracing::info!(task = %task.key, "run stopped on request");
        Ok(wire::StopTaskResponse {})
    }

    /// Cluster and id under which Manager holds a task.
    fn in_manager(&self, task: &TaskObject) -> Result<(Uuid, Uuid), Status> {
        let desired = self.sync.look(&task.cluster()).map_err(|fault| fault_to_status(&fault))?;
        let cluster = desired.cluster_id().map_err(|fault| fault_to_status(&fault))?;
        let id = task.status.task_id.ok_or_else(|| {
            let fault = Fault::waiting(
                reason::NOT_RUN_YET,
                format!("ScyllaDB Manager does not hold mtask '{}'", task.key),
            );
            fault_to_status(&fault.hint("see its conditions, or ask for an explanation of it"))
        })?;
        Ok((cluster, id))
    }

    /// What Manager holds has changed: it shows in the status soon.
    fn look_again(&self, task: &TaskObject) {
        let cluster = task.cluster();
        self.sync.memories.of(&cluster, |memory| memory.distrust());
        self.trigger.now(cluster, None);
    }
}
