//! A reconciler whose passes a test holds in its hand: each one begins, is seen, and ends when told how.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use messina_fault::Fault;
use messina_reconcile::{Jitter, Loop, Next, Pass, Reconciler, Settings, Trigger};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub type Key = u8;

/// How the test ends a pass.
#[derive(Debug, Clone)]
pub enum Ending {
    Settled(Next),
    Applied(Next),
    Failed(Fault, Next),
    Panic(Step),
}

/// Where a pass panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Desired,
    Observe,
    Plan,
    Apply,
    Report,
}

/// What `report` was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub key: Key,
    pub desired: bool,
    pub observed: bool,
    pub changed: bool,
    pub reason: Option<&'static str>,
    pub cause: Option<String>,
}

#[derive(Default)]
struct Book {
    open: HashMap<Key, oneshot::Sender<Ending>>,
    begun: Vec<Key>,
    told: Vec<Told>,
}

/// The reconciler. `desired` waits for the test; its answer is carried through the other steps.
#[derive(Default)]
pub struct Desk {
    book: Mutex<Book>,
    pass: Notify,
}

impl Reconciler for Desk {
    type Key = Key;
    type Desired = Ending;
    type Observed = ();
    type Plan = ();

    async fn desired(&self, key: &Key) -> Result<Ending, Fault> {
        let (end, ended) = oneshot::channel();
        {
            let mut book = self.book.lock();
            book.begun.push(*key);
            assert!(book.open.insert(*key, end).is_none(), "key {key} runs twice at a time");
        }
        self.pass.notify_one();
        match ended.await.expect("the test ends every pass") {
            Ending::Panic(Step::Desired) => panic!("told to panic"),
            ending => Ok(ending),
        }
    }

    async fn observe(&self, _: &Key, desired: &Ending) -> Result<(), Fault> {
        match desired {
            Ending::Failed(fault, _) => Err(fault.clone()),
            Ending::Panic(Step::Observe) => panic!("told to panic"),
            _ => Ok(()),
        }
    }

    fn plan(&self, desired: &Ending, (): &()) -> Result<Option<()>, Fault> {
        match desired {
            Ending::Panic(Step::Plan) => panic!("told to panic"),
            Ending::Applied(_) | Ending::Panic(Step::Apply) => Ok(Some(())),
            _ => Ok(None),
        }
    }

    async fn apply(&self, _: &Key, desired: &Ending, (): ()) -> Result<(), Fault> {
        assert!(!matches!(desired, Ending::Panic(_)), "told to panic");
        Ok(())
    }

    async fn report(&self, key: &Key, pass: Pass<'_, Self>) -> Next {
        self.book.lock().told.push(Told {
            key: *key,
            desired: pass.desired.is_some(),
            observed: pass.observed.is_some(),
            changed: pass.changed,
            reason: pass.result.err().map(Fault::reason),
            cause: pass.cause.map(str::to_owned),
        });
        match pass.desired {
            Some(Ending::Settled(next) | Ending::Applied(next) | Ending::Failed(_, next)) => *next,
            Some(Ending::Panic(Step::Report)) => panic!("told to panic"),
            Some(Ending::Panic(_)) | None => Next::resync(),
        }
    }
}

/// A loop that runs, with the test as its world. Time is paused: [`World::pass_time`] lets everything run
/// until nothing more can happen, and then moves the clock.
pub struct World {
    pub desk: Arc<Desk>,
    pub trigger: Trigger<Key>,
    pub shutdown: CancellationToken,
    pub running: JoinHandle<()>,
}

pub const MS: Duration = Duration::from_millis(1);

pub fn settings() -> Settings {
    Settings { workers: 2, jitter: Jitter::none(), ..Settings::default() }
}

impl World {
    pub fn new(settings: Settings) -> Self {
        let desk = Arc::new(Desk::default());
        let shutdown = CancellationToken::new();
        let running = Loop::new(Arc::clone(&desk), settings);
        let trigger = running.handle();
        let running = tokio::spawn(running.run(shutdown.clone()));
        Self { desk, trigger, shutdown, running }
    }

    /// With paused time the clock moves only when every task waits, so this also lets all of them finish
    /// what they can do.
    pub async fn pass_time(&self, by: Duration) {
        tokio::time::sleep(by).await;
    }

    /// The keys whose passes began since the last call.
    pub async fn begun(&self) -> Vec<Key> {
        self.pass_time(MS).await;
        self.take_begun()
    }

    /// The same without letting time pass.
    pub fn take_begun(&self) -> Vec<Key> {
        std::mem::take(&mut self.desk.book.lock().begun)
    }

    /// Ends the running pass of a key.
    pub async fn end(&self, key: Key, ending: Ending) {
        self.release(key, ending);
        self.pass_time(MS).await;
    }

    /// The same without letting time pass.
    pub fn release(&self, key: Key, ending: Ending) {
        let pass = self.desk.book.lock().open.remove(&key);
        pass.expect("the key runs").send(ending).expect("the pass waits");
    }

    /// What the last finished pass was told.
    pub fn told(&self) -> Told {
        self.desk.book.lock().told.last().cloned().expect("a pass was reported")
    }

    /// How long from now until a pass of some key begins, which is a day at most.
    pub async fn pause(&self) -> Duration {
        let start = tokio::time::Instant::now();
        while self.take_begun().is_empty() {
            let day = Duration::from_secs(24 * 3_600);
            timeout(day, self.desk.pass.notified()).await.expect("no pass begins within a day");
        }
        start.elapsed()
    }
}

pub fn settled() -> Ending {
    Ending::Settled(Next::resync())
}

pub fn transient() -> Ending {
    Ending::Failed(Fault::transient("Down", "no answer"), Next::resync())
}

pub fn assert_near<T: Debug>(pause: Duration, expected: Duration, what: T) {
    // The end of the pass before, and the look whether the next one began, take a few ms of paused time.
    let late = pause.abs_diff(expected);
    assert!(late <= 5 * MS, "{what:?}: paused {pause:?}, expected {expected:?}");
}
