//! What this process remembers of each cluster. Nothing here decides what a cluster should be: all of it
//! may be lost at any time, at the price of one more read or one more event.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use messina_domain::identity::ClusterKey;
use messina_domain::manager::{ClusterBody, ManagerCluster};
use messina_domain::plan::registration::Observed;
use messina_fault::Fault;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::listing::Held;

/// The memory of all clusters.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<HashMap<ClusterKey, Entry>>);

#[derive(Default)]
struct Entry {
    /// Since when it has been meant to be registered and was not.
    wanted_since: Option<Instant>,
    written: Option<Written>,
    /// Lists have to begin at this moment or later.
    fresh_from: Option<Instant>,
    fault: Option<Fault>,
    /// Trace that the next pass goes on with.
    trace: Option<String>,
    action: Option<Action>,
}

/// Our last write to Manager that lists may not show yet.
struct Written {
    ended: Instant,
    /// What Manager holds since; nothing when the outcome is in doubt.
    holds: Option<ManagerCluster>,
}

/// The last thing that was done in Manager.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) at: Timestamp,
    pub(crate) what: String,
}

impl Ledger {
    fn change<R>(&self, key: &ClusterKey, change: impl FnOnce(&mut Entry) -> R) -> R {
        change(self.0.lock().entry(key.clone()).or_default())
    }

    fn read<R>(&self, key: &ClusterKey, read: impl FnOnce(&Entry) -> Option<R>) -> Option<R> {
        self.0.lock().get(key).and_then(read)
    }

    /// It is meant to be registered and is not.
    pub(crate) fn wanted(&self, key: &ClusterKey) {
        self.change(key, |entry| entry.wanted_since.get_or_insert_with(Instant::now).elapsed());
    }

    /// It is registered; answers how long that took, once.
    pub(crate) fn registered(&self, key: &ClusterKey) -> Option<Duration> {
        self.change(key, |entry| entry.wanted_since.take()).map(|since| since.elapsed())
    }

    /// A write was made. With `holds`, Manager is known to hold that; otherwise only a new list can tell.
    pub(crate) fn wrote(&self, key: &ClusterKey, holds: Option<&ClusterBody>) {
        let written = Written { ended: Instant::now(), holds: holds.map(as_held) };
        self.change(key, |entry| entry.written = Some(written));
    }

    /// The next look has to see what Manager holds from now on.
    pub(crate) fn refresh(&self, key: &ClusterKey) {
        self.change(key, |entry| entry.fresh_from = Some(Instant::now()));
    }

    /// When a list for this cluster must have begun at the earliest.
    pub(crate) fn not_before(&self, key: &ClusterKey) -> Option<Instant> {
        self.read(key, |entry| {
            let in_doubt = entry.written.as_ref().filter(|written| written.holds.is_none());
            entry.fresh_from.max(in_doubt.map(|written| written.ended))
        })
    }

    /// Puts our own last write on top of a list that began before it.
    pub(crate) fn overlay(&self, key: &ClusterKey, held: &Held, observed: &mut Observed) {
        self.change(key, |entry| match &entry.written {
            Some(written) if held.began >= written.ended => entry.written = None,
            Some(Written { holds: Some(holds), .. }) => observed.by_id = Some(holds.clone()),
            _ => {}
        });
    }

    /// What holds it up.
    pub(crate) fn fault(&self, key: &ClusterKey) -> Option<Fault> {
        self.read(key, |entry| entry.fault.clone())
    }

    /// Notes what holds it up; answers the reason that did before.
    pub(crate) fn held_up(&self, key: &ClusterKey, fault: Option<Fault>) -> Option<&'static str> {
        self.change(key, |entry| std::mem::replace(&mut entry.fault, fault)).map(|fault| fault.reason())
    }

    /// Notes what was done in Manager.
    pub(crate) fn did(&self, key: &ClusterKey, at: Timestamp, what: impl Into<String>) {
        let action = Action { at, what: what.into() };
        self.change(key, |entry| entry.action = Some(action));
    }

    /// The last thing that was done in Manager.
    pub(crate) fn action(&self, key: &ClusterKey) -> Option<Action> {
        self.read(key, |entry| entry.action.clone())
    }

    /// The next pass goes on with what this one began.
    pub(crate) fn hand_on(&self, key: &ClusterKey, trace: Option<String>) {
        self.change(key, |entry| entry.trace = trace);
    }

    /// The trace that this pass goes on with.
    pub(crate) fn take_trace(&self, key: &ClusterKey) -> Option<String> {
        self.0.lock().get_mut(key).and_then(|entry| entry.trace.take())
    }

    /// Neither the cluster nor its registration exists any more.
    pub(crate) fn forget(&self, key: &ClusterKey) {
        self.0.lock().remove(key);
    }
}

/// What Manager lists after it took a body.
fn as_held(body: &ClusterBody) -> ManagerCluster {
    ManagerCluster {
        id: body.id,
        name: body.name.clone(),
        host: body.host.clone(),
        port: 0,
        labels: body.labels.clone(),
        force_tls_disabled: true,
        force_non_ssl_session_port: true,
        token: Some(body.token.clone()),
    }
}
