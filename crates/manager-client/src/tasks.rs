//! Tasks in Manager: what task-sync may do.

use messina_domain::manager::{ManagerTask, Run, TaskBody, TaskKind};
use messina_domain::names::reason;
use messina_fault::Fault;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::answer;
use crate::call::Call;
use crate::client::{ManagerClient, Outcome};
use crate::operation::Operation;
use crate::wire::run::{Progress, ProgressJson, RunJson};
use crate::wire::task::{TaskJson, encode};

/// Manager's tasks.
#[derive(Clone)]
pub struct TaskApi {
    client: ManagerClient,
}

impl TaskApi {
    pub(crate) fn new(client: ManagerClient) -> Self {
        Self { client }
    }

    /// All tasks of a cluster, disabled ones and foreign ones too.
    ///
    /// # Errors
    /// `Transient(ClusterUnknownToManager)`, other `Transient`; also when a single task in the list cannot
    /// be read.
    pub async fn list(&self, cluster: Uuid) -> Result<Vec<ManagerTask>, Fault> {
        let operation = Operation::ListTasks;
        let call = in_cluster(operation, cluster, "tasks").query("all=true");
        let answer = self.client.perform_on_existing(call, None).await?;
        let list = answer::read_list::<TaskJson>(operation, answer.body.as_bytes())?;
        Ok(list.into_iter().map(ManagerTask::from).collect())
    }

    /// Makes a task and answers its id. Not to be repeated blindly: look first whether it exists.
    ///
    /// # Errors
    /// Those of the table in [`classify`](crate::classify); `Transient(ManagerAnswerUnreadable)` when it was
    /// made and its id is not known.
    pub async fn create(&self, cluster: Uuid, body: &TaskBody) -> Result<Uuid, Fault> {
        let operation = Operation::CreateTask;
        word(&body.kind)?;
        let call = in_cluster(operation, cluster, "tasks").body(encode(body)?);
        let answer = self.client.perform_on_existing(call, None).await?;
        answer
            .located_id()
            .ok_or_else(|| answer::garbage(operation, "the answer does not say under which id"))
    }

    /// Replaces the whole definition of a task. Its schedule is computed anew and a pending retry is lost.
    ///
    /// # Errors
    /// Those of the table in [`classify`](crate::classify); `Transient` when it is gone.
    pub async fn replace(&self, cluster: Uuid, id: Uuid, body: &TaskBody) -> Result<(), Fault> {
        let call = item(Operation::ReplaceTask, cluster, &body.kind, id, "")?.body(encode(body)?);
        // The answer repeats the request and says nothing.
        self.client.perform_on_existing(call, None).await.map(drop)
    }

    /// Asks the present run to end. Without one nothing happens; the schedule goes on.
    ///
    /// # Errors
    /// `Transient`, also when the task is gone.
    pub async fn stop(&self, cluster: Uuid, kind: &TaskKind, id: Uuid) -> Result<(), Fault> {
        let call = item(Operation::StopTask, cluster, kind, id, "/stop")?;
        self.client.perform_on_existing(call, None).await.map(drop)
    }

    /// Starts a run now, also of a disabled task. `resume` goes on where an unfinished run stopped. While
    /// it runs already nothing happens.
    ///
    /// # Errors
    /// `Waiting(ClusterSuspended)`; `Transient`, also when the task is gone.
    pub async fn start(&self, cluster: Uuid, kind: &TaskKind, id: Uuid, resume: bool) -> Result<(), Fault> {
        let query = if resume { "continue=true" } else { "continue=false" };
        let call = item(Operation::StartTask, cluster, kind, id, "/start")?.query(query);
        self.client.perform_on_existing(call, None).await.map(drop)
    }

    /// Deletes a task; one that is gone is fine. Its present run is not ended by this: stop it first.
    ///
    /// # Errors
    /// `Transient`.
    pub async fn delete(&self, cluster: Uuid, kind: &TaskKind, id: Uuid) -> Result<(), Fault> {
        let call = item(Operation::DeleteTask, cluster, kind, id, "")?;
        self.client.perform(call, None).await.map(drop)
    }

    /// The last runs, newest first; at least one is asked for.
    ///
    /// # Errors
    /// `Transient`, also when the task is gone.
    pub async fn history(
        &self,
        cluster: Uuid,
        kind: &TaskKind,
        id: Uuid,
        limit: u8,
    ) -> Result<Vec<Run>, Fault> {
        let operation = Operation::GetHistory;
        // To Manager 0 is no limit.
        let call = item(operation, cluster, kind, id, "/history")?.query(format!("limit={}", limit.max(1)));
        let answer = self.client.perform_on_existing(call, None).await?;
        let runs = answer::read_list::<RunJson>(operation, answer.body.as_bytes())?;
        Ok(runs.into_iter().map(Run::from).collect())
    }

    /// How far the last run is; `None` when there is no run, no task, or this kind does not say.
    ///
    /// # Errors
    /// `Transient`.
    pub async fn progress(
        &self,
        cluster: Uuid,
        kind: &TaskKind,
        id: Uuid,
    ) -> Result<Option<Progress>, Fault> {
        let operation = Operation::GetProgress;
        match self.client.perform(item(operation, cluster, kind, id, "/latest")?, None).await? {
            Outcome::Gone => Ok(None),
            Outcome::Done(answer) => {
                let progress: ProgressJson = answer::read(operation, answer.body.as_bytes())?;
                Ok(progress.into_progress(kind))
            }
        }
    }

    /// What Manager would work on if the task ran now, as its JSON. Asks the agents, so not to be polled.
    ///
    /// # Errors
    /// Those of the table in [`classify`](crate::classify).
    pub async fn target(&self, cluster: Uuid, body: &TaskBody) -> Result<String, Fault> {
        let operation = Operation::GetTarget;
        let call = in_cluster(operation, cluster, &format!("tasks/{}/target", word(&body.kind)?))
            .body(encode(body)?);
        let answer = self.client.perform_on_existing(call, None).await?;
        let target: Box<RawValue> = answer::read(operation, answer.body.as_bytes())?;
        Ok(Box::<str>::from(target).into_string())
    }

    /// Whether the cluster is suspended.
    ///
    /// # Errors
    /// `Transient`.
    pub async fn suspended(&self, cluster: Uuid) -> Result<bool, Fault> {
        let operation = Operation::GetSuspended;
        let answer =
            self.client.perform_on_existing(in_cluster(operation, cluster, "suspended"), None).await?;
        answer::read(operation, answer.body.as_bytes())
    }
}

fn in_cluster(operation: Operation, cluster: Uuid, rest: &str) -> Call {
    Call::new(operation, format!("/cluster/{cluster}/{rest}")).cluster(cluster)
}

fn item(operation: Operation, cluster: Uuid, kind: &TaskKind, id: Uuid, rest: &str) -> Result<Call, Fault> {
    Ok(in_cluster(operation, cluster, &format!("task/{}/{id}{rest}", word(kind)?)))
}

/// The kind as a word that may stand in a path.
fn word(kind: &TaskKind) -> Result<&str, Fault> {
    let word = kind.as_str();
    let harmless = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if word.is_empty() || !word.bytes().all(harmless) {
        return Err(Fault::rejected(
            reason::INVALID_TASK,
            format!("type: '{}' is not a task type", word.escape_debug()),
        ));
    }
    Ok(word)
}
