//! The following side, without a network: messages in, view and changes out.

mod view;

use messina_control_api::carried::Carried;
use messina_control_api::watch::v1 as wire;
use parking_lot::RwLock;
use wire::ObjectKind;
use wire::object::Body;
use wire::watch_response::Response;

use super::Changed;
use super::follower::{Follower, Refusal, Step};
use super::view::View;
use crate::key::Key;

/// A follower of the datacenter `east` with its view.
struct Stream {
    follower: Follower,
    view: RwLock<View>,
}

impl Stream {
    fn new() -> Self {
        Self { follower: Follower::new("east".into()), view: RwLock::default() }
    }

    fn take(&mut self, revision: u64, response: Response) -> Result<Step, Refusal> {
        let message =
            wire::WatchResponse { revision, traceparent: "00-trace".into(), response: Some(response) };
        self.follower.take(message, &self.view)
    }

    /// A new stream with a snapshot of these objects.
    fn list(&mut self, epoch: &str, revision: u64, responses: Vec<Response>) -> Step {
        self.follower.open();
        self.take(revision, start(epoch, false)).unwrap();
        for response in responses {
            self.take(1, response).unwrap();
        }
        self.take(revision, Response::Synced(wire::Synced {})).unwrap()
    }

    fn removed(&self, name: &str) -> Vec<String> {
        self.view.read().removed_uids("prod", name).map(str::to_owned).collect()
    }
}

fn start(epoch: &str, resumed: bool) -> Response {
    let (epoch, datacenter, kube_system_uid) = (epoch.into(), "east".into(), "kube-1".into());
    Response::Start(wire::Start { epoch, datacenter, kube_system_uid, resumed })
}

fn key(kind: ObjectKind, name: &str) -> wire::ObjectKey {
    Key::new(kind, "prod", name).write()
}

fn object(kind: ObjectKind, name: &str, uid: &str, body: Option<Body>) -> Carried {
    Carried::new(wire::Object {
        key: Some(key(kind, name)),
        uid: uid.into(),
        generation: 1,
        deleting: false,
        body,
    })
}

fn cluster(name: &str, uid: &str) -> Carried {
    let body = Body::ScyllaCluster(wire::ScyllaCluster::default());
    object(ObjectKind::ScyllaCluster, name, uid, Some(body))
}

fn unreadable(name: &str, uid: &str) -> Carried {
    let body = Body::Undecodable(wire::Undecodable { message: "spec.backups: not a list".into() });
    object(ObjectKind::ScyllaCluster, name, uid, Some(body))
}

fn gone(name: &str, uid: &str, confirmed: bool) -> Response {
    let key = Some(key(ObjectKind::ScyllaCluster, name));
    Response::Remove(wire::Remove { key, uid: uid.into(), confirmed })
}

/// Names of the objects that a step is about; `Synced` as such.
fn names(step: &Step) -> Vec<String> {
    let name = |changed: &Changed| match changed {
        Changed::Object { key, .. } => key.name.clone(),
        Changed::Synced => "Synced".to_owned(),
    };
    step.changed.iter().map(name).collect()
}

#[test]
fn a_snapshot_replaces_the_view_in_one_step_and_tells_only_what_differs() {
    let mut stream = Stream::new();
    let snapshot = |name, uid| Response::Snapshot(cluster(name, uid));
    let step = stream.list("e", 5, vec![snapshot("a", "u1"), snapshot("b", "u2"), snapshot("c", "u3")]);
    assert_eq!(
        (names(&step), step.ack, step.reset),
        (["a", "b", "c", "Synced"].map(String::from).to_vec(), Some(5), false)
    );
    stream.follower.open();
    stream.take(9, start("f", false)).unwrap();
    stream.take(1, snapshot("a", "u1")).unwrap();
    assert_eq!(stream.view.read().clusters.len(), 3, "the old state stays until the new one is whole");
    assert_eq!(stream.follower.open().unwrap().epoch, "e", "and it can still be resumed");
    let step = stream.list("f", 9, vec![snapshot("a", "u1"), snapshot("b", "u9")]);
    assert_eq!(names(&step), ["b", "c", "Synced"]);
    assert_eq!(stream.removed("c"), [""; 0], "out of sight is not deleted");
    assert_eq!(stream.view.read().home.as_ref().unwrap().kube_system_uid, "kube-1");
}

#[test]
fn a_change_is_told_once_with_its_trace_and_moves_the_token() {
    let mut stream = Stream::new();
    stream.list("e", 5, vec![]);
    let step = stream.take(6, Response::Upsert(cluster("a", "u1"))).unwrap();
    let traceparent = Some("00-trace".to_owned());
    assert_eq!(step.changed, [Changed::Object { key: key(ObjectKind::ScyllaCluster, "a"), traceparent }]);
    assert_eq!(step.ack, Some(6));
    assert_eq!(names(&stream.take(7, Response::Upsert(cluster("a", "u1"))).unwrap()), [""; 0]);
    assert_eq!(stream.take(9, Response::Bookmark(wire::Bookmark {})).unwrap().ack, Some(9));
    let token = stream.follower.open().unwrap();
    assert_eq!((token.epoch.as_str(), token.revision), ("e", 9));
    stream.take(11, start("e", true)).unwrap();
    assert_eq!(stream.take(10, gone("a", "u1", true)).unwrap().ack, None, "not before Synced");
    assert!(!stream.follower.synced());
    let step = stream.take(11, Response::Synced(wire::Synced {})).unwrap();
    assert_eq!((names(&step), step.ack), (vec!["Synced".to_owned()], Some(11)));
    assert_eq!(stream.removed("a"), ["u1"]);
}

#[test]
fn an_unfinished_snapshot_does_not_move_the_token() {
    let mut stream = Stream::new();
    stream.list("e", 5, vec![]);
    stream.follower.open();
    stream.take(90, start("e", false)).unwrap();
    stream.take(91, Response::Bookmark(wire::Bookmark {})).unwrap();
    stream.take(92, Response::Upsert(cluster("a", "u1"))).unwrap();
    stream.take(93, gone("b", "u2", true)).unwrap();
    let unknown = wire::WatchResponse { revision: 94, ..Default::default() };
    stream.follower.take(unknown, &stream.view).unwrap();
    assert_eq!(stream.follower.open().unwrap().revision, 5);
    assert!(stream.view.read().clusters.is_empty() && stream.removed("b").is_empty());
}

#[test]
fn only_a_confirmed_removal_is_a_deletion() {
    let mut stream = Stream::new();
    let all = ["a", "b"].map(|name| Response::Snapshot(cluster(name, "u1"))).to_vec();
    stream.list("e", 5, all);
    assert_eq!(names(&stream.take(6, gone("a", "u1", false)).unwrap()), ["a"]);
    assert_eq!(names(&stream.take(7, gone("b", "u1", true)).unwrap()), ["b"]);
    assert!(stream.view.read().clusters.is_empty());
    assert_eq!((stream.removed("a"), stream.removed("b")), (vec![], vec!["u1".to_owned()]));
    assert!(stream.view.read().was_removed("prod", "b", "u1"));
    // The proof for the first one comes late.
    assert_eq!(names(&stream.take(8, gone("a", "u1", true)).unwrap()), ["a"]);
    assert_eq!(stream.removed("a"), ["u1"]);
    assert_eq!(names(&stream.take(9, gone("a", "u1", true)).unwrap()), [""; 0], "no news");
}

#[test]
fn a_proof_outlives_a_new_epoch_and_ends_when_the_name_appears() {
    let mut stream = Stream::new();
    stream.list("e", 5, vec![Response::Snapshot(cluster("a", "u1"))]);
    stream.take(6, gone("a", "u1", true)).unwrap();
    assert_eq!(names(&stream.list("f", 1, vec![])), ["Synced"]);
    assert_eq!(stream.removed("a"), ["u1"]);
    let step = stream.list("g", 1, vec![Response::Snapshot(cluster("a", "u2"))]);
    assert_eq!((names(&step), stream.removed("a")), (["a", "Synced"].map(String::from).to_vec(), vec![]));
    assert_eq!(stream.view.read().removed().len(), 0);
    // The second one is out of sight: the first one's proof says nothing about the name any more.
    stream.list("h", 1, vec![]);
    assert_eq!(stream.removed("a"), [""; 0]);
}

#[test]
fn deletions_in_a_row_are_all_known() {
    let mut stream = Stream::new();
    stream.list("e", 5, vec![Response::Snapshot(cluster("a", "u1"))]);
    stream.take(6, gone("a", "u1", true)).unwrap();
    stream.take(7, Response::Upsert(cluster("a", "u2"))).unwrap();
    assert_eq!(stream.removed("a"), [""; 0], "the name is in use");
    stream.take(8, gone("a", "u2", true)).unwrap();
    assert_eq!(stream.removed("a"), ["u1", "u2"]);
    let last = stream.view.read().removed().into_values().collect::<Vec<_>>();
    assert_eq!(last, ["u2"]);
}

#[test]
fn tombstones_in_a_snapshot_are_deletions() {
    let mut stream = Stream::new();
    let step = stream.list(
        "e",
        5,
        vec![gone("a", "u1", true), gone("b", "u2", true), Response::Snapshot(cluster("b", "u3"))],
    );
    assert_eq!(names(&step), ["a", "b", "Synced"]);
    assert_eq!((stream.removed("a"), stream.removed("b")), (vec!["u1".to_owned()], vec![]));
    stream.take(6, gone("b", "u3", true)).unwrap();
    assert_eq!(stream.removed("b"), ["u2", "u3"]);
}

#[test]
fn the_wrong_feed_is_refused_and_both_names_are_said() {
    let mut stream = Stream::new();
    let begin = |datacenter: &str, uid: &str| {
        let (epoch, datacenter, kube_system_uid) = ("e".into(), datacenter.into(), uid.into());
        Response::Start(wire::Start { epoch, datacenter, kube_system_uid, resumed: false })
    };
    let refusal = stream.take(1, begin("west", "kube-1")).unwrap_err().to_string();
    assert!(refusal.contains("'east'") && refusal.contains("'west'"), "{refusal}");
    assert_eq!(stream.take(1, begin("east", "")).unwrap_err(), Refusal::Anonymous("east".into()));
    stream.list("e", 5, vec![Response::Snapshot(cluster("a", "u1"))]);
    stream.follower.open();
    let refusal = stream.take(1, begin("east", "kube-2")).unwrap_err().to_string();
    assert!(refusal.contains("kube-1") && refusal.contains("kube-2"), "{refusal}");
    assert_eq!(stream.view.read().clusters.len(), 1);
    stream.take(1, begin("east", "kube-1")).unwrap();
}

#[test]
fn a_feed_that_breaks_the_rules_is_left_and_listed_anew() {
    let synced = || Response::Synced(wire::Synced {});
    let breaches: [Vec<Response>; 5] = [
        vec![synced()],
        vec![start("e", true)],
        vec![start("e", false), start("e", false)],
        vec![start("e", false), synced(), Response::Snapshot(cluster("a", "u1"))],
        vec![Response::Upsert(cluster("a", "u1"))],
    ];
    for breach in breaches {
        let mut stream = Stream::new();
        let last = breach.into_iter().map(|response| stream.take(1, response)).last().unwrap();
        assert!(matches!(last, Err(Refusal::Rules(_))), "{last:?}");
        assert_eq!(stream.follower.open(), None);
        assert!(stream.view.read().clusters.is_empty());
    }
}

#[test]
fn an_object_that_makes_no_sense_is_refused_and_the_rest_goes_on() {
    let mut stream = Stream::new();
    stream.list("e", 5, vec![Response::Snapshot(cluster("a", "u1"))]);
    let no_body = object(ObjectKind::ScyllaCluster, "a", "u1", None);
    let step = stream.take(6, Response::Upsert(no_body)).unwrap();
    let nack = step.nack.clone().unwrap();
    assert_eq!((nack.revision, nack.reason.as_str()), (6, "object.body: is missing"));
    assert_eq!((names(&step), step.ack), (vec!["a".to_owned()], Some(6)));
    let liar = object(ObjectKind::Ring, "r", "u2", Some(Body::ScyllaCluster(Default::default())));
    assert!(stream.take(7, Response::Upsert(liar)).unwrap().nack.unwrap().reason.contains("the key says"));
    let later = Carried::new(wire::Object {
        key: Some(wire::ObjectKey { kind: 99, ..Default::default() }),
        ..Default::default()
    });
    assert!(stream.take(8, Response::Upsert(later)).unwrap().nack.is_some());
    assert!(stream.take(9, Response::Upsert(cluster("b", "u3"))).unwrap().nack.is_none());
    let view = stream.view.read();
    assert_eq!(view.undecodable.len(), 2);
    assert_eq!(view.undecodable(ObjectKind::ScyllaCluster, "prod", "a").unwrap().uid, "u1");
    assert_eq!(view.clusters.len(), 2, "the last readable state of the first one stays");
}
