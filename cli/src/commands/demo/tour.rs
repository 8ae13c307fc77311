//! A short tour: what happens when things change, fail, go and come back.

use std::time::Duration;

use messina_control_api::convert::write_task_key;
use messina_control_api::task::v1::{ExplainTaskRequest, StartTaskRequest};
use messina_domain::identity::ClusterKey;
use messina_domain::manager::TaskKind;
use messina_domain::task::object::object_name;
use messina_fake_manager::{Fault, FaultRule, RunScript, ScriptKey, TaskType};
use messina_service_runtime::Failure;
use serde_json::json;
use tokio::time::Instant;

use super::{Demo, broken};
use crate::commands::status::fetch;
use crate::output::print;
use crate::output::view::TaskView;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a step looks.
const LOOK: Duration = Duration::from_millis(100);

const NAMESPACE: &str = "shop";
const CLUSTER: &str = "orders";
const ENTRY: &str = "daily";

/// Shows everything, one step after the other.
pub async fn take(demo: &mut Demo) -> Result<(), Failure> {
    a_cron_changes(demo, "30 3 * * *").await?;
    a_backup_fails(demo).await?;
    manager_goes_away(demo).await?;
    a_cluster_is_deleted(demo).await
}

fn heading(demo: &Demo, text: &str) -> Result<(), Failure> {
    print(&format!("{}\n", demo.style.strong(text)))
}

fn key(demo: &Demo) -> ClusterKey {
    let datacenter = demo.datacenters.first().map_or("", |datacenter| datacenter.name());
    ClusterKey::new(datacenter, NAMESPACE, object_name(CLUSTER, &TaskKind::Backup, ENTRY))
}

fn cluster(demo: &Demo) -> ClusterKey {
    ClusterKey { name: CLUSTER.into(), ..key(demo) }
}

/// Waits until the fleet shows what a step is about.
async fn until(demo: &mut Demo, what: &str, is_so: impl Fn(&[TaskView]) -> bool) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let fleet = fetch(&mut demo.clients, "").await?;
        if is_so(&fleet.tasks) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Failure::broken(format!("{what}: not seen after {PATIENCE:?}")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until Manager holds what a step is about.
async fn until_manager(demo: &Demo, what: &str, is_so: impl Fn(&Demo) -> bool) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(demo) {
        if Instant::now() > deadline {
            return Err(Failure::broken(format!("{what}: not seen after {PATIENCE:?}")));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn cron_in_manager(demo: &Demo) -> String {
    let snapshot = demo.manager.snapshot();
    let Some(held) = snapshot.cluster(&cluster(demo).manager_name()) else { return String::new() };
    let of_ours = |view: &&messina_fake_manager::TaskView| {
        view.task.name == ENTRY && view.task.kind == Some(TaskType::Backup)
    };
    let mut tasks = snapshot.tasks_of(held.id);
    tasks.find(of_ours).map(|view| view.task.schedule.cron.spec().to_owned()).unwrap_or_default()
}

async fn change_cron(demo: &Demo, cron: &str) -> Result<(), Failure> {
    let Some(datacenter) = demo.datacenters.first() else { return Ok(()) };
    let bucket = format!("s3:backups-{}-{CLUSTER}", datacenter.name());
    let weekly = json!({"name": "weekly", "cron": "0 4 * * SUN", "location": [bucket], "retention": 4, "rateLimit": ["50"]});
    let daily = json!({"name": ENTRY, "cron": cron, "location": [bucket], "retention": 7});
    let patch = json!({"spec": {"backups": [daily, weekly]}});
    datacenter.patch_cluster(NAMESPACE, CLUSTER, &patch).await.map_err(broken)
}

async fn a_cron_changes(demo: &mut Demo, cron: &str) -> Result<(), Failure> {
    heading(demo, &format!("1. The cron of {} {ENTRY} changes to '{cron}' in Kubernetes.", cluster(demo)))?;
    let began = Instant::now();
    change_cron(demo, cron).await?;
    until_manager(demo, "the new cron in Manager", |demo| cron_in_manager(demo).contains(cron)).await?;
    let took = Instant::now().duration_since(began);
    print(&format!("   ScyllaDB Manager has it after {} ms.\n\n", took.as_millis()))
}

async fn a_backup_fails(demo: &mut Demo) -> Result<(), Failure> {
    heading(demo, &format!("2. The backup {ENTRY} of {} fails.", cluster(demo)))?;
    let snapshot = demo.manager.snapshot();
    let Some(held) = snapshot.cluster(&cluster(demo).manager_name()) else {
        return Err(Failure::broken("the cluster of the tour is not in Manager"));
    };
    let script = ScriptKey {
        cluster: Some(held.id.to_string()),
        r#type: Some(TaskType::Backup),
        task: Some(ENTRY.to_owned()),
    };
    let cause = "upload: bucket backups-east-orders: 403 Forbidden";
    demo.manager.set_script(script, RunScript::error(cause, Duration::from_secs(1)), None);
    let request = StartTaskRequest { key: Some(write_task_key(&key(demo))), from_scratch: false };
    demo.clients.tasks.start_task(request).await.map_err(|status| demo.clients.task_sync_said(&status))?;
    let name = key(demo).to_string();
    until(demo, "the failed run", |tasks| {
        tasks.iter().any(|task| task.task == name && task.state == "ERROR")
    })
    .await?;
    let request = ExplainTaskRequest { key: Some(write_task_key(&key(demo))) };
    let explained = demo.clients.tasks.explain_task(request).await;
    let explained = explained.map_err(|status| demo.clients.task_sync_said(&status))?.into_inner();
    print(&format!("   messina explain {name}\n"))?;
    for fact in explained.facts {
        print(&format!("     - {fact}\n"))?;
    }
    print("\n")
}

async fn manager_goes_away(demo: &mut Demo) -> Result<(), Failure> {
    heading(demo, "3. ScyllaDB Manager goes away, the cron changes again, and Manager comes back.")?;
    demo.manager.add_fault(FaultRule { fault: Fault::DropBefore, ..FaultRule::default() });
    change_cron(demo, "45 1 * * *").await?;
    let name = key(demo).to_string();
    until(demo, "the outage in the status", |tasks| {
        tasks.iter().any(|task| {
            task.task == name && task.reason == messina_domain::names::reason::MANAGER_UNAVAILABLE
        })
    })
    .await?;
    print("   The task says ManagerUnavailable and waits; nothing else is lost.\n")?;
    demo.manager.clear_faults();
    let began = Instant::now();
    until_manager(demo, "the cron after the outage", |demo| cron_in_manager(demo).contains("45 1")).await?;
    let took = Instant::now().duration_since(began);
    print(&format!("   Manager is back and has the cron {} ms later.\n\n", took.as_millis()))
}

async fn a_cluster_is_deleted(demo: &mut Demo) -> Result<(), Failure> {
    heading(demo, &format!("4. {} is deleted in Kubernetes.", cluster(demo)))?;
    let Some(datacenter) = demo.datacenters.first() else { return Ok(()) };
    let began = Instant::now();
    datacenter.delete_cluster(NAMESPACE, CLUSTER).await.map_err(broken)?;
    let name = cluster(demo).manager_name();
    until_manager(demo, "the deregistration", |demo| demo.manager.snapshot().cluster(&name).is_none())
        .await?;
    let took = Instant::now().duration_since(began);
    print(&format!(
        "   Its tasks, then the cluster, are gone from Manager after {} ms.\n\n",
        took.as_millis()
    ))
}
