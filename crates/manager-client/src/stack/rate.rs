//! So many calls per second, in the order in which they came.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::{Inner, layer_service};
use crate::call::{Answer, Call, CallError};
use crate::settings::RateSettings;

/// Gives each call the moment at which it may begin. (tower's own rate limit cannot be shared by clones.)
#[derive(Clone)]
pub(super) struct Pace {
    interval: Duration,
    credit: Duration,
    next: Arc<Mutex<Option<Instant>>>,
}

impl Pace {
    pub(super) fn new(settings: RateSettings) -> Self {
        let interval = Duration::from_secs(1) / settings.per_second.max(1);
        let credit = interval * (settings.burst.max(1) - 1);
        Self { interval, credit, next: Arc::default() }
    }

    fn reserve(&self) -> Instant {
        let now = Instant::now();
        let mut next = self.next.lock();
        // `next` runs ahead of the clock by up to the credit before anybody waits.
        let moment = next.map_or(now, |next| next.max(now));
        *next = Some(moment + self.interval);
        moment.checked_sub(self.credit).map_or(now, |due| due.max(now))
    }
}

/// The layer.
#[derive(Clone)]
pub(super) struct Rate<S> {
    pub(super) inner: S,
    pub(super) pace: Pace,
}

impl<S: Inner> Rate<S> {
    async fn pass(self, call: Call) -> Result<Answer, CallError> {
        let due = self.pace.reserve();
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
        self.inner.oneshot(call).await
    }
}

layer_service!(Rate);
