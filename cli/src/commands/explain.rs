//! `messina explain`

use clap::Args;
use messina_control_api::convert::{write_cluster_key, write_task_key};
use messina_control_api::registration::v1::ExplainRegistrationRequest;
use messina_control_api::task::v1::ExplainTaskRequest;
use messina_domain::identity::ClusterKey;
use messina_service_runtime::Failure;
use serde::Serialize;
use tonic::Code;

use crate::client::{Clients, DEADLINE, Endpoints};
use crate::output::view::ReasonView;
use crate::output::{Format, Style, show};

/// Says why a cluster or a task is as it is, and what to do about it.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A ScyllaCluster or a ScyllaDBManagerTask, as DATACENTER/NAMESPACE/NAME.
    object: ClusterKey,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    endpoints: Endpoints,
}

/// What the command shows.
#[derive(Debug, Serialize)]
struct Explained {
    object: String,
    kind: &'static str,
    well: bool,
    reason: Option<ReasonView>,
    facts: Vec<String>,
}

impl ExplainArgs {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let mut clients = self.endpoints.clients()?;
        let explained = self.endpoints.within(DEADLINE, find(&mut clients, &self.object)).await?;
        show(self.output, &explained, || explained.text(Style::detect()))
    }
}

async fn find(clients: &mut Clients, key: &ClusterKey) -> Result<Explained, Failure> {
    if let Some(explained) = cluster(clients, key).await? {
        return Ok(explained);
    }
    task(clients, key).await?.ok_or_else(|| {
        Failure::broken(format!(
            "neither a ScyllaCluster nor a task '{key}' is in sight; 'messina status -o wide' lists all"
        ))
    })
}

async fn cluster(clients: &mut Clients, key: &ClusterKey) -> Result<Option<Explained>, Failure> {
    let request = ExplainRegistrationRequest { key: Some(write_cluster_key(key)) };
    match clients.registrations.explain_registration(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let registration = answer.registration.unwrap_or_default();
            Ok(Some(Explained {
                object: key.to_string(),
                kind: "ScyllaCluster",
                well: registration.registered,
                reason: registration.explanation.as_ref().map(ReasonView::from),
                facts: answer.facts,
            }))
        }
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(clients.registration_said(&status)),
    }
}

async fn task(clients: &mut Clients, key: &ClusterKey) -> Result<Option<Explained>, Failure> {
    let request = ExplainTaskRequest { key: Some(write_task_key(key)) };
    match clients.tasks.explain_task(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            Ok(Some(Explained {
                object: key.to_string(),
                kind: "ScyllaDBManagerTask",
                well: answer.explanation.is_none(),
                reason: answer.explanation.as_ref().map(ReasonView::from),
                facts: answer.facts,
            }))
        }
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(clients.task_sync_said(&status)),
    }
}

impl Explained {
    fn text(&self, style: Style) -> String {
        let mut text = format!("{} {}\n", self.kind, style.strong(&self.object));
        match &self.reason {
            None if self.well => text.push_str(&format!("  {}\n", style.good("All is as declared."))),
            None => {}
            Some(reason) => {
                text.push_str(&format!("  {}: {}\n", style.bad(&reason.reason), reason.message));
                if !reason.hint.is_empty() {
                    text.push_str(&format!("  What to do: {}\n", reason.hint));
                }
            }
        }
        text.push('\n');
        for fact in &self.facts {
            text.push_str(&format!("  - {fact}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_comes_first_then_the_way_out_then_the_facts() {
        let explained = Explained {
            object: "east/prod/orders".into(),
            kind: "ScyllaCluster",
            well: false,
            reason: Some(ReasonView {
                class: "waiting".into(),
                reason: "TokenSecretMissing".into(),
                message: "the Secret 'orders-auth-token' does not exist".into(),
                hint: "create it".into(),
            }),
            facts: vec!["3 nodes are available".into()],
        };
        assert_eq!(
            explained.text(Style::plain()),
            "ScyllaCluster east/prod/orders\n  TokenSecretMissing: the Secret 'orders-auth-token' does not exist\n  \
             What to do: create it\n\n  - 3 nodes are available\n"
        );
    }
}
