//! Runs come back: state, progress, cause, history, events.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use std::time::Duration;

use messina_domain::manager::RunState;
use messina_domain::task::{Backup, Schedule, TaskDefinition, Work};
use messina_fake_manager::{Outcome, RunScript, ScriptKey};
use stand::{CLUSTER, Stand, TASKS, backup, condition, until};

const DAY: Duration = Duration::from_secs(24 * 3600);
const HISTORY: &str = "/api/v1/cluster/{c}/task/{type}/{id}/history";

fn instantly(outcome: Outcome) -> RunScript {
    RunScript { outcome, duration: Duration::ZERO, stop_duration: Duration::ZERO, ..RunScript::default() }
}

async fn with_daily(script: RunScript) -> Stand {
    let mut stand = Stand::new().await;
    stand.manager.set_script(ScriptKey::default(), script, None);
    let mut daily = backup("daily");
    daily.schedule.num_retries = Some(0);
    stand.cluster(CLUSTER, vec![daily]).await;
    stand.start().await;
    stand.settled(CLUSTER, 1).await;
    stand
}

#[tokio::test]
async fn a_run_that_succeeds_is_told_everywhere() {
    let stand = with_daily(instantly(Outcome::Success)).await;
    stand.manager.advance_clock(DAY);
    until("the status says so", || stand.kube.backup("daily").status.state == RunState::Done).await;
    let task = stand.kube.backup("daily");
    let status = &task.status;
    assert_eq!((status.success_count, status.error_count, status.progress), (1, 0, None));
    assert_eq!((status.runs.len(), status.runs[0].state), (1, RunState::Done));
    assert_eq!(status.last_success, status.runs[0].end);
    assert!(status.last_error.is_none() && status.next_activation.is_some());
    assert!(stand::is_settled(&task) && !condition(&task, "Degraded").unwrap().0);
    let told =
        || stand.kube.events(&task.key.name).iter().filter(|it| !it.0 && it.1 == "RunSucceeded").count();
    until("an event says so", || told() == 1).await;
    until("the feedback says so", || {
        let feedbacks = stand.kube.feedbacks();
        let status = feedbacks.last().unwrap().entries[0].status.clone().unwrap();
        status.state == "DONE" && status.last_success.is_some()
    })
    .await;
    stand.assert_quiet().await;
    assert_eq!(told(), 1);
    let (_, text) = stand.admin("/metrics").await;
    assert!(text.contains(r#"messina_task_sync_runs_total{result="done"} 1"#), "{text}");
}

#[tokio::test]
async fn a_run_that_fails_is_told_with_its_cause() {
    let stand = with_daily(instantly(Outcome::Error("no space left in the bucket".into()))).await;
    stand.manager.advance_clock(DAY);
    until("the status says so", || stand.kube.backup("daily").status.state == RunState::Error).await;
    let task = stand.kube.backup("daily");
    let error = task.status.last_error.clone().unwrap();
    assert_eq!(
        (error.cause.as_str(), Some(error.time)),
        ("no space left in the bucket", task.status.runs[0].end)
    );
    let (degraded, reason, message) = condition(&task, "Degraded").unwrap();
    assert_eq!(
        (degraded, reason.as_str(), message.as_str()),
        (true, "LastRunFailed", "no space left in the bucket")
    );
    assert!(condition(&task, "Available").unwrap().0, "it is as declared all the same");
    until("an event warns", || {
        let events = stand.kube.events(&task.key.name);
        events.iter().any(|it| it.0 && it.1 == "RunFailed" && it.2.contains("no space left"))
    })
    .await;
    until("the feedback says so", || {
        let entry = stand.kube.feedbacks().last().unwrap().entries[0].clone();
        entry.error == "LastRunFailed: no space left in the bucket" && entry.status.unwrap().state == "ERROR"
    })
    .await;
    stand.assert_quiet().await;
    // The next one is better.
    stand.manager.set_script(ScriptKey::default(), instantly(Outcome::Success), None);
    stand.manager.advance_clock(DAY);
    until("it recovers", || !condition(&stand.kube.backup("daily"), "Degraded").unwrap().0).await;
    let task = stand.kube.backup("daily");
    let states: Vec<_> = task.status.runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Done, RunState::Error]);
    assert_eq!(
        task.status.last_error.unwrap().cause,
        "no space left in the bucket",
        "what went wrong last stays known"
    );
}

#[tokio::test]
async fn progress_is_shown_while_it_runs() {
    let stand = with_daily(RunScript { progress: Some(42), ..RunScript::hold() }).await;
    stand.manager.advance_clock(DAY);
    until("it runs", || stand.kube.backup("daily").status.progress == Some(42)).await;
    assert_eq!(stand.kube.backup("daily").status.state, RunState::Running);
    stand.manager.set_script(
        ScriptKey::default(),
        RunScript { progress: Some(80), ..RunScript::hold() },
        None,
    );
    until("the feedback shows it in steps", || {
        stand.kube.feedbacks().last().unwrap().entries[0].status.clone().unwrap().progress == Some(40)
    })
    .await;
    stand.assert_quiet().await;
    stand.manager.release(&ScriptKey::default(), &Outcome::Success);
    until("it is done", || stand.kube.backup("daily").status.state == RunState::Done).await;
    assert_eq!(stand.kube.backup("daily").status.progress, None);
}

#[tokio::test]
async fn ten_runs_are_kept_and_only_the_newest_of_an_old_history_is_an_event() {
    let mut stand = with_daily(instantly(Outcome::Success)).await;
    stand.stop().await;
    for _ in 0..12 {
        stand.manager.advance_clock(DAY);
    }
    stand.start().await;
    until("the runs are there", || stand.kube.backup("daily").status.runs.len() == 10).await;
    let task = stand.kube.backup("daily");
    assert_eq!(task.status.success_count, 12);
    assert!(task.status.runs.is_sorted_by(|one, other| one.start >= other.start), "newest first");
    let told = || stand.kube.events(&task.key.name).iter().filter(|it| it.1 == "RunSucceeded").count();
    until("an event tells of the newest", || told() > 0).await;
    stand.polls(3).await;
    assert_eq!(told(), 1);
}

#[tokio::test]
async fn a_one_shot_runs_once_and_stays_done() {
    let schedule = Schedule { start_date: Some("now".into()), ..Schedule::default() };
    let work = Work::Backup(Backup { location: vec!["s3:bucket".into()], ..Backup::default() });
    let mut stand = Stand::new().await;
    stand.manager.set_script(ScriptKey::default(), instantly(Outcome::Success), None);
    stand.cluster(CLUSTER, vec![TaskDefinition { name: "once".into(), schedule, work }]).await;
    stand.start().await;
    until("it has run", || {
        let tasks = stand.kube.tasks_of(CLUSTER);
        tasks.len() == 1 && stand::reason(&tasks[0]) == "Completed"
    })
    .await;
    let task = stand.kube.backup("once");
    assert_eq!((task.status.state, task.status.success_count), (RunState::Done, 1));
    // Somebody tidies up in Manager: it is not made, and not run, again.
    let id = task.status.task_id.unwrap();
    stand.manager_call("DELETE", &format!("task/backup/{id}"), serde_json::Value::Null).await;
    until("it is known to be gone", || stand.kube.backup("once").status.task_id.is_none()).await;
    stand.assert_quiet().await;
    let task = stand.kube.backup("once");
    assert_eq!((stand.tasks_of(CLUSTER).len(), stand::reason(&task).as_str()), (0, "Completed"));
    assert!(task.status.last_success.is_some(), "that it ran is remembered");
}

#[tokio::test]
async fn a_task_that_is_made_anew_remembers_its_last_success() {
    let stand = with_daily(instantly(Outcome::Success)).await;
    stand.manager.advance_clock(DAY);
    until("it has run", || stand.kube.backup("daily").status.last_success.is_some()).await;
    let before = stand.kube.backup("daily").status;
    stand
        .manager_call("DELETE", &format!("task/backup/{}", before.task_id.unwrap()), serde_json::Value::Null)
        .await;
    until("it is made anew", || {
        let status = stand.kube.backup("daily").status;
        status.task_id.is_some() && status.task_id != before.task_id
    })
    .await;
    stand.settled(CLUSTER, 1).await;
    stand.assert_quiet().await;
    let after = stand.kube.backup("daily").status;
    assert_eq!((after.last_success, after.runs), (before.last_success, before.runs));
}

#[tokio::test]
async fn a_restart_with_everything_settled_costs_nothing() {
    let mut stand = with_daily(instantly(Outcome::Error("why".into()))).await;
    stand.manager.advance_clock(DAY);
    until("it has run", || stand.kube.backup("daily").status.last_error.is_some()).await;
    stand.assert_quiet().await;
    stand.stop().await;
    let before = stand.kube.writes().len();
    stand.manager.reset_calls();
    stand.start().await;
    stand.polls(4).await;
    let calls = stand.manager.calls();
    assert_eq!((calls.writes, calls.of("GET", HISTORY)), (0, 0), "{calls:?}");
    let since = stand.kube.writes()[before..].to_vec();
    assert!(matches!(since.as_slice(), [stand::kube::Write::Feedback(_)]), "the feedback once: {since:?}");
    assert!(calls.of("GET", TASKS) >= 4);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_is_read_later_with_its_cause() {
    let stand = with_daily(instantly(Outcome::Error("why".into()))).await;
    let id = stand.kube.backup("daily").status.task_id.unwrap();
    let path = format!("/api/v1/cluster/{}/task/backup/{id}/history", stand::id(CLUSTER));
    let rule = messina_fake_manager::FaultRule::new("GET", &path, 6, messina_fake_manager::Fault::Garbage);
    stand.manager.add_fault(rule.answering(200, "nonsense"));
    stand.manager.advance_clock(DAY);
    until("it is known in the end", || {
        stand.kube.backup("daily").status.last_error.is_some_and(|error| error.cause == "why")
    })
    .await;
    let never_without = stand.kube.writes().iter().all(|write| match write {
        stand::kube::Write::Report(request) => match &request.status {
            Some(messina_control_api::watch::v1::report_status_request::Status::Task(status)) => {
                status.last_error.as_ref().is_none_or(|error| error.cause == "why")
            }
            _ => true,
        },
        _ => true,
    });
    assert!(never_without, "no half of the news");
}
