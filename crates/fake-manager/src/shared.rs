//! What all calls of one server share.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{calls::Calls, clock::Clock, error::ApiError, faults::Faults, persist::Durability, state::State};

/// The scheduler looks at the clock at least this often while it runs, in case somebody moved it from outside.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);

/// State, clock, faults and calls of one server.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    /// The clock.
    pub clock: Clock,
    /// The fault switches.
    pub faults: Faults,
    /// The calls so far.
    pub calls: Calls,
    latency: Mutex<Duration>,
    /// Wakes the scheduler.
    wake: Notify,
    revision: watch::Sender<u64>,
    durable: Option<watch::Receiver<Durability>>,
}

impl Shared {
    pub(crate) fn new(
        state: State,
        clock: Clock,
        latency: Duration,
        durable: Option<watch::Receiver<Durability>>,
    ) -> Self {
        let revision = watch::Sender::new(state.revision);
        Self {
            state: Mutex::new(state),
            clock,
            faults: Faults::default(),
            calls: Calls::default(),
            latency: Mutex::new(latency),
            wake: Notify::new(),
            revision,
            durable,
        }
    }

    /// Works on the state, brought up to the present.
    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let result = self.tick(work);
        self.wake.notify_one();
        result
    }

    /// The same without waking the scheduler, for the scheduler itself.
    fn tick<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let now = self.clock.now();
        state.advance(now);
        let result = work(&mut state);
        // What the work made due at once is part of it.
        state.advance(now);
        let revision = state.revision;
        drop(state);
        self.revision.send_if_modified(|known| std::mem::replace(known, revision) != revision);
        result
    }

    /// Looks at the state as it is, without bringing it up to the present.
    pub(crate) fn peek<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock())
    }

    /// How long slow calls take, on top of what the agents take.
    pub fn latency(&self) -> Duration {
        *self.latency.lock()
    }

    /// Changes how long slow calls take.
    pub fn set_latency(&self, latency: Duration) {
        *self.latency.lock() = latency;
    }

    /// Wakes the scheduler, because somebody moved the clock.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Waits until all that was done so far would survive a kill.
    ///
    /// # Errors
    /// 500 when it could not be written.
    pub(crate) async fn durable(&self) -> Result<(), ApiError> {
        let Some(mut durable) = self.durable.clone() else { return Ok(()) };
        let revision = self.peek(|state| state.revision);
        match durable.wait_for(|state| state.revision >= revision).await {
            Ok(state) if state.succeeded => Ok(()),
            _ => Err(ApiError::internal("gocql: write of the state file failed")),
        }
    }

    /// Plays what is due, when it is due, until told to end.
    pub(crate) async fn run_scheduler(&self, ended: CancellationToken) {
        loop {
            let next = self.tick(|state| if state.crashed { None } else { state.next_event() });
            let wait = next.filter(|_| !self.clock.is_stopped()).map(|at| {
                let wait = at.duration_since(self.clock.now());
                Duration::try_from(wait).unwrap_or(Duration::ZERO).min(LONGEST_SLEEP)
            });
            tokio::select! {
                () = ended.cancelled() => return,
                () = self.wake.notified() => {}
                // A millisecond at least, so that a source that stands still is not asked without pause.
                () = tokio::time::sleep(wait.unwrap_or(LONGEST_SLEEP).max(Duration::from_millis(1))) => {}
            }
        }
    }
}
