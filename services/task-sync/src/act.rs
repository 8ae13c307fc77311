//! Carries out what was decided, one action at a time.

use messina_domain::identity::ClusterKey;
use messina_domain::manager::TaskBody;
use messina_domain::names::reason;
use messina_domain::plan::Change;
use messina_domain::plan::entries::Step;
use messina_domain::plan::task::Plan;
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;
use uuid::Uuid;

use crate::desired::Desired;
use crate::reconciler::Done;
use crate::sync::TaskSync;

impl TaskSync {
    /// Creates, changes or asks for the deletion of a task object.
    pub(crate) async fn take_step(&self, desired: &Desired, step: &Step) -> Result<(), Fault> {
        let key = &desired.key;
        let uid = desired.cluster.as_ref().map(|cluster| cluster.uid.as_str()).unwrap_or_default();
        let writer = &self.fleet.datacenter(&key.datacenter)?.writer;
        writer.step(&key.namespace, (&key.name, uid), step).await?;
        match step {
            Step::Apply { name, .. } => tracing::info!(task = name, "task object applied"),
            Step::Delete { name, .. } => tracing::info!(task = name, "deletion of the task object asked for"),
        }
        Ok(())
    }

    /// Carries out the next step of one task.
    pub(crate) async fn carry_out(
        &self,
        key: &ClusterKey,
        desired: &Desired,
        (name, plan): (&str, Plan),
    ) -> Result<Done, Fault> {
        let object = desired.tasks.iter().find(|task| task.key.name == name);
        let object = object.ok_or_else(|| Fault::transient(reason::INTERNAL, "a plan without its object"))?;
        if plan == Plan::Release {
            return self.release(object).await;
        }
        let cluster = desired.cluster_id()?;
        let result = self.call(key, (cluster, object), plan).await;
        if result.is_err() {
            // It may have been done all the same: the next pass looks before it does anything.
            self.memories.of(key, |memory| memory.distrust());
        }
        result
    }

    async fn call(
        &self,
        key: &ClusterKey,
        (cluster, object): (Uuid, &TaskObject),
        plan: Plan,
    ) -> Result<Done, Fault> {
        let name = object.key.name.as_str();
        match plan {
            Plan::Create(body) => self.create(key, (cluster, name), body).await,
            Plan::Update { id, body, changes } => {
                self.manager.replace(cluster, id, &body).await?;
                tracing::info!(task = name, %id, fields = fields(&changes), "task updated in Manager");
                self.memories.of(key, |memory| memory.updated(id, &body));
                Ok(Done::Updated)
            }
            Plan::Stop { id } => {
                self.manager.stop(cluster, &self.kind(key, object, id), id).await?;
                tracing::info!(task = name, %id, "run stopped, so that the task can be deleted");
                self.memories.of(key, |memory| memory.distrust());
                Ok(Done::Stopping)
            }
            Plan::Delete { id } => {
                self.manager.delete(cluster, &self.kind(key, object, id), id).await?;
                tracing::info!(task = name, %id, "task deleted in Manager");
                self.memories.of(key, |memory| memory.deleted(id));
                Ok(Done::Deleted)
            }
            Plan::Release => self.release(object).await,
        }
    }

    async fn create(
        &self,
        key: &ClusterKey,
        (cluster, name): (Uuid, &str),
        body: TaskBody,
    ) -> Result<Done, Fault> {
        let id = self.manager.create(cluster, &body).await?;
        tracing::info!(task = name, %id, kind = body.kind.as_str(), name = body.name, "task created in Manager");
        self.memories.of(key, |memory| memory.created(id, body));
        Ok(Done::Created(id))
    }

    /// The kind that a task has in Manager, which may not be the declared one any more.
    fn kind(&self, key: &ClusterKey, object: &TaskObject, id: Uuid) -> messina_domain::manager::TaskKind {
        let held = self.memories.of(key, |memory| {
            let tasks = memory.list.iter().flat_map(|list| &list.tasks);
            tasks.filter(|task| task.id == id).map(|task| task.body.kind.clone()).next()
        });
        held.unwrap_or_else(|| object.definition.kind())
    }

    async fn release(&self, object: &TaskObject) -> Result<Done, Fault> {
        let writer = &self.fleet.datacenter(&object.key.datacenter)?.writer;
        let status = TaskStatus {
            task_id: None,
            progress: None,
            next_activation: None,
            observed_generation: object.generation,
            ..object.status.clone()
        };
        writer.report(object, &status, true).await?;
        tracing::info!(task = object.key.name, "task object released");
        Ok(Done::Released)
    }
}

/// Names of fields for a person.
pub(crate) fn fields(changes: &[Change]) -> String {
    changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>().join(", ")
}
