//! Clusters in Manager: what registration may do.

use http::StatusCode;
use messina_domain::manager::{ClusterBody, ManagerCluster};
use messina_fault::Fault;
use uuid::Uuid;

use crate::answer;
use crate::call::Call;
use crate::client::{ManagerClient, Outcome};
use crate::operation::Operation;
use crate::wire::cluster::{ClusterJson, encode};

/// Manager's clusters.
#[derive(Clone)]
pub struct ClusterApi {
    client: ManagerClient,
}

impl ClusterApi {
    pub(crate) fn new(client: ManagerClient) -> Self {
        Self { client }
    }

    /// All clusters, whoever made them.
    ///
    /// # Errors
    /// `Transient`; also when a single cluster in the list cannot be read.
    pub async fn list(&self) -> Result<Vec<ManagerCluster>, Fault> {
        let operation = Operation::ListClusters;
        let answer = self.client.perform_on_existing(Call::new(operation, "/clusters".into()), None).await?;
        let list = answer::read_list::<ClusterJson>(operation, answer.body.as_bytes())?;
        Ok(list.into_iter().map(ManagerCluster::from).collect())
    }

    /// One cluster; `None` when Manager itself says that it does not hold it.
    ///
    /// # Errors
    /// `Transient`.
    pub async fn get(&self, id: Uuid) -> Result<Option<ManagerCluster>, Fault> {
        let operation = Operation::GetCluster;
        match self.client.perform(item(operation, id), None).await? {
            Outcome::Gone => Ok(None),
            Outcome::Done(answer) => {
                let cluster: ClusterJson = answer::read(operation, answer.body.as_bytes())?;
                Ok(Some(cluster.into()))
            }
        }
    }

    /// Registers a cluster under its chosen id; one that is there under this id is replaced, so that this
    /// may be repeated. Manager connects to the nodes before it answers.
    ///
    /// # Errors
    /// `Transient(NodesUnreachable)` for a wrong token as well, `Waiting(NameTaken)`,
    /// `Rejected(NameAmbiguous)`, others of the table in [`classify`](crate::classify).
    pub async fn put_new(&self, body: &ClusterBody) -> Result<(), Fault> {
        let operation = Operation::PutNewCluster;
        let call = Call::new(operation, "/clusters".into()).cluster(body.id).body(encode(body)?);
        let answer = self.client.perform_on_existing(call, Some(&body.token)).await?;
        match answer.located_id() {
            Some(id) if id == body.id => Ok(()),
            Some(id) => {
                Err(answer::garbage(operation, &format!("registered as {id} instead of {}", body.id)))
            }
            // The id was ours to choose, so it need not be said again.
            None if answer.status == StatusCode::CREATED => Ok(()),
            None => Err(answer::garbage(operation, "the answer does not say that it was done")),
        }
    }

    /// Replaces a whole registration.
    ///
    /// # Errors
    /// As [`ClusterApi::put_new`], and `Transient(ClusterUnknownToManager)` when it is gone.
    pub async fn replace(&self, body: &ClusterBody) -> Result<(), Fault> {
        let call = item(Operation::ReplaceCluster, body.id).body(encode(body)?);
        // The answer repeats the request and says nothing.
        self.client.perform_on_existing(call, Some(&body.token)).await.map(drop)
    }

    /// Deletes a cluster with all its tasks; one that is gone is fine. Runs that are going on are not
    /// ended by this, and nobody can end them any more.
    ///
    /// # Errors
    /// `Transient`.
    pub async fn delete(&self, id: Uuid) -> Result<(), Fault> {
        // No query, ever: with some of them Manager deletes something else.
        self.client.perform(item(Operation::DeleteCluster, id), None).await.map(drop)
    }
}

fn item(operation: Operation, id: Uuid) -> Call {
    Call::new(operation, format!("/cluster/{id}")).cluster(id)
}
