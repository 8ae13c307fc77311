//! The serving side, without a network.

mod model;
mod reader;
mod rules;
mod session;

use std::sync::Arc;

use messina_control_api::watch::v1 as wire;
use wire::ObjectKind;

use super::{Attached, Feed, FeedSettings, Subscription};
use crate::key::Key;

fn settings(epoch: &str) -> FeedSettings {
    FeedSettings::new("east", "kube-system-uid", epoch, Arc::new(|| jiff::Timestamp::UNIX_EPOCH))
}

/// A feed that has listed everything.
fn serving(settings: FeedSettings) -> Feed {
    let feed = Feed::new(settings);
    for kind in feed.missing_kinds() {
        feed.kind_synced(kind);
    }
    feed
}

fn cluster(name: &str) -> Key {
    Key::new(ObjectKind::ScyllaCluster, "prod", name)
}

fn object(key: &Key, uid: &str, generation: i64) -> wire::Object {
    let body = match key.kind {
        ObjectKind::Namespace => None,
        ObjectKind::Ring => Some(wire::object::Body::Ring(wire::Ring::default())),
        _ => Some(wire::object::Body::ScyllaCluster(wire::ScyllaCluster::default())),
    };
    wire::Object { key: Some(key.write()), uid: uid.into(), generation, deleting: false, body }
}

fn attach(feed: &Feed, resume: Option<wire::ResumeToken>) -> Attached {
    feed.attach(Subscription { name: "test".into(), resume, ..Subscription::default() }, "peer".into())
}

/// Everything that waits, in words.
fn read(attached: &Attached) -> Vec<String> {
    std::iter::from_fn(|| attached.subscriber.next()).map(|message| reader::in_words(&message)).collect()
}
