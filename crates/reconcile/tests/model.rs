//! Random interleavings of triggers, passes and time, compared step by step with a model that is too simple
//! to be wrong in the same way: a list of wishes, searched from the front.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod desk;

use std::collections::BTreeMap;
use std::time::Duration;

use desk::{Ending, Key, World};
use messina_fault::Fault;
use messina_reconcile::{Jitter, Next, Settings};
use proptest::prelude::*;

const WORKERS: usize = 2;
/// Actions happen at multiples of a tick, and every pause ends a little before one, so that nothing happens
/// at the same moment as an action. All times are in milliseconds.
const TICK: u64 = 100;
const RESYNC: u64 = 400 * TICK - 1;
const WAITING: u64 = 90 * TICK - 1;
const BASE: u64 = 10 * TICK - 1;
const MAX: u64 = 160 * TICK - 1;

#[derive(Debug, Clone)]
enum Action {
    Now(Key),
    After(Key, u64),
    Forget(Key),
    /// Ends the n-th of the running passes, if any runs.
    End(usize, Outcome),
    Pass(u64),
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Settled,
    SettledFor(u64),
    Forget,
    Transient,
    TransientFor(u64),
    Waiting,
    Rejected,
}

#[derive(Default)]
struct Model {
    now: u64,
    /// When each wanted, idle key is due, in the order in which the wishes were made.
    wishes: Vec<(Key, u64)>,
    /// Keys in the order in which they became due.
    line: Vec<Key>,
    running: BTreeMap<Key, During>,
    failures: BTreeMap<Key, u32>,
    begun: Vec<Key>,
}

#[derive(Default, Clone, Copy)]
struct During {
    again: bool,
    by: Option<u64>,
    forget: bool,
}

impl Model {
    fn act(&mut self, action: &Action) {
        match *action {
            Action::Now(key) => match self.running.get_mut(&key) {
                Some(during) => *during = During { again: true, forget: false, ..*during },
                None if self.line.contains(&key) => {}
                None => {
                    self.wishes.retain(|(other, _)| *other != key);
                    self.line.push(key);
                }
            },
            Action::After(key, pause) => self.after(key, self.now + pause),
            Action::Forget(key) => match self.running.get_mut(&key) {
                Some(during) => *during = During { forget: true, again: false, by: None },
                None => {
                    self.line.retain(|other| *other != key);
                    self.wishes.retain(|(other, _)| *other != key);
                    self.failures.remove(&key);
                }
            },
            Action::End(nth, outcome) => {
                if let Some(key) = self.nth_running(nth) {
                    self.end(key, outcome);
                }
            }
            Action::Pass(_) => {}
        }
        self.start();
    }

    fn after(&mut self, key: Key, by: u64) {
        if let Some(during) = self.running.get_mut(&key) {
            let by = during.by.map_or(by, |earlier| earlier.min(by));
            *during = During { by: Some(by), forget: false, ..*during };
        } else if !self.line.contains(&key) {
            match self.wishes.iter().find(|(other, _)| *other == key) {
                Some((_, due)) if *due <= by => {}
                _ => self.wish(key, by),
            }
        }
    }

    fn wish(&mut self, key: Key, due: u64) {
        self.wishes.retain(|(other, _)| *other != key);
        self.wishes.push((key, due));
    }

    fn nth_running(&self, nth: usize) -> Option<Key> {
        let running: Vec<_> = self.running.keys().copied().collect();
        (!running.is_empty()).then(|| running[nth % running.len()])
    }

    fn end(&mut self, key: Key, outcome: Outcome) {
        let during = self.running.remove(&key).expect("runs");
        let failed = self.failures.get(&key).copied().unwrap_or(0);
        let backoff = (BASE << failed.min(10)).min(MAX);
        let pause = match outcome {
            Outcome::Settled | Outcome::Rejected => Some(RESYNC),
            Outcome::SettledFor(pause) => Some(pause),
            Outcome::Waiting => Some(WAITING),
            Outcome::Transient => Some(backoff),
            Outcome::TransientFor(least) => Some(backoff.max(least)),
            Outcome::Forget => None,
        };
        let failed = match outcome {
            Outcome::Transient | Outcome::TransientFor(_) => failed + 1,
            _ => 0,
        };
        let due = pause.filter(|_| !during.forget).map(|pause| self.now + pause);
        let due = [due, during.by].into_iter().flatten().min();
        if during.again {
            self.line.push(key);
        } else if let Some(due) = due {
            self.wish(key, due);
        } else {
            self.failures.remove(&key);
            return;
        }
        self.failures.insert(key, failed);
    }

    fn start(&mut self) {
        while self.running.len() < WORKERS && !self.line.is_empty() {
            let key = self.line.remove(0);
            self.running.insert(key, During::default());
            self.begun.push(key);
        }
    }

    /// Moves the clock; keys become due one after another.
    fn pass(&mut self, millis: u64) {
        self.now += millis;
        while let Some(due) = self.wishes.iter().map(|(_, due)| *due).min().filter(|due| *due <= self.now) {
            let first = self.wishes.iter().position(|(_, other)| *other == due).expect("the minimum");
            let (key, _) = self.wishes.remove(first);
            self.line.push(key);
            self.start();
        }
    }
}

fn ending(outcome: Outcome) -> Ending {
    let failed = |fault| Ending::Failed(fault, Next::resync());
    match outcome {
        Outcome::Settled => Ending::Settled(Next::resync()),
        Outcome::SettledFor(pause) => Ending::Applied(Next::after(Duration::from_millis(pause))),
        Outcome::Forget => Ending::Settled(Next::forget()),
        Outcome::Transient => failed(Fault::transient("Down", "down")),
        Outcome::TransientFor(least) => {
            failed(Fault::transient("Busy", "busy").after(Duration::from_millis(least)))
        }
        Outcome::Waiting => failed(Fault::waiting("Absent", "absent")),
        Outcome::Rejected => failed(Fault::rejected("Bad", "bad")),
    }
}

/// A pause of up to so many ticks.
fn pause(ticks: u64) -> impl Strategy<Value = u64> {
    (1..ticks).prop_map(|ticks| ticks * TICK - 1)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Settled),
        2 => pause(60).prop_map(Outcome::SettledFor),
        1 => Just(Outcome::Forget),
        3 => Just(Outcome::Transient),
        1 => pause(60).prop_map(Outcome::TransientFor),
        1 => Just(Outcome::Waiting),
        1 => Just(Outcome::Rejected),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let key = || 0_u8..5;
    prop_oneof![
        5 => key().prop_map(Action::Now),
        2 => (key(), pause(80)).prop_map(|(key, pause)| Action::After(key, pause)),
        1 => key().prop_map(Action::Forget),
        6 => (0_usize..WORKERS, outcome()).prop_map(|(nth, outcome)| Action::End(nth, outcome)),
        3 => (1_u64..120).prop_map(|ticks| Action::Pass(ticks * TICK)),
    ]
}

async fn compare(actions: Vec<Action>) {
    let millis = Duration::from_millis;
    let settings = Settings {
        workers: WORKERS,
        resync: millis(RESYNC),
        waiting: millis(WAITING),
        base_backoff: millis(BASE),
        max_backoff: millis(MAX),
        jitter: Jitter::none(),
        ..Settings::default()
    };
    let world = World::new(settings);
    let mut model = Model::default();
    for (step, action) in actions.iter().enumerate() {
        match action {
            Action::Now(key) => world.trigger.now(*key, None),
            Action::After(key, pause) => world.trigger.after(*key, millis(*pause)),
            Action::Forget(key) => world.trigger.forget(key),
            Action::End(nth, outcome) => {
                if let Some(key) = model.nth_running(*nth) {
                    world.release(key, ending(*outcome));
                }
            }
            Action::Pass(_) => {}
        }
        model.act(action);
        let pause = if let Action::Pass(pause) = action { *pause } else { TICK };
        model.pass(pause);
        world.pass_time(millis(pause)).await;
        assert_eq!(world.take_begun(), std::mem::take(&mut model.begun), "step {step}: {action:?}");
        let stats = world.trigger.stats();
        let expected = (model.line.len(), model.running.len(), model.wishes.len());
        assert_eq!((stats.queued, stats.running, stats.waiting), expected, "step {step}: {action:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_loop_does_what_the_model_does(actions in proptest::collection::vec(action(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(compare(actions));
    }
}
