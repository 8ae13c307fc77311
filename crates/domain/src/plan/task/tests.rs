use std::collections::BTreeMap;

use super::*;
use crate::manager::TaskKind;
use crate::names::{FINGERPRINT_LABEL, OPERATOR_OWNER_LABEL, OWNER_LABEL};

const OWNER: &str = "uid/prod/orders-repair-weekly-abc";

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn wanted() -> ResolvedTask {
    ResolvedTask {
        kind: TaskKind::Repair,
        name: "weekly".into(),
        enabled: true,
        schedule: ManagerSchedule { cron: "0 23 * * SAT".into(), num_retries: 3, ..Default::default() },
        start: None,
        properties: Properties::from([("intensity".into(), Property::Number(1.0))]),
    }
}

fn desired(task: ResolvedTask) -> Desired {
    Desired { task: Ok(task), owner: OWNER.into(), fate: Fate::Keep, has_run: false, now: now() }
}

/// The task as Manager would hold it after the create that is planned for `wanted`.
fn held(wanted: &ResolvedTask) -> ManagerTask {
    let Ok(Some(Plan::Create(body))) = plan(&desired(wanted.clone()), &Observed::default()) else {
        panic!("no create")
    };
    ManagerTask {
        id: Uuid::from_u128(7),
        body: TaskBody {
            schedule: ManagerSchedule {
                start_date: body.schedule.start_date.or(Some(now())),
                ..body.schedule.clone()
            },
            ..body
        },
        state: RunState::Done,
        success_count: 4,
        error_count: 0,
        last_success: None,
        last_error: None,
        next_activation: None,
        suspended: false,
    }
}

fn mine(task: ManagerTask) -> Observed {
    Observed { mine: vec![task], same_name: None }
}

#[test]
fn what_is_missing_is_made_with_all_three_labels() {
    let Ok(Some(Plan::Create(body))) = plan(&desired(wanted()), &Observed::default()) else { panic!() };
    assert_eq!(body.labels[OWNER_LABEL], OWNER);
    assert_eq!(body.labels[OPERATOR_OWNER_LABEL], "messina");
    assert_eq!(body.labels[FINGERPRINT_LABEL].len(), 16);
    assert!(body.enabled, "an omitted 'enabled' would hide the task from Manager's list");
}

#[test]
fn what_is_as_declared_is_left_alone() {
    assert_eq!(plan(&desired(wanted()), &mine(held(&wanted()))), Ok(None));
}

#[test]
fn every_field_that_drifts_is_put_back_whole() {
    type Edit = fn(&mut TaskBody);
    let edits: [(&str, Edit); 10] = [
        ("name", |body| body.name = "renamed".into()),
        ("enabled", |body| body.enabled = false),
        ("cron", |body| body.schedule.cron = "0 1 * * *".into()),
        ("window", |body| body.schedule.window = vec!["Sat-22:00".into(), "Sun-5:00".into()]),
        ("timezone", |body| body.schedule.timezone = "CET".into()),
        ("num_retries", |body| body.schedule.num_retries = 0),
        ("retry_wait", |body| body.schedule.retry_wait = 60),
        ("intensity", |body| _ = body.properties.insert("intensity".into(), Property::Number(2.0))),
        ("parallel", |body| _ = body.properties.insert("parallel".into(), Property::Number(9.0))),
        ("label operator owner-uid", |body| _ = body.labels.remove(OPERATOR_OWNER_LABEL)),
    ];
    for (field, edit) in edits {
        let mut task = held(&wanted());
        edit(&mut task.body);
        let Ok(Some(Plan::Update { id, body, changes })) = plan(&desired(wanted()), &mine(task.clone()))
        else {
            panic!("{field}")
        };
        assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), [field]);
        assert_eq!(
            (id, body.schedule.start_date),
            (task.id, task.body.schedule.start_date),
            "{field}: start date kept"
        );
        task.body = body;
        assert_eq!(plan(&desired(wanted()), &mine(task)), Ok(None), "{field}: one write is enough");
    }
}

#[test]
fn foreign_labels_survive_an_update() {
    let mut task = held(&wanted());
    task.body.labels.insert("team".into(), "payments".into());
    task.body.enabled = false;
    let Ok(Some(Plan::Update { body, .. })) = plan(&desired(wanted()), &mine(task)) else { panic!() };
    assert_eq!(body.labels["team"], "payments");
}

#[test]
fn a_foreign_task_of_the_same_name_is_never_touched() {
    let mut foreign = held(&wanted());
    foreign.body.labels = BTreeMap::new();
    let observed = Observed::pick(&[foreign], &desired(wanted()));
    let fault = plan(&desired(wanted()), &observed).unwrap_err();
    assert_eq!((fault.class(), fault.reason()), ("waiting", reason::NOT_OWNED));
    for fate in [Fate::Remove, Fate::Abandon] {
        assert_eq!(plan(&Desired { fate, ..desired(wanted()) }, &observed), Ok(Some(Plan::Release)));
    }
}

#[test]
fn a_surplus_of_ours_goes_and_the_one_with_history_stays() {
    let (old, mut young) = (held(&wanted()), held(&wanted()));
    young.id = Uuid::from_u128(9);
    young.success_count = 0;
    let observed = Observed { mine: vec![young.clone(), old], same_name: None };
    assert_eq!(plan(&desired(wanted()), &observed), Ok(Some(Plan::Delete { id: young.id })));
}

#[test]
fn leaving_stops_then_deletes_then_releases() {
    let with = |state| mine(ManagerTask { state, ..held(&wanted()) });
    for fate in [Fate::Remove, Fate::Withdraw] {
        let desired = Desired { fate, ..desired(wanted()) };
        assert_eq!(plan(&desired, &with(RunState::Running)), Ok(Some(Plan::Stop { id: Uuid::from_u128(7) })));
        assert_eq!(plan(&desired, &with(RunState::Stopping)).unwrap_err().reason(), reason::TASK_RUNNING);
        assert_eq!(plan(&desired, &with(RunState::Done)), Ok(Some(Plan::Delete { id: Uuid::from_u128(7) })));
    }
    let gone = Observed::default();
    assert_eq!(plan(&Desired { fate: Fate::Remove, ..desired(wanted()) }, &gone), Ok(Some(Plan::Release)));
    let fault = plan(&Desired { fate: Fate::Withdraw, ..desired(wanted()) }, &gone).unwrap_err();
    assert_eq!(fault.reason(), reason::CLUSTER_NOT_REGISTERED);
}

#[test]
fn an_object_that_was_never_valid_can_still_leave() {
    let broken =
        Desired { task: Err(Fault::rejected("InvalidCron", "x")), fate: Fate::Remove, ..desired(wanted()) };
    assert_eq!(plan(&broken, &Observed::default()), Ok(Some(Plan::Release)));
}

#[test]
fn a_retained_task_is_left_in_manager() {
    let desired = Desired { fate: Fate::Abandon, ..desired(wanted()) };
    assert_eq!(plan(&desired, &mine(held(&wanted()))), Ok(Some(Plan::Release)));
}

#[test]
fn a_one_shot_that_ran_is_not_made_again() {
    let once = ResolvedTask { schedule: ManagerSchedule::default(), ..wanted() };
    let ran = Desired { has_run: true, ..desired(once.clone()) };
    assert_eq!(plan(&ran, &Observed::default()), Ok(None));
    assert!(matches!(plan(&desired(once), &Observed::default()), Ok(Some(Plan::Create(_)))));
    let cron = Desired { has_run: true, ..desired(wanted()) };
    assert!(
        matches!(plan(&cron, &Observed::default()), Ok(Some(Plan::Create(_)))),
        "a cron task that got lost is"
    );
}

#[test]
fn start_dates_follow_what_manager_does_with_them() {
    let start_of = |task: ResolvedTask| match plan(&desired(task), &Observed::default()) {
        Ok(Some(Plan::Create(body))) => body.schedule.start_date.map(|date| date.to_string()),
        other => panic!("{other:?}"),
    };
    let at = |text: &str| Some(StartDate::At(text.parse().unwrap()));
    let interval = ManagerSchedule { interval: 3600, ..Default::default() };
    assert_eq!(start_of(ResolvedTask { start: Some(StartDate::FromNow(0)), ..wanted() }), None);
    assert_eq!(
        start_of(ResolvedTask { start: Some(StartDate::FromNow(3600)), ..wanted() }).as_deref(),
        Some("2026-03-01T13:00:00Z")
    );
    // Manager refuses a past start with an interval, so the next multiple is sent, and is no difference later.
    let past = ResolvedTask { start: at("2026-03-01T09:30:00Z"), schedule: interval.clone(), ..wanted() };
    assert_eq!(start_of(past.clone()).as_deref(), Some("2026-03-01T12:30:00Z"));
    assert_eq!(plan(&desired(past.clone()), &mine(held(&past))), Ok(None));
    // A past start with a cron is fine, a past start alone would never run.
    assert!(start_of(ResolvedTask { start: at("2026-01-01T00:00:00Z"), ..wanted() }).is_some());
    let never =
        ResolvedTask { start: at("2026-01-01T00:00:00Z"), schedule: ManagerSchedule::default(), ..wanted() };
    assert_eq!(plan(&desired(never), &Observed::default()).unwrap_err().class(), "rejected");
}

#[test]
fn a_relative_start_date_does_not_move_with_the_clock() {
    let relative = ResolvedTask { start: Some(StartDate::FromNow(3600)), ..wanted() };
    let mut later = desired(relative.clone());
    later.now = "2026-03-05T00:00:00Z".parse().unwrap();
    assert_eq!(plan(&later, &mine(held(&relative))), Ok(None));
}

#[test]
fn a_fixed_start_date_that_changes_is_written() {
    let task = held(&wanted());
    let moved =
        ResolvedTask { start: Some(StartDate::At("2027-01-01T00:00:00Z".parse().unwrap())), ..wanted() };
    let Ok(Some(Plan::Update { body, changes, .. })) = plan(&desired(moved), &mine(task)) else { panic!() };
    assert_eq!(changes[0].field, "start_date");
    assert_eq!(body.schedule.start_date.unwrap().to_string(), "2027-01-01T00:00:00Z");
}
