//! Carrying out the next step.

use messina_domain::identity::ClusterKey;
use messina_domain::manager::ClusterBody;
use messina_domain::plan::Change;
use messina_domain::plan::registration::{Desired, Plan};
use messina_fault::Fault;
use messina_service_runtime::trace::current_traceparent;

use crate::registrar::Registrar;
use crate::writer::Happening;

impl Registrar {
    /// Does what the plan says.
    pub(crate) async fn carry_out(
        &self,
        key: &ClusterKey,
        desired: &Desired,
        plan: Plan,
    ) -> Result<(), Fault> {
        let writer = &self.fleet.get(&key.datacenter)?.writer;
        match plan {
            Plan::ApplyObject(spec) => {
                // Its echo in the feed leads to the next step, which belongs to the same story.
                self.ledger.hand_on(key, current_traceparent());
                writer.apply(key, &spec).await
            }
            Plan::DeleteObject { uid, removed_cluster_uid } => {
                let why = if removed_cluster_uid.is_empty() { "kept out of Manager" } else { "deleted" };
                writer.delete(key, uid, removed_cluster_uid).await?;
                tracing::info!(%key, "the ScyllaCluster is {why}; its registration goes");
                Ok(())
            }
            Plan::Create(body) => self.create(desired, &body).await,
            Plan::Update { body, changes } => self.replace(desired, &body, &changes).await,
            Plan::Delete { id } => self.delete(desired, id).await,
            Plan::Release => match &desired.registration {
                Some(registration) => writer.release(registration).await,
                None => Ok(()),
            },
        }
    }

    async fn create(&self, desired: &Desired, body: &ClusterBody) -> Result<(), Fault> {
        self.written(desired, body, self.clusters.put_new(body).await)?;
        let what = format!("registered as '{}' with host '{}', id {}", body.name, body.host, body.id);
        tracing::info!(key = %desired.key, id = %body.id, host = body.host, "registered in ScyllaDB Manager");
        self.happened(desired, "Registered", what).await;
        Ok(())
    }

    /// Replaces what Manager holds, and says which fields differed.
    pub(crate) async fn replace(
        &self,
        desired: &Desired,
        body: &ClusterBody,
        changes: &[Change],
    ) -> Result<(), Fault> {
        self.written(desired, body, self.clusters.replace(body).await)?;
        let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        let fields = fields.join(", ");
        tracing::info!(key = %desired.key, id = %body.id, fields, "updated in ScyllaDB Manager");
        self.happened(desired, "Updated", format!("updated: {fields}")).await;
        Ok(())
    }

    async fn delete(&self, desired: &Desired, id: uuid::Uuid) -> Result<(), Fault> {
        let deleted = self.clusters.delete(id).await;
        self.ledger.wrote(&desired.key, None);
        deleted?;
        self.deletions.done(&desired.key, self.clock.now());
        tracing::info!(key = %desired.key, %id, "deleted from ScyllaDB Manager");
        self.happened(desired, "Deregistered", format!("deleted, id {id}")).await;
        Ok(())
    }

    /// Remembers a write: what Manager holds now, or that only Manager can tell.
    fn written(
        &self,
        desired: &Desired,
        body: &ClusterBody,
        outcome: Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.ledger.wrote(&desired.key, outcome.is_ok().then_some(body));
        outcome
    }

    async fn happened(&self, desired: &Desired, reason: &'static str, note: String) {
        self.ledger.did(&desired.key, self.clock.now(), note.as_str());
        if let Some(registration) = &desired.registration {
            let note = format!("in ScyllaDB Manager '{}': {note}", self.manager_name);
            self.record(registration, Happening { warning: false, reason, note }).await;
        }
    }
}
