//! The brakes on deletions: of single tasks, and of the tasks of clusters that leave. Shared by all clusters.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use messina_domain::brake::{Brake, CLUSTERS, Limits, TASKS, Verdict};
use messina_fault::Fault;
use parking_lot::Mutex;

/// After so long without asking, an object no longer wants to be deleted, or is gone.
const FORGET: SignedDuration = SignedDuration::from_mins(5);

/// The brakes of this process.
pub(crate) struct Brakes {
    /// Asked for each task that goes on its own.
    pub(crate) tasks: DeletionBrake,
    /// Asked for each cluster whose tasks go with it: they go first, so registration's own brake comes too late when
    /// somebody deletes its objects by hand.
    pub(crate) clusters: DeletionBrake,
}

impl Brakes {
    pub(crate) fn new() -> Self {
        Self { tasks: DeletionBrake::new(TASKS, "tasks"), clusters: DeletionBrake::new(CLUSTERS, "clusters") }
    }

    /// A person has confirmed; answers how many deletions go on.
    pub(crate) fn confirm(&self, now: Timestamp) -> usize {
        self.tasks.confirm(now) + self.clusters.confirm(now)
    }

    /// Whether any deletion is frozen.
    pub(crate) fn frozen(&self) -> bool {
        self.tasks.frozen() || self.clusters.frozen()
    }
}

/// One brake.
pub(crate) struct DeletionBrake {
    inner: Mutex<Inner>,
    what: &'static str,
}

struct Inner {
    brake: Brake,
    asked: BTreeMap<String, Timestamp>,
}

impl DeletionBrake {
    fn new(limits: Limits, what: &'static str) -> Self {
        Self { inner: Mutex::new(Inner { brake: Brake::new(limits), asked: BTreeMap::new() }), what }
    }

    /// One object asks to be deleted, out of that many.
    ///
    /// # Errors
    /// `Waiting(DeletionFrozen)`.
    pub(crate) fn ask(&self, key: &str, fleet: usize, now: Timestamp) -> Result<(), Fault> {
        let mut inner = self.inner.lock();
        inner.forget(now);
        inner.asked.insert(key.to_owned(), now);
        match inner.brake.ask(key, fleet, now) {
            Verdict::Pass => Ok(()),
            Verdict::JustFrozen => {
                let fault = inner.brake.fault(self.what);
                tracing::error!(%fault, what = self.what, "too much would be deleted at once: all of it is frozen");
                Err(fault)
            }
            Verdict::Frozen => Err(inner.brake.fault(self.what)),
        }
    }

    /// An object is there and does not want to be deleted.
    pub(crate) fn withdraw(&self, key: &str) {
        let mut inner = self.inner.lock();
        if inner.asked.remove(key).is_some() {
            inner.brake.withdraw(key);
        }
    }

    fn confirm(&self, now: Timestamp) -> usize {
        self.inner.lock().brake.confirm(now)
    }

    fn frozen(&self) -> bool {
        self.inner.lock().brake.frozen()
    }
}

impl Inner {
    /// Confirmations do not outlive their object; what still waits asks again with every look.
    fn forget(&mut self, now: Timestamp) {
        if self.brake.frozen() {
            return;
        }
        let old = |asked: &Timestamp| now.duration_since(*asked) > FORGET;
        for key in self.asked.extract_if(.., |_, asked| old(asked)).map(|(key, _)| key) {
            self.brake.withdraw(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn the_eleventh_of_fifty_freezes_and_a_confirmation_thaws() {
        let brake = DeletionBrake::new(TASKS, "tasks");
        for n in 0..10 {
            assert!(brake.ask(&format!("t{n}"), 50, at(n)).is_ok(), "{n}");
        }
        assert!(brake.ask("t10", 50, at(11)).unwrap_err().to_string().contains("11 tasks"));
        assert!(brake.ask("t0", 50, at(500)).is_err() && brake.frozen());
        assert_eq!(brake.confirm(at(500)), 11);
        assert!(brake.ask("t0", 50, at(501)).is_ok());
    }

    #[test]
    fn a_confirmation_does_not_outlive_its_object() {
        let brake = DeletionBrake::new(TASKS, "tasks");
        for n in 0..11 {
            brake.ask(&format!("t{n}"), 50, at(0)).ok();
        }
        brake.confirm(at(0));
        for n in 0..11 {
            assert!(brake.ask(&format!("t{n}"), 50, at(1)).is_ok());
        }
        // Ten minutes later objects of the same names are a new question.
        let verdicts: Vec<_> = (0..11).map(|n| brake.ask(&format!("t{n}"), 50, at(600)).is_ok()).collect();
        assert_eq!(verdicts.iter().filter(|passed| **passed).count(), 10);
    }
}
