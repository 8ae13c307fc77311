//! `messina plan`

use clap::Args;
use messina_control_api::registration::v1::PlanRegistrationsRequest;
use messina_control_api::task::v1::{PlanTasksRequest, TaskFilter};
use messina_service_runtime::Failure;

use crate::client::{Clients, Endpoints, LONG_DEADLINE};
use crate::output::view::PlanView;
use crate::output::{Format, Style, show, table};

/// Says what would be done next, and does nothing.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Only this datacenter.
    #[arg(long, value_name = "NAME", default_value = "")]
    datacenter: String,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    endpoints: Endpoints,
}

impl PlanArgs {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let mut clients = self.endpoints.clients()?;
        let plan = self.endpoints.within(LONG_DEADLINE, fetch(&mut clients, &self.datacenter)).await?;
        show(self.output, &plan, || text(&plan, Style::detect()))
    }
}

/// Asks both services.
pub async fn fetch(clients: &mut Clients, datacenter: &str) -> Result<Vec<PlanView>, Failure> {
    let request = PlanRegistrationsRequest { datacenter: datacenter.to_owned() };
    let clusters = clients.registrations.plan_registrations(request).await;
    let clusters = clusters.map_err(|status| clients.registration_said(&status))?.into_inner();
    let filter = TaskFilter { datacenter: datacenter.to_owned(), ..TaskFilter::default() };
    let request = PlanTasksRequest { filter: Some(filter), with_targets: false };
    let tasks = clients.tasks.plan_tasks(request).await;
    let tasks = tasks.map_err(|status| clients.task_sync_said(&status))?.into_inner();
    let clusters = clusters.registrations.iter().map(PlanView::from);
    Ok(clusters.chain(tasks.tasks.iter().map(PlanView::from)).collect())
}

/// The plan for a person.
pub fn text(plan: &[PlanView], style: Style) -> String {
    if plan.is_empty() {
        return format!("{}\n", style.good("Nothing to do: ScyllaDB Manager holds everything as declared."));
    }
    let rows = plan.iter().map(|step| {
        let why = match &step.held {
            Some(held) => format!("{}: {}", held.reason, held.message),
            None => step
                .changes
                .iter()
                .map(|c| format!("{}: '{}' -> '{}'", c.field, c.from, c.to))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let action = match step.action.as_str() {
            "held" => style.waiting("held"),
            "delete" | "delete-object" => style.bad(&step.action),
            other => style.good(other),
        };
        vec![action, step.object.to_owned(), step.key.clone(), why]
    });
    table(&["ACTION", "OBJECT", "KEY", "WHY"], rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::view::ChangeView;

    #[test]
    fn an_update_names_every_field() {
        let changes = vec![ChangeView { field: "cron".into(), from: "@daily".into(), to: "@hourly".into() }];
        let step =
            PlanView { object: "task", key: "e/p/t".into(), action: "update".into(), changes, held: None };
        assert_eq!(
            text(&[step], Style::plain()),
            "ACTION   OBJECT   KEY     WHY\nupdate   task     e/p/t   cron: '@daily' -> '@hourly'\n"
        );
        assert!(text(&[], Style::plain()).starts_with("Nothing to do"));
    }
}
