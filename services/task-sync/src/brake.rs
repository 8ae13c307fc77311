//! The brake on deletions of single tasks, shared by all clusters.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use messina_domain::brake::{Brake, TASKS, Verdict};
use messina_fault::Fault;
use parking_lot::Mutex;

/// After so long without asking, an object no longer wants to be deleted, or is gone.
const FORGET: SignedDuration = SignedDuration::from_mins(5);

/// The brake of this process.
pub(crate) struct TaskBrake(Mutex<Inner>);

struct Inner {
    brake: Brake,
    asked: BTreeMap<String, Timestamp>,
}

impl TaskBrake {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner { brake: Brake::new(TASKS), asked: BTreeMap::new() }))
    }

    /// One object asks to be deleted, out of that many task objects.
    ///
    /// # Errors
    /// `Waiting(DeletionFrozen)`.
    pub(crate) fn ask(&self, key: &str, fleet: usize, now: Timestamp) -> Result<(), Fault> {
        let mut inner = self.0.lock();
        inner.forget(now);
        inner.asked.insert(key.to_owned(), now);
        match inner.brake.ask(key, fleet, now) {
            Verdict::Pass => Ok(()),
            Verdict::JustFrozen => {
                let fault = inner.brake.fault("tasks");
                tracing::error!(%fault, "too many tasks would be deleted: all deletion of tasks is frozen");
                Err(fault)
            }
            Verdict::Frozen => Err(inner.brake.fault("tasks")),
        }
    }

    /// An object is there and does not want to be deleted.
    pub(crate) fn withdraw(&self, key: &str) {
        let mut inner = self.0.lock();
        if inner.asked.remove(key).is_some() {
            inner.brake.withdraw(key);
        }
    }

    /// A person has confirmed; answers how many deletions go on.
    pub(crate) fn confirm(&self) -> usize {
        self.0.lock().brake.confirm()
    }

    /// Whether deletion is frozen.
    pub(crate) fn frozen(&self) -> bool {
        self.0.lock().brake.frozen()
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
        let brake = TaskBrake::new();
        for n in 0..10 {
            assert!(brake.ask(&format!("t{n}"), 50, at(n)).is_ok(), "{n}");
        }
        assert!(brake.ask("t10", 50, at(11)).unwrap_err().to_string().contains("11 tasks"));
        assert!(brake.ask("t0", 50, at(500)).is_err() && brake.frozen());
        assert_eq!(brake.confirm(), 11);
        assert!(brake.ask("t0", 50, at(501)).is_ok());
    }

    #[test]
    fn a_confirmation_does_not_outlive_its_object() {
        let brake = TaskBrake::new();
        for n in 0..11 {
            brake.ask(&format!("t{n}"), 50, at(0)).ok();
        }
        brake.confirm();
        for n in 0..11 {
            assert!(brake.ask(&format!("t{n}"), 50, at(1)).is_ok());
        }
        // Ten minutes later objects of the same names are a new question.
        let verdicts: Vec<_> = (0..11).map(|n| brake.ask(&format!("t{n}"), 50, at(600)).is_ok()).collect();
        assert_eq!(verdicts.iter().filter(|passed| **passed).count(), 10);
    }
}
