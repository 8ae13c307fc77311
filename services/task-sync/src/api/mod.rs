//! `TaskService`: shows and steers the tasks of all datacenters.

mod explain;
mod plan;
mod read;
mod steer;
mod watch;

use std::sync::Arc;

use futures::stream::BoxStream;
use messina_control_api::convert::read_task_key;
use messina_control_api::task::v1 as wire;
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_domain::task::TaskObject;
use messina_fault::Fault;
use messina_reconcile::Trigger;
use messina_service_runtime::Shutdown;
use messina_service_runtime::errors::{fault_to_status, field_violation};
use tonic::{Request, Response, Status};
use wire::task_service_server::TaskService;

use crate::sync::TaskSync;
use crate::wake::Pulse;

/// The service.
pub(crate) struct Api {
    sync: Arc<TaskSync>,
    trigger: Trigger<ClusterKey>,
    pulse: Pulse,
    shutdown: Shutdown,
}

impl Api {
    pub(crate) fn new(
        sync: Arc<TaskSync>,
        trigger: Trigger<ClusterKey>,
        pulse: Pulse,
        shutdown: Shutdown,
    ) -> Self {
        Self { sync, trigger, pulse, shutdown }
    }

    /// The task object that a request names.
    fn named(&self, key: Option<&wire::TaskKey>) -> Result<TaskObject, Status> {
        let key = read_task_key(key).map_err(|error| field_violation(error.field, &error.message))?;
        self.sync.fleet.datacenter(&key.datacenter).map_err(|fault| {
            Status::not_found(format!("{}; known: {}", fault.detail().message, self.datacenters()))
        })?;
        // A copy that is not whole knows nothing, not even that something is missing.
        self.sync.fleet.desired(&key, self.sync.clock.now()).map_err(|fault| fault_to_status(&fault))?;
        self.sync.fleet.task(&key).ok_or_else(|| Status::not_found(format!("there is no mtask '{key}'")))
    }

    fn datacenters(&self) -> String {
        self.sync.fleet.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Refuses what would change something.
    fn may_write(&self) -> Result<(), Status> {
        if self.sync.config.read_only {
            let fault = Fault::waiting(reason::READ_ONLY, "task-sync runs with --read-only");
            return Err(fault_to_status(&fault.hint("start it without --read-only")));
        }
        Ok(())
    }
}

/// Whether a filter chooses a task.
fn chosen(filter: &wire::TaskFilter, cluster: &ClusterKey) -> bool {
    let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    fits(&filter.datacenter, &cluster.datacenter)
        && fits(&filter.namespace, &cluster.namespace)
        && fits(&filter.cluster, &cluster.name)
}

#[tonic::async_trait]
impl TaskService for Api {
    type WatchTasksStream = BoxStream<'static, Result<wire::WatchTasksResponse, Status>>;

    async fn list_tasks(
        &self,
        request: Request<wire::ListTasksRequest>,
    ) -> Result<Response<wire::ListTasksResponse>, Status> {
        let tasks = read::chosen_tasks(&self.sync, &request.into_inner().filter.unwrap_or_default());
        Ok(Response::new(wire::ListTasksResponse { tasks: tasks.iter().map(read::to_wire).collect() }))
    }

    async fn get_task(
        &self,
        request: Request<wire::GetTaskRequest>,
    ) -> Result<Response<wire::GetTaskResponse>, Status> {
        let task = self.named(request.into_inner().key.as_ref())?;
        Ok(Response::new(wire::GetTaskResponse { task: Some(read::to_wire(&task)) }))
    }

    async fn watch_tasks(
        &self,
        request: Request<wire::WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        let filter = request.into_inner().filter.unwrap_or_default();
        let stream = watch::changes(Arc::clone(&self.sync), filter, self.pulse.subscribe());
        Ok(Response::new(watch::until(stream, self.shutdown.clone())))
    }

    async fn list_runs(
        &self,
        request: Request<wire::ListRunsRequest>,
    ) -> Result<Response<wire::ListRunsResponse>, Status> {
        self.list_runs(request.into_inner()).await.map(Response::new)
    }

    async fn start_task(
        &self,
        request: Request<wire::StartTaskRequest>,
    ) -> Result<Response<wire::StartTaskResponse>, Status> {
        self.start(request.into_inner()).await.map(Response::new)
    }

    async fn stop_task(
        &self,
        request: Request<wire::StopTaskRequest>,
    ) -> Result<Response<wire::StopTaskResponse>, Status> {
        self.stop(request.into_inner()).await.map(Response::new)
    }

    async fn plan_tasks(
        &self,
        request: Request<wire::PlanTasksRequest>,
    ) -> Result<Response<wire::PlanTasksResponse>, Status> {
        let planned = plan::plan_tasks(&self.sync, request.into_inner()).await;
        Ok(Response::new(
            planned.map_err(|fault| fault_to_status(&Fault::Transient(fault.detail().clone())))?,
        ))
    }

    async fn explain_task(
        &self,
        request: Request<wire::ExplainTaskRequest>,
    ) -> Result<Response<wire::ExplainTaskResponse>, Status> {
        let task = self.named(request.into_inner().key.as_ref())?;
        Ok(Response::new(explain::explain(&self.sync, &task).await))
    }

    async fn confirm_task_deletions(
        &self,
        _: Request<wire::ConfirmTaskDeletionsRequest>,
    ) -> Result<Response<wire::ConfirmTaskDeletionsResponse>, Status> {
        self.may_write()?;
        let confirmed = self.sync.brakes.confirm(self.sync.clock.now());
        tracing::info!(confirmed, "frozen deletions of tasks confirmed");
        for key in self.sync.fleet.keys() {
            self.trigger.now(key, None);
        }
        let confirmed = u32::try_from(confirmed).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ConfirmTaskDeletionsResponse { confirmed }))
    }
}
