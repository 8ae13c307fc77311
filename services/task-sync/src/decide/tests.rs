use std::collections::BTreeSet;

use messina_domain::cluster::{Exclusion, ScyllaCluster};
use messina_domain::condition;
use messina_domain::guard::Guard;
use messina_domain::identity::{ClusterKey, Home};
use messina_domain::registration::{DeletionPolicy, Registration, RegistrationSpec, RegistrationStatus};
use messina_domain::task::object::object_name;
use messina_domain::task::{Schedule, TaskDefinition};
use uuid::Uuid;

use super::*;
use crate::memory::fresh;

fn entry(name: &str) -> TaskDefinition {
    let schedule = Schedule { cron: Some("@daily".into()), ..Schedule::default() };
    TaskDefinition { name: name.into(), schedule, ..TaskDefinition::default() }
}

fn object(name: &str, edit: impl FnOnce(&mut TaskObject)) -> TaskObject {
    let definition = entry(name);
    let mut object = TaskObject {
        key: ClusterKey::new("east", "prod", object_name("orders", &definition.kind(), name)),
        uid: format!("uid-{name}"),
        generation: 1,
        deleting: false,
        cluster_name: "orders".into(),
        from_cluster: true,
        definition,
        status: TaskStatus::default(),
    };
    edit(&mut object);
    object
}

/// A registered cluster with one entry `a` and its object.
fn desired() -> Desired {
    let key = ClusterKey::new("east", "prod", "orders");
    Desired {
        key: key.clone(),
        home: Home { datacenter: "east".into(), kube_system_uid: "home".into() },
        cluster: Some(ScyllaCluster {
            key: key.clone(),
            uid: "cluster".into(),
            generation: 1,
            deleting: false,
            exclusion: None,
            available_nodes: 3,
            external_seeds: false,
            backups: Vec::new(),
            repairs: vec![entry("a")],
            status_managers: Vec::new(),
            agent_config_secret: None,
        }),
        cluster_unreadable: false,
        removed: Vec::new(),
        registration: Some(Registration {
            key,
            uid: "registration".into(),
            generation: 1,
            deleting: false,
            spec: RegistrationSpec { cluster_uid: "cluster".into(), ..RegistrationSpec::default() },
            status: RegistrationStatus {
                cluster_id: Some(Uuid::from_u128(1)),
                conditions: condition::settled("ok"),
                ..RegistrationStatus::default()
            },
        }),
        tasks: vec![object("a", |_| {})],
        tasks_unreadable: BTreeSet::new(),
        guard: Guard::default(),
        operator_tasks: 0,
        frozen: BTreeMap::new(),
        assumed_registered: false,
        now: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// What Manager holds when everything is as declared.
fn in_step(desired: &Desired) -> Result<Vec<ManagerTask>, Fault> {
    let made = decide(desired, &Ok(Vec::new()));
    let bodies = made.into_iter().filter_map(|decision| match decision.next {
        Ok(Some(Plan::Create(body))) => Some(body),
        _ => None,
    });
    Ok(bodies.enumerate().map(|(n, body)| fresh(Uuid::from_u128(10 + n as u128), body)).collect())
}

/// The next step of the only task, in a word.
fn next(desired: &Desired, held: &Result<Vec<ManagerTask>, Fault>) -> &'static str {
    match &decide(desired, held)[0].next {
        Ok(None) => "nothing",
        Ok(Some(Plan::Create(_))) => "create",
        Ok(Some(Plan::Update { .. })) => "update",
        Ok(Some(Plan::Stop { .. })) => "stop",
        Ok(Some(Plan::Delete { .. })) => "delete",
        Ok(Some(Plan::Release)) => "release",
        Err(fault) => fault.reason(),
    }
}

/// The cluster leaves, and everything in Manager shall stay.
fn retain(desired: &mut Desired) {
    let registration = desired.registration.as_mut().unwrap();
    registration.deleting = true;
    registration.spec.deletion_policy = DeletionPolicy::Retain;
}

#[test]
fn what_becomes_of_a_task_that_manager_holds() {
    type Edit = fn(&mut Desired);
    let table: [(&str, Edit, &str); 13] = [
        ("all is well", |_| {}, "nothing"),
        (
            "not available",
            |it| it.registration.as_mut().unwrap().status.conditions.clear(),
            reason::CLUSTER_NOT_REGISTERED,
        ),
        ("guarded", |it| it.guard.manager_namespace = true, reason::OPERATOR_ACTIVE),
        ("deregistered", |it| it.registration.as_mut().unwrap().deleting = true, "delete"),
        (
            "guarded while it leaves",
            |it| {
                it.registration.as_mut().unwrap().deleting = true;
                it.guard.operator_registration = true;
            },
            reason::OPERATOR_ACTIVE,
        ),
        (
            "opted out, but its registration stands",
            |it| it.cluster.as_mut().unwrap().exclusion = Some(Exclusion::OptedOut),
            "nothing",
        ),
        ("its registration goes", |it| it.registration.as_mut().unwrap().deleting = true, "delete"),
        ("retained", retain, reason::CLUSTER_NOT_REGISTERED),
        (
            "retained, and its object goes",
            |it| {
                it.tasks[0].deleting = true;
                retain(it);
            },
            "release",
        ),
        ("its object goes, its entry stays", |it| it.tasks[0].deleting = true, "release"),
        (
            "object and entry go",
            |it| {
                it.tasks[0].deleting = true;
                it.cluster.as_mut().unwrap().repairs.clear();
            },
            "delete",
        ),
        (
            "its object goes, and its cluster cannot be read",
            |it| {
                it.tasks[0].deleting = true;
                it.cluster = None;
                it.cluster_unreadable = true;
            },
            reason::UNDECODABLE,
        ),
        (
            "the brake holds",
            |it| {
                let fault = Fault::waiting(reason::DELETION_FROZEN, "frozen");
                it.tasks[0].deleting = true;
                it.cluster.as_mut().unwrap().repairs.clear();
                it.frozen.insert(it.tasks[0].key.name.clone(), fault);
            },
            reason::DELETION_FROZEN,
        ),
    ];
    let held = in_step(&desired());
    for (what, edit, expected) in table {
        let mut desired = desired();
        edit(&mut desired);
        assert_eq!(next(&desired, &held), expected, "{what}");
    }
}

#[test]
fn what_can_be_said_without_manager() {
    let unknown = Err(Fault::transient(reason::CLUSTER_UNKNOWN, "404"));
    let down = Err(Fault::transient(reason::MANAGER_UNAVAILABLE, "down"));
    let mut desired = desired();
    assert_eq!(next(&desired, &down), reason::MANAGER_UNAVAILABLE);
    desired.cluster.as_mut().unwrap().repairs.clear();
    desired.tasks[0].deleting = true;
    desired.tasks[0].status.task_id = Some(Uuid::from_u128(9));
    assert_eq!(next(&desired, &down), reason::MANAGER_UNAVAILABLE, "what Manager holds is not known");
    assert_eq!(next(&desired, &unknown), "release", "Manager itself says that there is no such cluster");
    // Never registered, never made.
    desired.registration = None;
    desired.tasks[0].status.task_id = None;
    let not = Err(desired.cluster_id().unwrap_err());
    assert_eq!(next(&desired, &not), "release");
}

#[test]
fn manager_is_asked_only_about_registered_clusters_and_leftovers() {
    let mut it = desired();
    assert_eq!(it.cluster_id(), Ok(Uuid::from_u128(1)));
    it.registration.as_mut().unwrap().status.conditions.clear();
    assert!(it.cluster_id().is_err());
    it.registration.as_mut().unwrap().deleting = true;
    assert_eq!(it.cluster_id(), Ok(Uuid::from_u128(1)), "it leaves under the known id");
    it.registration.as_mut().unwrap().status.cluster_id = None;
    it.cluster.as_mut().unwrap().repairs.clear();
    it.tasks[0].deleting = true;
    it.tasks[0].status.task_id = Some(Uuid::from_u128(9));
    assert_eq!(
        it.cluster_id(),
        Ok(it.key.manager_id("home")),
        "a lost status is made good by the id that follows"
    );
    it.registration = None;
    assert!(it.cluster_id().is_err(), "whose registration is gone stays as it is in Manager");
    // Others of the cluster are not made on that occasion.
    it.tasks.push(object("b", |_| {}));
    assert!(
        matches!(&decide(&it, &Ok(Vec::new()))[1].next, Err(fault) if fault.reason() == reason::CLUSTER_NOT_REGISTERED)
    );
}

#[test]
fn a_users_object_gets_its_finalizer_before_its_task() {
    let mut desired = desired();
    desired.tasks = vec![object("mine", |it| it.from_cluster = false)];
    assert_eq!(next(&desired, &Ok(Vec::new())), reason::NOT_RUN_YET);
    desired.tasks[0].status.observed_generation = 1;
    assert_eq!(next(&desired, &Ok(Vec::new())), "create");
}

#[test]
fn of_two_objects_for_one_task_the_entrys_goes_first_and_who_has_it_keeps_it() {
    let mut desired = desired();
    let twin = object("a", |it| {
        it.key.name = "a-twin".into();
        it.from_cluster = false;
        it.status.observed_generation = 1;
    });
    desired.tasks.insert(0, twin);
    let clashing = |desired: &Desired, held: &Result<Vec<ManagerTask>, Fault>| -> Vec<bool> {
        let clash = |decision: &Decision| matches!(&decision.next, Err(fault) if fault.reason() == reason::DUPLICATE_TASK_NAME);
        decide(desired, held).iter().map(clash).collect()
    };
    assert_eq!(clashing(&desired, &Ok(Vec::new())), [true, false]);
    let held = in_step(&Desired { tasks: vec![desired.tasks[0].clone()], ..desired.clone() });
    assert_eq!(clashing(&desired, &held), [false, true]);
}

#[test]
fn retries_go_before_waits_and_waits_before_refusals() {
    let (retry, wait, refused) =
        (Fault::transient("T", ""), Fault::waiting("W", ""), Fault::rejected("R", ""));
    let all = [&refused, &wait, &retry, &wait, &refused];
    let worst = all.into_iter().fold(None, |worst, fault| Some(more_urgent(worst, fault.clone())));
    assert_eq!(worst, Some(retry));
    assert_eq!(more_urgent(Some(refused), wait.clone()), wait);
}
