//! The view by itself.

use messina_control_api::convert::{FeedObject, read_object};

use super::*;

fn put(view: &mut View, object: Carried) -> bool {
    let object = object.object();
    let key = Key::read(object.key.as_ref().unwrap()).unwrap();
    view.put(&key, &object.uid, read_object("east", object).unwrap())
}

fn remove(view: &mut View, kind: ObjectKind, name: &str) -> bool {
    view.remove(&Key::new(kind, "prod", name), "u", true)
}

fn operator_registration(name: &str, cluster: &str, deleting: bool) -> Carried {
    let body = Body::OperatorRegistration(wire::OperatorRegistration {
        cluster_name: cluster.into(),
        cluster_id: String::new(),
    });
    let object = object(ObjectKind::OperatorRegistration, name, "u", Some(body)).object().clone();
    Carried::new(wire::Object { deleting, ..object })
}

fn operator_task(name: &str, cluster: &str) -> Carried {
    let task = wire::OperatorTask { cluster_name: cluster.into(), ..Default::default() };
    object(ObjectKind::OperatorTask, name, "u", Some(Body::OperatorTask(task)))
}

fn task(name: &str, cluster: &str) -> Carried {
    use messina_control_api::task::v1 as task;
    let definition = task::TaskDefinition {
        work: Some(task::task_definition::Work::Repair(task::Repair::default())),
        ..Default::default()
    };
    let body =
        wire::Task { cluster_name: cluster.into(), definition: Some(definition), ..Default::default() };
    object(ObjectKind::Task, name, "u", Some(Body::Task(body)))
}

#[test]
fn tasks_are_found_by_cluster() {
    let mut view = View::default();
    assert!(put(&mut view, task("daily", "orders")));
    assert!(!put(&mut view, task("daily", "orders")), "no news");
    assert!(put(&mut view, task("weekly", "orders")));
    assert!(put(&mut view, task("monthly", "users")));
    let names = |view: &View, cluster| {
        view.tasks_of("prod", cluster).map(|task| task.key.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&view, "orders"), ["daily", "weekly"]);
    assert!(remove(&mut view, ObjectKind::Task, "daily"));
    assert!(!remove(&mut view, ObjectKind::Task, "daily"));
    assert_eq!(
        (names(&view, "orders"), names(&view, "users")),
        (vec!["weekly".into()], vec!["monthly".into()])
    );
    assert!(view.task("prod", "weekly").is_some() && view.task("prod", "daily").is_none());
}

#[test]
fn the_operators_objects_are_counted_by_cluster() {
    let mut view = View::default();
    put(&mut view, operator_registration("x", "orders", false));
    put(&mut view, operator_task("y", "orders"));
    put(&mut view, operator_task("z", "orders"));
    assert!(view.operator_registered("prod", "orders") && !view.operator_registered("prod", "users"));
    assert_eq!((view.operator_tasks("prod", "orders"), view.operator_tasks("prod", "users")), (2, 0));
    assert!(put(&mut view, operator_registration("x", "orders", true)));
    assert!(!view.operator_registered("prod", "orders"), "it is being deleted");
    put(&mut view, operator_registration("w", "orders", false));
    assert!(view.operator_registered("prod", "orders"), "another one is not");
    remove(&mut view, ObjectKind::OperatorTask, "y");
    assert_eq!(view.operator_tasks("prod", "orders"), 1);
}

#[test]
fn namespaces_go_by_name() {
    let mut view = View::default();
    let key = Key::new(ObjectKind::Namespace, "", "prod");
    assert!(view.put(&key, "u", FeedObject::Namespace { name: "prod".into(), deleting: false }));
    assert!(view.put(&key, "u", FeedObject::Namespace { name: "prod".into(), deleting: true }));
    assert!(view.namespaces["prod"]);
    assert!(view.remove(&key, "u", true) && view.namespaces.is_empty());
}

#[test]
fn an_unreadable_object_keeps_its_last_readable_state_but_not_that_of_a_namesake() {
    let mut view = View::default();
    put(&mut view, cluster("a", "u1"));
    assert!(put(&mut view, unreadable("a", "u1")));
    assert!(!put(&mut view, unreadable("a", "u1")), "no news");
    assert!(view.cluster("prod", "a").is_some());
    assert!(put(&mut view, cluster("a", "u1")), "it can be read again");
    assert!(view.undecodable.is_empty());
    put(&mut view, unreadable("a", "u2"));
    assert!(view.cluster("prod", "a").is_none(), "that was another one");
    assert!(remove(&mut view, ObjectKind::ScyllaCluster, "a") && view.undecodable.is_empty());
}

#[test]
fn a_new_snapshot_keeps_the_last_readable_state_too() {
    let mut view = View::default();
    for object in
        [cluster("a", "u1"), cluster("b", "u1"), task("t", "a"), operator_registration("x", "a", false)]
    {
        put(&mut view, object);
    }
    let mut new = View::default();
    put(&mut new, unreadable("a", "u1"));
    put(&mut new, unreadable("b", "u2"));
    for (kind, name) in [(ObjectKind::Task, "t"), (ObjectKind::OperatorRegistration, "x")] {
        let key = Key::new(kind, "prod", name);
        new.put(&key, "u", FeedObject::Undecodable { message: "no".into() });
    }
    assert_eq!(view.replace(new).len(), 4);
    assert!(view.cluster("prod", "a").is_some() && view.cluster("prod", "b").is_none());
    assert_eq!(view.tasks_of("prod", "a").count(), 1);
    assert!(view.operator_registered("prod", "a"), "to overlook the Operator would be worse");
    assert_eq!(view.undecodable.len(), 4);
}

#[test]
fn an_unreadable_cluster_was_not_deleted() {
    let mut view = View::default();
    put(&mut view, cluster("a", "u1"));
    remove(&mut view, ObjectKind::ScyllaCluster, "a");
    assert!(view.was_removed("prod", "a", "u"));
    put(&mut view, unreadable("a", "u2"));
    assert!(!view.was_removed("prod", "a", "u") && view.removed().is_empty());
}
