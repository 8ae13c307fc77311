//! `messina watch`

use clap::Args;
use futures::StreamExt;
use messina_control_api::registration::v1::{WatchRegistrationsRequest, WatchRegistrationsResponse};
use messina_control_api::task::v1::{TaskFilter, WatchTasksRequest, WatchTasksResponse};
use messina_service_runtime::{Clock, Failure, Shutdown};
use serde::Serialize;

use crate::client::{Clients, Endpoints};
use crate::output::view::{ClusterView, TaskView};
use crate::output::{Format, Style, print};

/// Follows clusters and tasks: first each one as it is, then every change.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Only this datacenter.
    #[arg(long, value_name = "NAME", default_value = "")]
    datacenter: String,
    /// How to print; json and yaml print one document a change.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    endpoints: Endpoints,
}

/// One change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    time: jiff::Timestamp,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<ClusterView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskView>,
}

impl WatchArgs {
    /// Runs the command until it is interrupted or a service ends.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), Failure> {
        let mut clients = self.endpoints.clients()?;
        let clock = Clock::system();
        let (clusters, tasks) = self.open(&mut clients).await?;
        let clusters = clusters.map(|next| {
            next.map(|change| (change.removed, change.registration.as_ref().map(ClusterView::from), None))
                .map_err(|status| clients.registration_said(&status))
        });
        let tasks = tasks.map(|next| {
            next.map(|change| (change.removed, None, change.task.as_ref().map(TaskView::from)))
                .map_err(|status| clients.task_sync_said(&status))
        });
        let mut changes = futures::stream::select(clusters.boxed(), tasks.boxed());
        loop {
            let next = tokio::select! {
                next = changes.next() => next,
                () = shutdown.begun() => return Ok(()),
            };
            let Some(next) = next else {
                return Err(Failure::broken("the services ended the stream; run the command again"));
            };
            let (removed, cluster, task) = next?;
            print(&self.document(&Change { time: clock.now(), removed, cluster, task })?)?;
        }
    }

    async fn open(
        &self,
        clients: &mut Clients,
    ) -> Result<(tonic::Streaming<WatchRegistrationsResponse>, tonic::Streaming<WatchTasksResponse>), Failure>
    {
        let datacenter = self.datacenter.clone();
        let request = WatchRegistrationsRequest { datacenter: datacenter.clone() };
        let clusters = clients.registrations.watch_registrations(request).await;
        let clusters = clusters.map_err(|status| clients.registration_said(&status))?.into_inner();
        let filter = TaskFilter { datacenter, ..TaskFilter::default() };
        let tasks = clients.tasks.watch_tasks(WatchTasksRequest { filter: Some(filter) }).await;
        let tasks = tasks.map_err(|status| clients.task_sync_said(&status))?.into_inner();
        Ok((clusters, tasks))
    }

    fn document(&self, change: &Change) -> Result<String, Failure> {
        let broken =
            |error: &dyn std::fmt::Display| Failure::broken(format!("a change cannot be written: {error}"));
        Ok(match self.output {
            Format::Json => serde_json::to_string(change).map_err(|error| broken(&error))? + "\n",
            Format::Yaml => {
                format!("---\n{}", serde_saphyr::to_string(change).map_err(|error| broken(&error))?)
            }
            Format::Table | Format::Wide => change.line(Style::detect()),
        })
    }
}

impl Change {
    fn line(&self, style: Style) -> String {
        let time = style.faint(&self.time.strftime("%H:%M:%S").to_string());
        if let Some(cluster) = &self.cluster {
            let what = match (self.removed, cluster.registered, &cluster.held_up) {
                (true, ..) => "gone".to_owned(),
                (_, _, Some(held)) => format!("{}: {}", style.bad(&held.reason), held.message),
                (_, true, None) => style.good("registered"),
                (_, false, None) if cluster.excluded => style.faint("excluded"),
                (_, false, None) => style.waiting("on its way"),
            };
            return format!("{time}  cluster  {}  {what}\n", cluster.cluster);
        }
        let Some(task) = &self.task else { return String::new() };
        if self.removed {
            // Of what is gone nothing is left but the key of its object.
            return format!("{time}  task     {}  gone\n", task.task);
        }
        let what = match (task.reason.as_str(), task.progress) {
            ("", Some(percent)) => format!("{} {percent}%", task.state),
            ("", None) => {
                format!("{} {}", style.good(if task.synced { "synced" } else { "new" }), task.state)
            }
            (reason, _) => format!("{}: {}", style.bad(reason), task.message),
        };
        format!("{time}  {:<7}  {} {}  {what}\n", task.kind, task.cluster, task.name)
    }
}

#[cfg(test)]
mod tests {
    use messina_control_api::task::v1::{Task, TaskKey};

    use super::*;

    #[test]
    fn of_a_task_that_is_gone_the_object_is_named() {
        let key =
            TaskKey { datacenter: "east".into(), namespace: "prod".into(), name: "orders-daily".into() };
        let task = Some(TaskView::from(&Task { key: Some(key), ..Task::default() }));
        let time = jiff::Timestamp::from_second(0).unwrap();
        let change = Change { time, removed: true, cluster: None, task };
        assert_eq!(change.line(Style::plain()), "00:00:00  task     east/prod/orders-daily  gone\n");
    }
}
