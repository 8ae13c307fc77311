//! `messina status`

use clap::Args;
use jiff::Timestamp;
use messina_control_api::registration::v1::ListRegistrationsRequest;
use messina_control_api::task::v1::{ListTasksRequest, TaskFilter};
use messina_service_runtime::{Clock, Failure};
use serde::Serialize;

use crate::client::{Clients, DEADLINE, Endpoints};
use crate::output::view::{ClusterView, TaskView};
use crate::output::{Format, Style, age, due, show, table};

/// Shows every cluster and task, and what holds them up.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this datacenter.
    #[arg(long, value_name = "NAME", default_value = "")]
    datacenter: String,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    endpoints: Endpoints,
}

/// Everything that the command shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fleet {
    /// All clusters, sorted.
    pub clusters: Vec<ClusterView>,
    /// All tasks, sorted.
    pub tasks: Vec<TaskView>,
}

impl StatusArgs {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let mut clients = self.endpoints.clients()?;
        let fleet = self.endpoints.within(DEADLINE, fetch(&mut clients, &self.datacenter)).await?;
        let now = Clock::system().now();
        show(self.output, &fleet, || fleet.text(self.output == Format::Wide, Style::detect(), now))
    }
}

/// Asks both services.
pub async fn fetch(clients: &mut Clients, datacenter: &str) -> Result<Fleet, Failure> {
    let request = ListRegistrationsRequest { datacenter: datacenter.to_owned() };
    let registrations = clients.registrations.list_registrations(request).await;
    let registrations = registrations.map_err(|status| clients.registration_said(&status))?.into_inner();
    let filter = TaskFilter { datacenter: datacenter.to_owned(), ..TaskFilter::default() };
    let tasks = clients.tasks.list_tasks(ListTasksRequest { filter: Some(filter) }).await;
    let tasks = tasks.map_err(|status| clients.task_sync_said(&status))?.into_inner();
    Ok(Fleet {
        clusters: registrations.registrations.iter().map(ClusterView::from).collect(),
        tasks: tasks.tasks.iter().map(TaskView::from).collect(),
    })
}

impl Fleet {
    /// The fleet for a person.
    pub fn text(&self, wide: bool, style: Style, now: Timestamp) -> String {
        if self.clusters.is_empty() && self.tasks.is_empty() {
            return "No ScyllaCluster is in sight. Is the namespace selected, and is k8s-watcher ready?\n"
                .to_owned();
        }
        let mut text = self.cluster_table(wide, style);
        if !self.tasks.is_empty() {
            text.push('\n');
            text.push_str(&self.task_table(wide, style, now));
        }
        text.push_str(&self.trouble(style));
        text
    }

    /// The clusters for a person.
    pub fn cluster_table(&self, wide: bool, style: Style) -> String {
        let mut heading = vec!["CLUSTER", "REGISTERED", "TASKS", "REASON"];
        if wide {
            heading.push("CLUSTER ID");
        }
        let rows = self.clusters.iter().map(|cluster| {
            let mine = || self.tasks.iter().filter(|task| task.cluster == cluster.cluster);
            let tasks = format!("{}/{}", mine().filter(|task| task.synced).count(), mine().count());
            let reason = cluster.held_up.as_ref().map(|held| held.reason.clone()).unwrap_or_default();
            let registered = match (cluster.registered, cluster.excluded) {
                (_, true) => style.faint("excluded"),
                (true, _) => style.good("yes"),
                (false, _) => style.waiting("no"),
            };
            let mut row = vec![cluster.cluster.clone(), registered, tasks, reason];
            if wide {
                row.push(cluster.cluster_id.clone());
            }
            row
        });
        table(&heading, rows.collect())
    }

    fn task_table(&self, wide: bool, style: Style, now: Timestamp) -> String {
        let mut heading = vec!["TASK", "TYPE", "SYNCED", "STATE", "LAST SUCCESS", "NEXT"];
        if wide {
            heading.push("OBJECT");
        }
        let rows = self.tasks.iter().map(|task| {
            let synced = if task.synced { style.good("yes") } else { style.waiting("no") };
            let state = match task.progress {
                Some(percent) => format!("{} {percent}%", task.state),
                None => task.state.clone(),
            };
            let state = if task.state == "ERROR" { style.bad(&state) } else { state };
            let name = format!("{} {}", task.cluster, task.name);
            let (last, next) = (age(task.last_success, now), due(task.next_activation, now));
            let mut row = vec![name, task.kind.clone(), synced, state, last, next];
            if wide {
                row.push(task.task.clone());
            }
            row
        });
        table(&heading, rows.collect())
    }

    /// What somebody should look at, each with the way out.
    fn trouble(&self, style: Style) -> String {
        let mut lines = Vec::new();
        for cluster in self.clusters.iter().filter(|cluster| !cluster.excluded) {
            if let Some(held) = &cluster.held_up {
                lines.push(line(style, &cluster.cluster, &held.reason, &held.message, &held.hint));
            }
        }
        // A task that only waits for its cluster is explained by the cluster.
        let explained =
            |task: &TaskView| task.reason == messina_domain::names::reason::CLUSTER_NOT_REGISTERED;
        for task in self.tasks.iter().filter(|task| !task.reason.is_empty() && !explained(task)) {
            lines.push(line(
                style,
                &format!("{} {}", task.cluster, task.name),
                &task.reason,
                &task.message,
                "",
            ));
        }
        if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
    }
}

fn line(style: Style, what: &str, reason: &str, message: &str, hint: &str) -> String {
    let way_out = if hint.is_empty() { String::new() } else { format!("\n    {hint}") };
    format!("{} {}: {message}{way_out}\n", style.strong(what), style.bad(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::view::ReasonView;

    #[test]
    fn a_missing_token_secret_is_said_once_with_the_way_out() {
        let held = ReasonView {
            class: "waiting".into(),
            reason: "TokenSecretMissing".into(),
            message: "the Secret 'orders-auth-token' does not exist".into(),
            hint: "create it".into(),
        };
        let task = TaskView {
            task: "east/prod/orders-backup-daily-1".into(),
            cluster: "east/prod/orders".into(),
            kind: "backup".into(),
            name: "daily".into(),
            synced: false,
            state: "NEW".into(),
            progress: None,
            last_success: None,
            next_activation: None,
            last_error: None,
            reason: "ClusterNotRegistered".into(),
            message: "waits".into(),
        };
        let cluster = ClusterView {
            cluster: "east/prod/orders".into(),
            registered: false,
            excluded: false,
            cluster_id: String::new(),
            held_up: Some(held),
        };
        let fleet = Fleet { clusters: vec![cluster], tasks: vec![task] };
        let now = Timestamp::from_second(0).unwrap();
        assert_eq!(
            fleet.text(false, Style::plain(), now),
            "CLUSTER            REGISTERED   TASKS   REASON\n\
             east/prod/orders   no           0/1     TokenSecretMissing\n\
             \n\
             TASK                     TYPE     SYNCED   STATE   LAST SUCCESS   NEXT\n\
             east/prod/orders daily   backup   no       NEW     -              -\n\
             \n\
             east/prod/orders TokenSecretMissing: the Secret 'orders-auth-token' does not exist\n    create it\n"
        );
    }
}
