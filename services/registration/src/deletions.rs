//! The brake on deregistrations, shared by all clusters.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use messina_domain::brake::{Brake, CLUSTERS, Verdict};
use messina_domain::identity::ClusterKey;
use messina_fault::Fault;
use parking_lot::Mutex;

/// For how long a deregistration counts.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The brake and what it let pass.
pub(crate) struct Deletions(Mutex<Inner>);

struct Inner {
    brake: Brake,
    /// When a cluster was deregistered, as long as that may count.
    done: BTreeMap<ClusterKey, Timestamp>,
}

/// What the brake says to one deregistration.
pub(crate) struct Answer {
    pub(crate) verdict: Result<(), Fault>,
    /// Whether this one pulled the brake.
    pub(crate) just_frozen: bool,
}

impl Deletions {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner { brake: Brake::new(CLUSTERS), done: BTreeMap::new() }))
    }

    /// A cluster is about to be deregistered, out of so many.
    pub(crate) fn ask(&self, key: &ClusterKey, fleet: usize, now: Timestamp) -> Answer {
        answer(&mut self.0.lock().brake, key, fleet, now)
    }

    /// What [`Deletions::ask`] would say; nothing is noted.
    pub(crate) fn would(&self, key: &ClusterKey, fleet: usize, now: Timestamp) -> Result<(), Fault> {
        answer(&mut self.0.lock().brake.clone(), key, fleet, now).verdict
    }

    /// A cluster was deregistered.
    pub(crate) fn done(&self, key: &ClusterKey, now: Timestamp) {
        let mut inner = self.0.lock();
        inner.done.retain(|_, done| now.duration_since(*done) < WINDOW);
        inner.done.insert(key.clone(), now);
        inner.brake.gone(&key.to_string());
    }

    /// A cluster is meant to stay. What it once asked for counts no more; but one that was deregistered a
    /// moment ago and is back already was deregistered all the same.
    pub(crate) fn stays(&self, key: &ClusterKey, now: Timestamp) {
        let mut inner = self.0.lock();
        let counts = inner.done.get(key).is_some_and(|done| now.duration_since(*done) < WINDOW);
        if !counts {
            inner.done.remove(key);
            inner.brake.withdraw(&key.to_string());
        }
    }

    /// Somebody has looked and confirmed; answers how many may go.
    pub(crate) fn confirm(&self, now: Timestamp) -> usize {
        self.0.lock().brake.confirm(now)
    }

    /// Whether all deregistration is frozen.
    pub(crate) fn frozen(&self) -> bool {
        self.0.lock().brake.frozen()
    }
}

fn answer(brake: &mut Brake, key: &ClusterKey, fleet: usize, now: Timestamp) -> Answer {
    let verdict = brake.ask(&key.to_string(), fleet, now);
    Answer {
        verdict: match verdict {
            Verdict::Pass => Ok(()),
            Verdict::Frozen | Verdict::JustFrozen => Err(brake.fault("clusters")),
        },
        just_frozen: verdict == Verdict::JustFrozen,
    }
}
