//! Random lives of a feed with readers that are slow, go away, resume, and outlive it.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use parking_lot::RwLock;

use super::reader::{Objects, Reader};
use super::{attach, cluster, object, serving, settings};
use crate::key::Key;
use crate::mirror::model::{Follower, View};
use crate::publisher::{Attached, Feed};
use messina_control_api::watch::v1::ObjectKind;

/// One consumer: the simple reader and the real one, fed with the same messages.
struct Consumer {
    attached: Option<Attached>,
    reader: Reader,
    follower: Follower,
    view: RwLock<View>,
}

impl Consumer {
    fn new() -> Self {
        let follower = Follower::new("east".into());
        Self { attached: None, reader: Reader::default(), follower, view: RwLock::default() }
    }

    fn connect(&mut self, feed: &Feed) {
        let token = self.follower.open();
        assert_eq!(token, self.reader.token);
        self.reader.open();
        self.attached = Some(attach(feed, token));
    }

    /// Reads at most so many messages; answers how many there were.
    fn read(&mut self, most: usize) -> usize {
        let Some(attached) = &self.attached else { return 0 };
        for taken in 0..most {
            let Some(message) = attached.subscriber.next() else { return taken };
            self.reader.take(&message);
            let step = self.follower.take(message, &self.view).unwrap();
            if let Some(revision) = step.ack {
                attached.subscriber.ack(revision);
            }
        }
        most
    }
}

/// What really happened.
#[derive(Default)]
struct World {
    objects: Objects,
    /// UIDs that were ever confirmed to be removed.
    ever: BTreeSet<(Key, String)>,
    /// Per cluster name, what was confirmed in this epoch since it was last lost without a proof.
    chain: BTreeMap<Key, Vec<String>>,
    lost: BTreeMap<Key, String>,
    uids: u32,
}

impl World {
    fn change(&mut self, random: &mut Rng, feed: &Feed) {
        let name = ["a", "b", "c", "d"][random.usize(0..4)];
        let key = if random.u8(0..4) == 0 { Key::new(ObjectKind::Ring, "prod", name) } else { cluster(name) };
        match (self.objects.get(&key).cloned(), random.u8(0..10)) {
            (Some((uid, generation)), 0..4) => self.upsert(feed, key, uid, generation + 1),
            (Some((uid, generation)), 4) => {
                assert!(!feed.upsert(object(&key, &uid, generation), None), "no news");
            }
            (Some((uid, _)), 5) => {
                self.lost.insert(key.clone(), uid);
                self.chain.remove(&key);
                self.objects.remove(&key);
                assert!(feed.remove(&key.write(), false, None));
            }
            // Another identity at once: the removal of the first was missed.
            (Some(_), 6) => {
                self.chain.remove(&key);
                let uid = self.new_uid();
                self.upsert(feed, key, uid, 1);
            }
            (Some((uid, _)), _) => {
                self.objects.remove(&key);
                self.confirm(key.clone(), uid);
                assert!(feed.remove(&key.write(), true, None));
            }
            // The object that was out of sight is there again, or was deleted after all.
            (None, 0..2) if self.lost.contains_key(&key) => {
                let uid = self.lost[&key].clone();
                self.upsert(feed, key, uid, 7);
            }
            (None, 2) if self.lost.contains_key(&key) && key.is_cluster() => {
                let uid = self.lost.remove(&key).unwrap();
                self.confirm(key.clone(), uid);
                assert!(feed.remove(&key.write(), true, None));
            }
            (None, _) => {
                let uid = self.new_uid();
                self.upsert(feed, key, uid, 1);
            }
        }
    }

    fn upsert(&mut self, feed: &Feed, key: Key, uid: String, generation: i64) {
        self.lost.remove(&key);
        assert!(feed.upsert(object(&key, &uid, generation), None));
        self.objects.insert(key, (uid, generation));
    }

    fn confirm(&mut self, key: Key, uid: String) {
        self.chain.entry(key.clone()).or_default().push(uid.clone());
        self.ever.insert((key, uid));
    }

    fn new_uid(&mut self) -> String {
        self.uids += 1;
        format!("u{}", self.uids)
    }

    /// The watcher starts anew and finds only a part of what there was.
    fn restart(&mut self, random: &mut Rng, epoch: &str, window: usize) -> Feed {
        self.objects.retain(|_, _| random.u8(0..4) > 0);
        self.chain.clear();
        self.lost.clear();
        let feed = Feed::new(crate::FeedSettings { window, ..settings(epoch) });
        let mut kinds = feed.missing_kinds();
        for (key, (uid, generation)) in &self.objects {
            feed.upsert(object(key, uid, *generation), None);
            if random.bool() {
                kinds.pop().into_iter().for_each(|kind| feed.kind_synced(kind));
            }
        }
        kinds.into_iter().for_each(|kind| feed.kind_synced(kind));
        feed
    }

    fn check(&self, consumer: &Consumer) {
        assert_eq!(consumer.reader.objects, self.objects);
        let view = consumer.view.read();
        let clusters = view.clusters.values().map(|c| (cluster(&c.key.name), (c.uid.clone(), c.generation)));
        let rings = view.rings.values().map(|ring| {
            (Key::new(ObjectKind::Ring, "prod", &ring.name), (ring.uid.clone(), ring.generation))
        });
        assert_eq!(clusters.chain(rings).collect::<Objects>(), self.objects);
        for ((_, name), uid) in view.removed() {
            assert!(self.ever.contains(&(cluster(&name), uid)), "nobody saw {name} being deleted");
        }
        for (key, uid) in &consumer.reader.removed {
            assert!(self.ever.contains(&(key.clone(), uid.clone())), "{key} {uid} was never deleted");
        }
        for (key, chain) in self.chain.iter().filter(|(key, _)| key.is_cluster()) {
            let known: Vec<_> = view.removed_uids("prod", &key.name).collect();
            if !self.objects.contains_key(key) {
                let proved = &chain[chain.len().saturating_sub(8)..];
                assert!(
                    proved.iter().all(|uid| known.contains(&uid.as_str())),
                    "{key}: {chain:?}, {known:?}"
                );
            } else {
                assert!(known.is_empty(), "{key} is in use");
            }
        }
    }
}

fn live(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let window = random.usize(1..40);
    let (mut world, mut epochs) = (World::default(), 1);
    let mut feed = serving(crate::FeedSettings { window, ..settings("epoch-1") });
    let mut consumers: Vec<_> = (0..3).map(|_| Consumer::new()).collect();
    for _ in 0..random.usize(20..300) {
        let at = random.usize(0..consumers.len());
        let consumer = &mut consumers[at];
        match random.u8(0..20) {
            0..10 => world.change(&mut random, &feed),
            10..15 => {
                consumer.read(random.usize(0..6));
            }
            15..17 => consumer.connect(&feed),
            17 => consumer.attached = None,
            18 => {
                consumer.read(usize::MAX);
            }
            _ if random.u8(0..5) == 0 => {
                epochs += 1;
                feed = world.restart(&mut random, &format!("epoch-{epochs}"), window);
                consumers.iter_mut().for_each(|consumer| consumer.attached = None);
            }
            _ => {}
        }
    }
    for consumer in &mut consumers {
        if consumer.attached.is_none() {
            consumer.connect(&feed);
        }
        while consumer.read(3) > 0 {}
        assert!(consumer.reader.synced && consumer.follower.synced());
        world.check(consumer);
    }
}

#[test]
fn whoever_reads_to_the_end_knows_the_last_state_and_every_proved_removal() {
    for seed in 0..3000 {
        let outcome = std::panic::catch_unwind(|| live(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
