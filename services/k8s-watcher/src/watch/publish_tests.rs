use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use messina_feed::publisher::FeedSettings;
use serde_json::{Value, json};

use super::*;

/// A publisher, and how often something was news to its feed.
struct Bench {
    publisher: Publisher,
    news: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Self {
        let news = Arc::new(AtomicUsize::new(0));
        let counted = news.clone();
        // The feed asks for the time whenever something is news.
        let clock = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Timestamp::UNIX_EPOCH
        };
        let feed = Feed::new(FeedSettings::new("east", "uid", "epoch", Arc::new(clock)));
        let selector = NamespaceSelector::parse("managed=yes").unwrap();
        Self { publisher: Publisher::new(feed, selector, "east", WatcherMetrics::default()), news }
    }

    /// How many changes the feed saw while this was done.
    fn news(&self, act: impl FnOnce(&Publisher)) -> usize {
        let before = self.news.load(Ordering::SeqCst);
        act(&self.publisher);
        self.news.load(Ordering::SeqCst) - before
    }
}

fn object(value: Value) -> DynamicObject {
    serde_json::from_value(value).unwrap()
}

fn namespace(labels: Value) -> DynamicObject {
    object(json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "prod", "uid": "n", "labels": labels}, "status": {"phase": "Active"},
    }))
}

fn cluster(generation: usize, backups: usize) -> DynamicObject {
    let backup = |n: usize| json!({"name": format!("b{n}"), "cron": "@daily", "location": ["s3:b"]});
    let backups: Vec<Value> = (0..backups).map(backup).collect();
    object(json!({
        "apiVersion": "scylla.scylladb.com/v1", "kind": "ScyllaCluster",
        "metadata": {"name": "orders", "namespace": "prod", "uid": "c", "generation": generation},
        "spec": {"datacenter": {"name": "dc", "racks": []}, "backups": backups},
    }))
}

#[test]
fn the_last_word_on_a_cluster_follows_from_the_newest_labels() {
    let bench = Bench::new();
    let publisher = &bench.publisher;
    assert!(publisher.upsert(Kind::ScyllaCluster, &cluster(1, 300)).is_none(), "the cluster can be read");
    for round in 0..300 {
        let orders = cluster(round + 2, 300);
        publisher.upsert(Kind::Namespace, &namespace(json!({"managed": "yes"})));
        // What the cluster's watch publishes is made from the old labels or from the new ones, as it comes.
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                publisher.upsert(Kind::ScyllaCluster, &orders);
            });
            let labels = namespace(json!({}));
            start.wait();
            // Another moment of the other watch in each round.
            (0..round * 20).for_each(|turn| {
                std::hint::black_box(turn);
            });
            publisher.upsert(Kind::Namespace, &labels);
        });
        let stale = bench.news(|publisher| {
            publisher.upsert(Kind::ScyllaCluster, &orders);
        });
        assert_eq!(
            stale, 0,
            "round {round}: the feed held an older state or what followed from older labels"
        );
    }
}

#[test]
fn a_namespace_out_of_sight_does_not_hide_its_clusters() {
    let bench = Bench::new();
    let gone = (String::new(), "prod".to_owned());
    bench.publisher.upsert(Kind::Namespace, &namespace(json!({"managed": "yes"})));
    bench.publisher.upsert(Kind::ScyllaCluster, &cluster(1, 1));
    for confirmed in [false, true] {
        let news = bench.news(|publisher| publisher.remove(Kind::Namespace, &gone, confirmed));
        assert!(news <= 1, "the namespace and nothing else: {news}");
    }
    let again = bench.news(|publisher| {
        publisher.upsert(Kind::ScyllaCluster, &cluster(1, 1));
    });
    assert_eq!(again, 0, "still published as it is declared");
    let hidden = bench.news(|publisher| {
        publisher.upsert(Kind::Namespace, &namespace(json!({"managed": "no"})));
    });
    assert_eq!(hidden, 1, "labels that were seen hide the cluster");
}
