//! A mirror across cuts, restarts and impostors.

use messina_control_api::watch::v1 as wire;
use messina_feed::{Changed, FeedSettings, MirrorSettings};
use wire::ObjectKind;

use super::site::{Follower, Wire, cluster, feed, key, serve, settings, until};

#[tokio::test]
async fn a_change_arrives_with_its_trace_and_is_acknowledged() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let follower = Follower::of(serve(&feed).await);
    follower.until_clusters(&[("a", "u1")]).await;
    follower.told.lock().clear();
    feed.upsert(cluster("b", "u2", 1), Some("00-trace".into()));
    follower.until_clusters(&[("a", "u1"), ("b", "u2")]).await;
    follower.until("told", |_| !follower.told.lock().is_empty()).await;
    let expected = Changed::Object { key: key("b"), traceparent: Some("00-trace".into()) };
    assert_eq!(*follower.told.lock(), [expected]);
    let home = follower.mirror.with(|view| view.home.clone()).unwrap();
    assert_eq!((home.datacenter.as_str(), home.kube_system_uid.as_str()), ("east", "kube-1"));
    let state = follower.mirror.state();
    assert!(state.connected && state.synced && state.synced_once && state.error.is_none());
    assert_eq!((state.reconnects, state.resets), (0, 0));
    assert!(state.staleness.is_some() && state.last_message_age.is_some());
}

#[tokio::test]
async fn a_cut_stream_is_resumed_without_a_snapshot_and_without_a_gap() {
    let feed = feed(settings("e"), &[("a", "u1"), ("b", "u2")]);
    let server = serve(&feed).await;
    let wire = Wire::to(server).await;
    let follower = Follower::of(wire.address);
    follower.until_clusters(&[("a", "u1"), ("b", "u2")]).await;
    follower.told.lock().clear();
    for round in 1..=5 {
        wire.cut(server);
        feed.upsert(cluster("a", "u1", 1 + round), None);
        if round == 3 {
            feed.remove(&key("b"), true, None);
        }
        follower
            .until("the missed change", |mirror| {
                mirror.state().synced
                    && mirror.with(|view| view.cluster("prod", "a").unwrap().generation == 1 + round)
            })
            .await;
    }
    let state = follower.mirror.state();
    assert!(state.reconnects >= 5, "{state:?}");
    assert_eq!(state.resets, 0);
    assert!(follower.mirror.with(|view| view.was_removed("prod", "b", "u2")));
    let told = follower.told.lock().clone();
    let objects = told.iter().filter(|changed| matches!(changed, Changed::Object { .. })).count();
    assert_eq!(objects, 6, "only what changed was told: {told:?}");
}

#[tokio::test]
async fn outside_the_window_a_snapshot_makes_up_for_everything() {
    let feed = feed(FeedSettings { window: 4, ..settings("e") }, &[("a", "u1"), ("b", "u2"), ("c", "u3")]);
    let server = serve(&feed).await;
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let wire = Wire::to(server).await;
    let follower = Follower::of(wire.address);
    follower.until_clusters(&[("a", "u1"), ("b", "u2"), ("c", "u3")]).await;
    wire.cut(nowhere);
    follower.until("cut off", |mirror| !mirror.state().connected).await;
    feed.remove(&key("b"), true, None);
    feed.remove(&key("c"), false, None);
    for generation in 2..10 {
        feed.upsert(cluster("a", "u1", generation), None);
    }
    follower.until("an error to show", |mirror| mirror.state().error.is_some()).await;
    assert_eq!(follower.mirror.with(|view| view.clusters.len()), 3, "an outage leaves the view as it was");
    wire.cut(server);
    follower.until_clusters(&[("a", "u1")]).await;
    assert_eq!(follower.mirror.state().resets, 1);
    assert!(follower.mirror.with(|view| view.was_removed("prod", "b", "u2")), "a tombstone says so");
    assert!(!follower.mirror.with(|view| view.was_removed("prod", "c", "u3")), "nothing says so");
}

#[tokio::test]
async fn a_feed_that_starts_anew_deletes_nothing() {
    let first = feed(settings("first"), &[("a", "u1"), ("b", "u2"), ("c", "u3")]);
    let wire = Wire::to(serve(&first).await).await;
    let follower = Follower::of(wire.address);
    follower.until_clusters(&[("a", "u1"), ("b", "u2"), ("c", "u3")]).await;
    first.remove(&key("c"), true, None);
    follower.until_clusters(&[("a", "u1"), ("b", "u2")]).await;
    let second = feed(settings("second"), &[("a", "u1")]);
    wire.cut(serve(&second).await);
    follower.until_clusters(&[("a", "u1")]).await;
    assert!(follower.mirror.with(|view| !view.was_removed("prod", "b", "u2")), "merely out of sight");
    assert!(follower.mirror.with(|view| view.was_removed("prod", "c", "u3")), "proved before");
    wire.cut(serve(&feed(settings("third"), &[])).await);
    follower.until_clusters(&[]).await;
    assert_eq!(follower.mirror.with(|view| view.removed().len()), 1, "an empty list proves nothing");
}

#[tokio::test]
async fn a_consumer_that_crashed_learns_of_the_deletion_again() {
    let feed = feed(settings("e"), &[("a", "u1"), ("b", "u2")]);
    let server = serve(&feed).await;
    let crashed = Follower::of(server);
    crashed.until_clusters(&[("a", "u1"), ("b", "u2")]).await;
    feed.remove(&key("a"), true, None);
    crashed.until_clusters(&[("b", "u2")]).await;
    drop(crashed);
    let restarted = Follower::of(server);
    restarted.until_clusters(&[("b", "u2")]).await;
    assert!(restarted.mirror.with(|view| view.was_removed("prod", "a", "u1")));
    let about_a = |changed: &Changed| matches!(changed, Changed::Object { key, .. } if key.name == "a");
    assert!(restarted.told.lock().iter().any(about_a));
}

#[tokio::test]
async fn another_datacenter_or_kubernetes_cluster_is_refused() {
    let east = serve(&feed(settings("e"), &[("a", "u1")])).await;
    let west = serve(&feed(FeedSettings { datacenter: "west".into(), ..settings("e") }, &[])).await;
    let other = FeedSettings { kube_system_uid: "kube-2".into(), ..settings("e") };
    let impostor = serve(&feed(other, &[])).await;
    let wire = Wire::to(west).await;
    let follower = Follower::of(wire.address);
    let error = |mirror: &messina_feed::Mirror| mirror.state().error.unwrap_or_default();
    follower
        .until("west refused", |mirror| error(mirror).contains("'east'") && error(mirror).contains("'west'"))
        .await;
    assert!(!follower.mirror.state().synced_once && !follower.mirror.state().connected);
    wire.cut(east);
    follower.until_clusters(&[("a", "u1")]).await;
    let refused = follower.mirror.state().refused;
    assert!(refused >= 1);
    wire.cut(impostor);
    follower
        .until("the impostor refused", |mirror| error(mirror).contains("another Kubernetes cluster"))
        .await;
    assert!(follower.mirror.state().refused > refused);
    assert_eq!(follower.mirror.with(|view| view.clusters.len()), 1, "the view stays");
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_nacked_and_the_rest_goes_on() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let address = serve(&feed).await;
    let follower = Follower::of(address);
    follower.until_clusters(&[("a", "u1")]).await;
    feed.upsert(wire::Object { body: None, ..cluster("bad", "u2", 1) }, None);
    feed.upsert(cluster("b", "u3", 1), None);
    follower.until_clusters(&[("a", "u1"), ("b", "u3")]).await;
    let unreadable = |mirror: &messina_feed::Mirror| {
        mirror.with(|view| view.undecodable(ObjectKind::ScyllaCluster, "prod", "bad").cloned())
    };
    assert_eq!(unreadable(&follower.mirror).unwrap().message, "object.body: is missing");
    assert_eq!(follower.mirror.state().nacks, 1);
    let mut client = wire::watch_service_client::WatchServiceClient::new(super::site::channel(address));
    let mut described = async || {
        let listed = client.list_subscribers(wire::ListSubscribersRequest {}).await.unwrap().into_inner();
        listed.subscribers.into_iter().next().unwrap()
    };
    until("the refusal is known", async || described().await.state == "NACKED").await;
    assert_eq!(described().await.nacks[0].key, Some(key("bad")));
    feed.upsert(cluster("bad", "u2", 2), None);
    until("the refusal is over", async || described().await.state == "SYNCED").await;
    assert!(unreadable(&follower.mirror).is_none());
}

#[tokio::test]
async fn a_mirror_follows_the_kinds_and_namespaces_that_it_asked_for() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let elsewhere = wire::ObjectKey { namespace: "test".into(), ..key("a") };
    feed.upsert(wire::Object { key: Some(elsewhere), ..cluster("a", "u2", 1) }, None);
    let mut settings = MirrorSettings::new("east", "broker", [ObjectKind::ScyllaCluster]);
    settings.namespaces = vec!["prod".into()];
    let follower = Follower::with(settings, serve(&feed).await);
    follower.until_clusters(&[("a", "u1")]).await;
    let nobody = Follower::with(MirrorSettings::new("east", "x", [ObjectKind::Ring]), serve(&feed).await);
    nobody.until_clusters(&[]).await;
}

#[tokio::test]
async fn shutdown_of_either_side_ends_the_stream() {
    let settings = settings("e");
    let shutdown = settings.shutdown.clone();
    let feed = feed(settings, &[("a", "u1")]);
    let follower = Follower::of(serve(&feed).await);
    follower.until_clusters(&[("a", "u1")]).await;
    shutdown.cancel();
    follower
        .until("told so", |mirror| mirror.state().error.unwrap_or_default().contains("shutting down"))
        .await;
    assert_eq!(follower.mirror.with(|view| view.clusters.len()), 1);
}
