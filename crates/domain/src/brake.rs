//! The brake on deletions: what many objects ask for at once is more likely a mistake than a wish.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use messina_fault::Fault;

use crate::names::reason;

/// How many deletions within a minute are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Share of the fleet, in percent.
    pub percent: usize,
    /// Number that is always believed, however small the fleet.
    pub at_least: usize,
}

/// Clusters: more than 5 % of the fleet and more than 3.
pub const CLUSTERS: Limits = Limits { percent: 5, at_least: 3 };
/// Tasks on their own (those that go with their cluster do not count): more than 20 % and more than 10.
pub const TASKS: Limits = Limits { percent: 20, at_least: 10 };

const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Counts the objects that asked to be deleted and freezes all deletion when they are too many.
#[derive(Debug, Clone)]
pub struct Brake {
    limits: Limits,
    asked: BTreeMap<String, Timestamp>,
    confirmed: BTreeSet<String>,
    open_until: Option<Timestamp>,
    frozen: bool,
}

/// What the brake says to one deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Frozen before this one asked.
    Frozen,
    /// This one was one too many: everything is frozen from now on.
    JustFrozen,
}

impl Brake {
    /// A brake that is not pulled.
    pub fn new(limits: Limits) -> Self {
        Self { limits, asked: BTreeMap::new(), confirmed: BTreeSet::new(), open_until: None, frozen: false }
    }

    /// One object asks to be deleted, out of a fleet of that size. Asking again counts once.
    pub fn ask(&mut self, key: &str, fleet: usize, now: Timestamp) -> Verdict {
        if self.confirmed.contains(key) {
            return Verdict::Pass;
        }
        if self.open_until.is_some_and(|end| now < end) {
            self.confirmed.insert(key.to_owned());
            return Verdict::Pass;
        }
        if self.frozen {
            self.asked.insert(key.to_owned(), now);
            return Verdict::Frozen;
        }
        self.asked.retain(|_, asked| now.duration_since(*asked) < WINDOW);
        self.asked.entry(key.to_owned()).or_insert(now);
        let count = self.asked.len();
        if count > self.limits.at_least && count * 100 > fleet * self.limits.percent {
            self.frozen = true;
            return Verdict::JustFrozen;
        }
        Verdict::Pass
    }

    /// An object no longer wants to be deleted.
    pub fn withdraw(&mut self, key: &str) {
        self.asked.remove(key);
        self.confirmed.remove(key);
    }

    /// An object is gone. That it went still counts for the rest of its minute; a confirmation does not outlive it.
    pub fn gone(&mut self, key: &str) {
        self.confirmed.remove(key);
    }

    /// A person has looked and confirmed: what asked so far may go, and what asks within the next minute. One wish
    /// passes several brakes, and the later ones have heard nothing of it yet. Answers how many asked so far.
    pub fn confirm(&mut self, now: Timestamp) -> usize {
        self.frozen = false;
        self.open_until = now.checked_add(WINDOW).ok();
        let count = self.asked.len();
        self.confirmed.extend(std::mem::take(&mut self.asked).into_keys());
        count
    }

    /// Whether deletion is frozen.
    pub fn frozen(&self) -> bool {
        self.frozen
    }

    /// The fault that a frozen deletion reports.
    pub fn fault(&self, what: &str) -> Fault {
        Fault::waiting(
            reason::DELETION_FROZEN,
            format!(
                "{} {what} asked to be deleted within a minute, more than {} % and more than {}: all deletion is frozen",
                self.asked.len(),
                self.limits.percent,
                self.limits.at_least
            ),
        )
        .hint("if this is what you want, run 'messina confirm-deletions'; if not, bring the objects back first")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn three_of_a_small_fleet_pass_and_the_fourth_freezes() {
        let mut brake = Brake::new(CLUSTERS);
        for key in ["a", "b", "c", "a", "b"] {
            assert_eq!(brake.ask(key, 12, at(0)), Verdict::Pass);
        }
        assert_eq!(brake.ask("d", 12, at(30)), Verdict::JustFrozen);
        assert_eq!(brake.ask("a", 12, at(500)), Verdict::Frozen, "a freeze does not thaw by itself");
    }

    #[test]
    fn five_percent_of_a_large_fleet_pass() {
        let mut brake = Brake::new(CLUSTERS);
        let verdicts: Vec<_> = (0..11).map(|n| brake.ask(&format!("c{n}"), 200, at(n))).collect();
        assert!(verdicts[..10].iter().all(|verdict| *verdict == Verdict::Pass));
        assert_eq!(verdicts[10], Verdict::JustFrozen);
    }

    #[test]
    fn a_confirmation_reaches_brakes_that_have_not_been_asked_yet() {
        let mut brake = Brake::new(CLUSTERS);
        assert_eq!(brake.confirm(at(0)), 0);
        let within: Vec<_> = (0..8).map(|n| brake.ask(&format!("c{n}"), 8, at(30))).collect();
        assert!(within.iter().all(|verdict| *verdict == Verdict::Pass));
        let after: Vec<_> = (8..12).map(|n| brake.ask(&format!("c{n}"), 8, at(90))).collect();
        assert_eq!(after[3], Verdict::JustFrozen);
    }

    #[test]
    fn one_deletion_after_another_counts_although_each_is_over() {
        let mut brake = Brake::new(CLUSTERS);
        let verdicts: Vec<_> = (0..5)
            .map(|n| {
                let verdict = brake.ask(&format!("c{n}"), 12, at(n));
                brake.gone(&format!("c{n}"));
                verdict
            })
            .collect();
        assert_eq!(verdicts[3], Verdict::JustFrozen);
    }

    #[test]
    fn deletions_spread_over_time_pass() {
        let mut brake = Brake::new(CLUSTERS);
        for n in 0..50 {
            assert_eq!(brake.ask(&format!("c{n}"), 50, at(n * 21)), Verdict::Pass, "{n}");
        }
    }

    #[test]
    fn a_confirmation_lets_what_asked_pass() {
        let mut brake = Brake::new(CLUSTERS);
        for n in 0..6 {
            brake.ask(&format!("c{n}"), 6, at(0));
        }
        assert_eq!(brake.confirm(at(1)), 6);
        assert!(!brake.frozen());
        for n in 0..6 {
            assert_eq!(brake.ask(&format!("c{n}"), 6, at(500)), Verdict::Pass, "confirmed once is confirmed");
        }
    }
}
