//! The rules of the feed, one by one.

use std::collections::BTreeSet;

use messina_control_api::watch::v1 as wire;
use wire::watch_response::Response;
use wire::{ObjectKind, ResumeToken};

use super::*;
use crate::publisher::subscription::Filter;

fn token(revision: u64) -> Option<ResumeToken> {
    Some(ResumeToken { epoch: "e".into(), revision })
}

#[test]
fn nobody_is_served_before_every_kind_was_listed() {
    let feed =
        Feed::new(FeedSettings { kinds: vec![ObjectKind::ScyllaCluster, ObjectKind::Ring], ..settings("e") });
    let reader = attach(&feed, None);
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    feed.kind_synced(ObjectKind::ScyllaCluster);
    assert_eq!(read(&reader), [""; 0]);
    assert_eq!(feed.missing_kinds(), [ObjectKind::Ring]);
    feed.upsert(object(&cluster("b"), "u2", 1), None);
    feed.kind_synced(ObjectKind::Ring);
    assert_eq!(read(&reader), ["2: start", "1: snapshot a u1.1", "2: snapshot b u2.1", "2: synced"]);
    feed.kind_synced(ObjectKind::Ring);
    assert_eq!(read(&reader), [""; 0], "a second list is no second start");
}

#[test]
fn an_equal_object_is_no_news() {
    let feed = serving(settings("e"));
    assert!(feed.upsert(object(&cluster("a"), "u1", 1), None));
    assert!(!feed.upsert(object(&cluster("a"), "u1", 1), None));
    assert!(!feed.remove(&cluster("b").write(), true, None));
    assert!(!feed.upsert(wire::Object::default(), None), "no key");
    assert_eq!(feed.stats().head_revision, 1);
    assert_eq!(feed.known(ObjectKind::ScyllaCluster), [(cluster("a").write(), "u1".to_owned())]);
}

#[test]
fn changes_are_coalesced_and_removals_are_not() {
    let feed = serving(settings("e"));
    let reader = attach(&feed, None);
    assert_eq!(read(&reader), ["0: start", "0: synced"]);
    for generation in 1..50 {
        feed.upsert(object(&cluster("a"), "u1", generation), None);
    }
    feed.upsert(object(&cluster("b"), "u9", 1), None);
    feed.remove(&cluster("a").write(), true, None);
    feed.upsert(object(&cluster("a"), "u2", 1), None);
    feed.upsert(object(&cluster("a"), "u3", 1), None);
    assert_eq!(
        read(&reader),
        ["50: upsert b u9.1", "51: removed a u1", "53: lost a u2", "54: upsert a u3.1"]
    );
}

#[test]
fn an_object_that_is_back_was_never_away() {
    let feed = serving(settings("e"));
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    let reader = attach(&feed, None);
    read(&reader);
    feed.remove(&cluster("a").write(), false, None);
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    assert_eq!(read(&reader), ["3: upsert a u1.1"]);
}

#[test]
fn a_change_during_the_snapshot_stays_in_the_snapshot() {
    let feed = serving(settings("e"));
    for (name, uid) in [("a", "u1"), ("b", "u2")] {
        feed.upsert(object(&cluster(name), uid, 1), None);
    }
    let reader = attach(&feed, None);
    feed.upsert(object(&cluster("a"), "u1", 2), None);
    feed.remove(&cluster("b").write(), true, None);
    feed.upsert(object(&cluster("c"), "u3", 1), None);
    let expected = ["2: start", "3: snapshot a u1.2", "2: synced", "4: removed b u2", "5: upsert c u3.1"];
    assert_eq!(read(&reader), expected);
}

#[test]
fn a_stream_is_resumed_within_the_window_and_the_epoch_only() {
    let feed = serving(FeedSettings { window: 3, ..settings("e") });
    for generation in 1..=5 {
        feed.upsert(object(&cluster("a"), "u1", generation), None);
    }
    feed.upsert(object(&cluster("b"), "u2", 1), None);
    let snapshot = ["6: start", "5: snapshot a u1.5", "6: snapshot b u2.1", "6: synced"];
    assert_eq!(read(&attach(&feed, token(6))), ["6: start resumed", "6: synced"]);
    assert_eq!(
        read(&attach(&feed, token(3))),
        ["6: start resumed", "5: upsert a u1.5", "6: upsert b u2.1", "6: synced"]
    );
    assert_eq!(read(&attach(&feed, token(2))), snapshot, "outside the window");
    assert_eq!(read(&attach(&feed, token(7))), snapshot, "ahead of the feed");
    let other = Some(ResumeToken { epoch: "f".into(), revision: 6 });
    assert_eq!(read(&attach(&feed, other)), snapshot, "another life");
    let unused = serving(settings("e"));
    assert_eq!(read(&attach(&unused, token(0))), ["0: start resumed", "0: synced"]);
}

#[test]
fn whoever_comes_later_learns_which_clusters_were_deleted() {
    let feed = serving(settings("e"));
    let ring = Key::new(ObjectKind::Ring, "prod", "r");
    for (key, uid) in [(cluster("a"), "u1"), (cluster("b"), "u2"), (cluster("c"), "u3"), (ring.clone(), "u4")]
    {
        feed.upsert(object(&key, uid, 1), None);
    }
    feed.remove(&cluster("a").write(), true, None);
    feed.remove(&cluster("b").write(), false, None);
    feed.remove(&ring.write(), true, None);
    assert_eq!(
        read(&attach(&feed, None)),
        ["7: start", "3: snapshot c u3.1", "5: removed a u1", "7: synced"]
    );
    feed.upsert(object(&cluster("a"), "u5", 1), None);
    assert_eq!(
        read(&attach(&feed, None)),
        ["8: start", "3: snapshot c u3.1", "5: removed a u1", "8: snapshot a u5.1", "8: synced"],
        "the first one's deletion comes before the second one's life"
    );
}

#[test]
fn a_proof_may_come_after_the_loss() {
    let feed = serving(settings("e"));
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    let reader = attach(&feed, None);
    read(&reader);
    assert!(feed.remove(&cluster("a").write(), false, None));
    assert!(!feed.remove(&cluster("a").write(), false, None));
    assert_eq!(read(&reader), ["2: lost a u1"]);
    assert!(feed.remove(&cluster("a").write(), true, None));
    assert!(!feed.remove(&cluster("a").write(), true, None));
    assert_eq!(read(&reader), ["3: removed a u1"]);
}

#[test]
fn memory_stays_flat_while_a_reader_sleeps() {
    let feed = serving(settings("e"));
    let (asleep, awake) = (attach(&feed, None), attach(&feed, None));
    for round in 0..100_000_u32 {
        let key = cluster(&format!("c{}", round % 50));
        if round % 7 == 0 {
            feed.remove(&key.write(), true, None);
        } else {
            feed.upsert(object(&key, &format!("u{}", round / 400), i64::from(round)), None);
        }
        if round % 1000 == 0 {
            read(&awake);
        }
    }
    let bound = 50 * (1 + crate::tombstones::UIDS_PER_NAME);
    assert!(asleep.subscriber.entries() <= bound, "{} entries", asleep.subscriber.entries());
    assert!(asleep.subscriber.describe().pending <= 50);
    assert!(feed.shared.state.lock().remembered() <= 10_000);
    let mut last = reader::Reader::default();
    std::iter::from_fn(|| asleep.subscriber.next()).for_each(|message| last.take(&message));
    assert_eq!(last.objects.len(), feed.known(ObjectKind::ScyllaCluster).len());
}

#[test]
fn subscribers_share_one_encoded_object() {
    let feed = serving(settings("e"));
    let readers = [attach(&feed, None), attach(&feed, None)];
    readers.iter().for_each(|reader| drop(read(reader)));
    feed.upsert(object(&cluster("a"), "u1", 1), Some("00-trace".into()));
    let carried = readers.each_ref().map(|reader| {
        let message = reader.subscriber.next().unwrap();
        assert_eq!(message.traceparent, "00-trace");
        let Some(Response::Upsert(carried)) = message.response else { panic!() };
        carried
    });
    assert!(std::ptr::eq(carried[0].object(), carried[1].object()));
}

#[test]
fn filters_hold_back_objects_but_not_the_revision() {
    let feed = serving(settings("e"));
    let filter = Filter {
        kinds: BTreeSet::from([ObjectKind::ScyllaCluster, ObjectKind::Namespace]),
        namespaces: BTreeSet::from(["prod".to_owned()]),
    };
    let subscription = Subscription { filter, ..Subscription::default() };
    let reader = feed.attach(subscription, String::new());
    read(&reader);
    for key in [
        cluster("a"),
        Key::new(ObjectKind::ScyllaCluster, "test", "a"),
        Key::new(ObjectKind::Namespace, "", "prod"),
        Key::new(ObjectKind::Namespace, "", "test"),
        Key::new(ObjectKind::Ring, "prod", "r"),
    ] {
        feed.upsert(object(&key, "u", 1), None);
    }
    assert!(reader.subscriber.bookmark().is_none(), "something is left to be sent");
    assert_eq!(read(&reader), ["1: upsert a u.1", "3: upsert prod u.1"]);
    assert_eq!(reader.subscriber.bookmark().unwrap().revision, 5);
}

#[test]
fn a_subscriber_is_synced_stale_or_nacked() {
    let feed = serving(settings("e"));
    let reader = attach(&feed, None);
    let state = || reader.subscriber.describe().state;
    assert_eq!(state(), "STALE", "it knows nothing yet");
    read(&reader);
    assert_eq!(state(), "SYNCED", "it never acknowledged, so what was sent counts");
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    assert_eq!((state().as_str(), reader.subscriber.describe().pending), ("STALE", 1));
    read(&reader);
    reader.subscriber.ack(0);
    assert_eq!(state(), "STALE", "it acknowledges, and has not acknowledged this");
    reader.subscriber.ack(99);
    assert_eq!(reader.subscriber.describe().acked_revision, 0, "this was never sent");
    reader.subscriber.ack(1);
    assert_eq!(state(), "SYNCED");
    let nack = |revision| wire::Nack { revision, key: Some(cluster("a").write()), reason: "no".into() };
    reader.nack(nack(0));
    assert_eq!(state(), "SYNCED", "the object has changed since");
    reader.nack(nack(1));
    assert_eq!((state().as_str(), reader.subscriber.describe().nacks), ("NACKED", vec![nack(1)]));
    feed.upsert(object(&cluster("a"), "u1", 2), None);
    assert_eq!((state().as_str(), reader.subscriber.describe().nacks.len()), ("STALE", 0));
}

#[tokio::test(start_paused = true)]
async fn numbers_for_metrics() {
    let feed = serving(settings("e"));
    assert_eq!(feed.stats().last_event, None);
    let reader = attach(&feed, None);
    read(&reader);
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    feed.upsert(object(&cluster("a"), "u1", 2), None);
    let stats = feed.stats();
    assert_eq!(stats.objects.into_iter().collect::<Vec<_>>(), [(ObjectKind::ScyllaCluster, 1)]);
    assert_eq!((stats.head_revision, stats.subscribers), (2, 1));
    assert_eq!(
        stats.oldest_pending,
        Some(std::time::Duration::from_secs(3)),
        "since the first of the changes"
    );
    assert_eq!(stats.last_event, Some(jiff::Timestamp::UNIX_EPOCH));
    drop(reader);
    assert_eq!((feed.stats().subscribers, feed.stats().oldest_pending), (0, None));
}
