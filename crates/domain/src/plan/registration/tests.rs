use super::*;
use crate::names::{OPERATOR_OWNER_LABEL, OWNER_LABEL};
use crate::registration::RegistrationStatus;

const TOKEN: &str = "bcdfghjklmnpqrstvwxz2456789bcdfg";

fn key() -> ClusterKey {
    ClusterKey::new("east", "prod", "orders")
}

fn cluster() -> ScyllaCluster {
    ScyllaCluster {
        key: key(),
        uid: "cluster-uid".into(),
        generation: 1,
        deleting: false,
        exclusion: None,
        available_nodes: 3,
        external_seeds: false,
        backups: Vec::new(),
        repairs: Vec::new(),
        status_managers: Vec::new(),
        agent_config_secret: None,
    }
}

fn registration() -> Registration {
    Registration {
        key: key(),
        uid: "mreg-uid".into(),
        generation: 1,
        deleting: false,
        spec: RegistrationSpec {
            cluster_name: "orders".into(),
            cluster_uid: "cluster-uid".into(),
            manager_ref: "default".into(),
            host: None,
            deletion_policy: DeletionPolicy::Delete,
        },
        status: RegistrationStatus::default(),
    }
}

fn desired() -> Desired {
    Desired {
        key: key(),
        home: Home { datacenter: "east".into(), kube_system_uid: "kube-uid".into() },
        cluster: Some(cluster()),
        removed_uid: None,
        registration: Some(registration()),
        guard: Guard::default(),
        part: Part::None,
        manager_ref: "default".into(),
        template_host: "orders-client.prod.svc".into(),
        token: AuthToken::parse(TOKEN),
        tasks_in_manager: 0,
        brake: Ok(()),
    }
}

fn held() -> ManagerCluster {
    let Ok(Some(Plan::Create(body))) = plan(&desired(), &Observed::default()) else { panic!("no create") };
    ManagerCluster {
        id: body.id,
        name: body.name,
        host: body.host,
        port: 0,
        labels: body.labels,
        force_tls_disabled: true,
        force_non_ssl_session_port: true,
        token: Some(body.token),
    }
}

fn observed(held: ManagerCluster) -> Observed {
    Observed { by_id: Some(held), by_name: None }
}

fn reason_of(result: Result<Option<Plan>, Fault>) -> (&'static str, &'static str) {
    let fault = result.unwrap_err();
    (fault.class(), fault.reason())
}

#[test]
fn the_object_comes_first_then_manager() {
    let bare = Desired { registration: None, ..desired() };
    assert!(matches!(plan(&bare, &Observed::default()), Ok(Some(Plan::ApplyObject(_)))));
    assert!(!needs_manager(&bare), "nothing is asked of Manager before the object exists");
    let Ok(Some(Plan::Create(body))) = plan(&desired(), &Observed::default()) else { panic!() };
    assert_eq!((body.name.as_str(), body.host.as_str()), ("east/prod/orders", "orders-client.prod.svc"));
    assert_eq!(body.id, key().manager_id("kube-uid"));
    assert_eq!(body.labels[OWNER_LABEL], "kube-uid/prod/orders");
    assert_eq!(body.labels[OPERATOR_OWNER_LABEL], "messina");
    assert!(matches!(plan(&desired(), &observed(held())), Ok(None)), "and one create is enough");
}

#[test]
fn a_recreated_cluster_keeps_its_registration() {
    let mut again = desired();
    again.cluster.as_mut().unwrap().uid = "another-uid".into();
    let Ok(Some(Plan::ApplyObject(spec))) = plan(&again, &observed(held())) else { panic!() };
    assert_eq!(spec.cluster_uid, "another-uid");
}

#[test]
fn each_precondition_is_waited_for_with_its_own_reason() {
    type Edit = fn(&mut Desired);
    let edits: [(&str, Edit); 5] = [
        (reason::NO_AVAILABLE_NODE, |d| d.cluster.as_mut().unwrap().available_nodes = 0),
        (reason::TOKEN_SECRET_MISSING, |d| d.token = Err(Fault::waiting(reason::TOKEN_SECRET_MISSING, "x"))),
        (reason::OPERATOR_ACTIVE, |d| d.guard.manager_namespace = true),
        (reason::OPERATOR_ACTIVE, |d| d.guard.operator_registration = true),
        (reason::CLUSTER_DELETING, |d| d.cluster.as_mut().unwrap().deleting = true),
    ];
    for (expected, edit) in edits {
        let mut desired = desired();
        edit(&mut desired);
        assert_eq!(reason_of(plan(&desired, &Observed::default())), ("waiting", expected));
    }
}

#[test]
fn a_registered_cluster_stays_registered_while_its_nodes_are_down() {
    let mut down = desired();
    down.cluster.as_mut().unwrap().available_nodes = 0;
    assert!(matches!(plan(&down, &observed(held())), Ok(None)));
}

#[test]
fn every_edit_behind_our_back_is_put_right() {
    type Edit = fn(&mut ManagerCluster);
    let edits: [(&str, Edit); 6] = [
        ("name", |held| held.name = "mine".into()),
        ("host", |held| held.host = "elsewhere".into()),
        ("port", |held| held.port = 1),
        ("force_tls_disabled", |held| held.force_tls_disabled = false),
        ("auth_token", |held| held.token = AuthToken::parse(&"x".repeat(20)).ok()),
        ("label operator owner-uid", |held| _ = held.labels.remove(OPERATOR_OWNER_LABEL)),
    ];
    for (field, edit) in edits {
        let mut found = held();
        found.labels.insert("team".into(), "payments".into());
        edit(&mut found);
        let Ok(Some(Plan::Update { body, changes })) = plan(&desired(), &observed(found)) else {
            panic!("{field}")
        };
        assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), [field]);
        assert_eq!(body.labels["team"], "payments", "foreign labels survive");
        assert!(!format!("{changes:?}{body:?}").contains(TOKEN), "a plan can be printed");
    }
}

#[test]
fn what_is_not_ours_is_neither_changed_nor_deleted() {
    let mut foreign = held();
    foreign.labels.insert(OWNER_LABEL.into(), "somebody/else".into());
    let by_name =
        Observed { by_id: None, by_name: Some(ManagerCluster { id: Uuid::from_u128(1), ..foreign.clone() }) };
    for observed in [observed(foreign), by_name] {
        assert_eq!(reason_of(plan(&desired(), &observed)), ("waiting", reason::NOT_OWNED));
        let mut deleting = desired();
        deleting.registration.as_mut().unwrap().deleting = true;
        assert!(matches!(plan(&deleting, &observed), Ok(Some(Plan::Release))));
    }
}

#[test]
fn absence_is_not_deletion() {
    let mut gone = desired();
    gone.cluster = None;
    assert_eq!(reason_of(plan(&gone, &observed(held()))), ("waiting", reason::CLUSTER_GONE));
    gone.removed_uid = Some("an-older-cluster".into());
    assert_eq!(reason_of(plan(&gone, &observed(held()))), ("waiting", reason::CLUSTER_GONE));
    gone.removed_uid = Some("cluster-uid".into());
    assert!(matches!(
        plan(&gone, &observed(held())),
        Ok(Some(Plan::DeleteObject { removed_cluster_uid, .. })) if removed_cluster_uid == "cluster-uid"
    ));
}

#[test]
fn opting_out_takes_the_object_away_and_is_quiet_without_one() {
    for exclusion in [Exclusion::OptedOut, Exclusion::NamespaceNotSelected] {
        let mut out = desired();
        out.cluster.as_mut().unwrap().exclusion = Some(exclusion);
        assert!(matches!(plan(&out, &observed(held())), Ok(Some(Plan::DeleteObject { .. }))));
        out.registration = None;
        assert!(matches!(plan(&out, &observed(held())), Ok(None)));
    }
}

#[test]
fn a_frozen_fleet_keeps_even_the_objects() {
    let mut out = desired();
    out.cluster.as_mut().unwrap().exclusion = Some(Exclusion::OptedOut);
    out.brake = Err(Fault::waiting(reason::DELETION_FROZEN, "x"));
    assert_eq!(reason_of(plan(&out, &observed(held()))), ("waiting", reason::DELETION_FROZEN));
}

#[test]
fn a_ring_member_is_registered_at_home_only() {
    let member = Desired { part: Part::Member, registration: None, ..desired() };
    assert!(matches!(plan(&member, &Observed::default()), Ok(None)));
    let home = Desired { part: Part::Home, ..desired() };
    assert!(matches!(plan(&home, &Observed::default()), Ok(Some(Plan::Create(_)))));
}

#[test]
fn leaving_goes_tasks_first_then_the_cluster_then_the_object() {
    let mut leaving = desired();
    leaving.registration.as_mut().unwrap().deleting = true;
    leaving.tasks_in_manager = 2;
    assert_eq!(reason_of(plan(&leaving, &observed(held()))), ("waiting", reason::TASKS_REMAIN));
    leaving.tasks_in_manager = 0;
    leaving.brake = Err(Fault::waiting(reason::DELETION_FROZEN, "x"));
    assert_eq!(reason_of(plan(&leaving, &observed(held()))), ("waiting", reason::DELETION_FROZEN));
    leaving.brake = Ok(());
    leaving.guard.manager_namespace = true;
    assert_eq!(reason_of(plan(&leaving, &observed(held()))), ("waiting", reason::OPERATOR_ACTIVE));
    leaving.guard = Guard::default();
    assert!(matches!(plan(&leaving, &observed(held())), Ok(Some(Plan::Delete { .. }))));
    assert!(matches!(plan(&leaving, &Observed::default()), Ok(Some(Plan::Release))));
}

#[test]
fn a_retained_registration_leaves_manager_alone() {
    let mut leaving = desired();
    let registration = leaving.registration.as_mut().unwrap();
    registration.deleting = true;
    registration.spec.deletion_policy = DeletionPolicy::Retain;
    assert!(!needs_manager(&leaving));
    assert!(matches!(plan(&leaving, &observed(held())), Ok(Some(Plan::Release))));
}

#[test]
fn a_host_of_the_users_choice_wins_over_the_template() {
    let mut own = desired();
    own.registration.as_mut().unwrap().spec.host = Some("10.0.0.9".into());
    let Ok(Some(Plan::Create(body))) = plan(&own, &Observed::default()) else { panic!() };
    assert_eq!(body.host, "10.0.0.9");
}
