//! The loop itself: starts passes, waits for whatever comes first, schedules the next look.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use messina_fault::Fault;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::backoff::cap;
use crate::pass::{self, Ended};
use crate::queue::Outcome;
use crate::reconciler::{Next, Reconciler};
use crate::settings::Settings;
use crate::trigger::{Trigger, deadline};

/// A reconciler with its queue. See the crate's documentation for what it guarantees.
pub struct Loop<R: Reconciler> {
    reconciler: Arc<R>,
    settings: Settings,
    trigger: Trigger<R::Key>,
    passes: JoinSet<Ended>,
    /// Which key each running pass belongs to.
    keys: HashMap<Id, R::Key>,
}

impl<R: Reconciler> Loop<R> {
    /// A loop that does not run yet; triggers are already collected.
    pub fn new(reconciler: Arc<R>, settings: Settings) -> Self {
        Self { reconciler, settings, trigger: Trigger::new(), passes: JoinSet::new(), keys: HashMap::new() }
    }

    /// The handle that wakes keys of this loop.
    pub fn handle(&self) -> Trigger<R::Key> {
        self.trigger.clone()
    }

    /// Runs until the shutdown, and then until the running passes ended or their grace is over.
    pub async fn run(mut self, shutdown: CancellationToken) {
        // Dropped with the loop however it ends, so that triggers of a dead loop do not pile up.
        let _closing = Closing(self.trigger.clone());
        while !shutdown.is_cancelled() {
            let alarm = self.start_what_is_due();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {}
                Some(ended) = self.passes.join_next_with_id() => self.finish(ended),
                () = self.trigger.shared.changed.notified() => {}
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => {}
            }
        }
        self.drain().await;
    }

    /// Starts passes as long as keys are due and workers free; answers when the next key will be due.
    fn start_what_is_due(&mut self) -> Option<Instant> {
        let mut queue = self.trigger.shared.queue.lock();
        queue.wake(Instant::now());
        while self.passes.len() < self.settings.workers.max(1)
            && let Some((key, cause)) = queue.start()
        {
            let span = (self.settings.span)(&key, cause.as_deref());
            let (reconciler, of) = (Arc::clone(&self.reconciler), key.clone());
            let pass = async move { pass::run(&*reconciler, &of, cause.as_deref()).await };
            let task = self.passes.spawn(pass.instrument(span));
            self.keys.insert(task.id(), key);
        }
        queue.next_alarm()
    }

    fn finish(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, Ended { result, next }) = ended.unwrap_or_else(|error| (error.id(), lost(error)));
        let Some(key) = self.keys.remove(&id) else { return };
        let mut queue = self.trigger.shared.queue.lock();
        let pause = pause(&mut self.settings, &result, next, queue.failures(&key));
        let outcome = match result {
            Ok(()) => Outcome::Settled,
            Err(Fault::Transient(_)) => Outcome::Transient,
            Err(Fault::Waiting(_)) => Outcome::Waiting,
            Err(Fault::Rejected(_)) => Outcome::Rejected,
        };
        queue.finish(key, outcome, (!next.forget).then(|| deadline(pause)));
    }

    async fn drain(mut self) {
        let end = deadline(self.settings.grace);
        while let Ok(Some(ended)) = timeout_at(end, self.passes.join_next_with_id()).await {
            self.finish(ended);
        }
        for key in self.keys.values() {
            tracing::warn!(%key, "pass dropped: it did not end within the grace of the shutdown");
        }
    }
}

/// How long to sleep after a pass, when nobody triggers the key before.
fn pause(settings: &mut Settings, result: &Result<(), Fault>, next: Next, failures: u32) -> Duration {
    let Settings { resync, waiting, base_backoff, max_backoff, jitter, .. } = settings;
    let pause = match (result, next.after) {
        (Err(Fault::Transient(_)), _) => jitter.full(cap(*base_backoff, *max_backoff, failures)),
        (_, Some(exactly)) => exactly,
        (Ok(()) | Err(Fault::Rejected(_)), None) => jitter.tenth(*resync),
        (Err(Fault::Waiting(_)), None) => jitter.tenth(*waiting),
    };
    let least = result.as_ref().err().and_then(|fault| fault.detail().retry_after);
    pause.max(least.unwrap_or_default())
}

/// What stands for a pass whose task is gone. Steps catch their own panics, so that only a destructor
/// that panics leads here.
fn lost(error: JoinError) -> Ended {
    let fault = match error.try_into_panic() {
        Ok(panic) => pass::panicked(panic.as_ref()),
        Err(error) => Fault::transient("Panicked", error.to_string()),
    };
    tracing::error!(%fault, "pass lost");
    Ended { result: Err(fault), next: Next::default() }
}

/// Closes the queue when the loop ends.
struct Closing<K: Clone + Eq + std::hash::Hash>(Trigger<K>);

impl<K: Clone + Eq + std::hash::Hash> Drop for Closing<K> {
    fn drop(&mut self) {
        self.0.shared.queue.lock().close();
    }
}
