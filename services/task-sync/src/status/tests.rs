use messina_domain::condition::{AVAILABLE, PROGRESSING};
use messina_domain::identity::ClusterKey;
use messina_domain::manager::{ManagerSchedule, TaskBody, TaskKind};
use messina_domain::task::TaskDefinition;
use uuid::Uuid;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn object(status: TaskStatus) -> TaskObject {
    TaskObject {
        key: ClusterKey::new("east", "prod", "t"),
        uid: "u".into(),
        generation: 3,
        deleting: false,
        cluster_name: "orders".into(),
        from_cluster: true,
        definition: TaskDefinition::default(),
        status,
    }
}

fn held(state: RunState) -> ManagerTask {
    let body = TaskBody {
        kind: TaskKind::Repair,
        name: "t".into(),
        labels: Default::default(),
        enabled: true,
        schedule: ManagerSchedule::default(),
        properties: Default::default(),
    };
    ManagerTask { state, ..crate::memory::fresh(Uuid::from_u128(7), body) }
}

fn decision(current: Option<ManagerTask>, one_shot: bool) -> Decision {
    Decision { name: "t".into(), next: Ok(None), current, seen: true, one_shot }
}

fn said(status: &TaskStatus, kind: &str) -> (Status, String) {
    let found = condition::find(&status.conditions, kind).unwrap();
    (found.status, found.reason.clone())
}

#[test]
fn a_settled_task_says_what_keeps_it_from_running() {
    let message = |task: ManagerTask| {
        let status = compose(&object(TaskStatus::default()), &decision(Some(task), false), None, None);
        condition::find(&status.conditions, AVAILABLE).unwrap().message.clone()
    };
    assert!(message(ManagerTask { suspended: true, ..held(RunState::New) }).contains("suspended"));
    let mut disabled = held(RunState::New);
    disabled.body.enabled = false;
    assert!(message(disabled).contains("disabled"));
    assert!(!message(held(RunState::New)).contains("abled"));
}

#[test]
fn a_failure_lasts_until_a_run_ends_well() {
    let news = News { runs: Some(Vec::new()), ..News::default() };
    for (state, failed, succeeded, degraded) in [
        (RunState::Error, Some(5), None, Status::True),
        (RunState::Running, Some(5), Some(4), Status::True),
        (RunState::Stopped, Some(5), Some(4), Status::True),
        (RunState::Running, Some(4), Some(5), Status::False),
        (RunState::Done, Some(4), Some(5), Status::False),
        (RunState::New, None, None, Status::False),
    ] {
        let task = ManagerTask { last_error: failed.map(at), last_success: succeeded.map(at), ..held(state) };
        let status = compose(&object(TaskStatus::default()), &decision(Some(task), false), None, Some(&news));
        assert_eq!(said(&status, DEGRADED).0, degraded, "{state:?}");
        assert_eq!(said(&status, AVAILABLE).0, Status::True);
        assert_eq!(said(&status, PROGRESSING).0, Status::False);
    }
}

#[test]
fn what_happens_is_news_until_the_status_says_it() {
    let before = TaskStatus {
        state: RunState::Done,
        success_count: 1,
        last_success: Some(at(5)),
        ..TaskStatus::default()
    };
    let known = ManagerTask { success_count: 1, last_success: Some(at(5)), ..held(RunState::Done) };
    assert!(!has_news(&known, &before));
    assert!(has_news(&ManagerTask { success_count: 2, ..known.clone() }, &before));
    assert!(has_news(&held(RunState::Running), &before));
    // A task that was made anew knows less than its object; that is told once.
    let anew = held(RunState::New);
    assert!(has_news(&anew, &before));
    let news = News { runs: Some(Vec::new()), ..News::default() };
    let after = compose(&object(before), &decision(Some(anew.clone()), false), None, Some(&news));
    assert_eq!((after.success_count, after.last_success), (0, Some(at(5))));
    assert!(!has_news(&anew, &after));
}

#[test]
fn a_task_that_was_not_seen_keeps_its_id_and_one_that_is_gone_loses_it() {
    let before = object(TaskStatus { task_id: Some(Uuid::from_u128(7)), ..TaskStatus::default() });
    let fault = Fault::transient(reason::MANAGER_UNAVAILABLE, "away");
    let unseen = Decision { seen: false, ..decision(None, false) };
    let status = compose(&before, &unseen, Some(&fault), None);
    assert_eq!((status.task_id, said(&status, AVAILABLE).0), (before.status.task_id, Status::True));
    let status = compose(&before, &decision(None, false), Some(&fault), None);
    assert_eq!((status.task_id, said(&status, AVAILABLE).0), (None, Status::False));
}

#[test]
fn a_one_shot_is_completed_when_it_has_run() {
    let news = News { runs: Some(Vec::new()), ..News::default() };
    let reason = |task: Option<ManagerTask>| {
        let status = compose(&object(TaskStatus::default()), &decision(task, true), None, Some(&news));
        said(&status, AVAILABLE).1
    };
    assert_eq!(reason(Some(held(RunState::Done))), reason::COMPLETED);
    assert_eq!(reason(None), reason::COMPLETED);
    assert_eq!(reason(Some(held(RunState::Running))), reason::AS_DECLARED);
}

#[test]
fn a_cause_is_cut_and_cleaned() {
    let run = |cause: String| Run { id: Uuid::nil(), state: RunState::Error, start: None, end: None, cause };
    assert_eq!(presentable(run("a\u{1b}[31mb\nc".into())).cause, "a [31mb c");
    let long = presentable(run("ü".repeat(5_000))).cause;
    assert!(long.len() <= MAX_CAUSE + '…'.len_utf8() && long.ends_with('…'));
}
