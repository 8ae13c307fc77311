//! How a loop behaves in time.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Jitter;

/// Makes the span of a pass from its key and its cause (an opaque string, by agreement a W3C traceparent).
pub type MakeSpan = Arc<dyn Fn(&dyn Display, Option<&str>) -> tracing::Span + Send + Sync>;

/// How a loop behaves in time.
#[derive(Clone)]
pub struct Settings {
    /// How many keys may run at once; zero counts as one.
    pub workers: usize,
    /// Pause after a pass that settled, or whose input was rejected.
    pub resync: Duration,
    /// Upper bound of the pause after the first transient fault in a row; doubled with each further one.
    pub base_backoff: Duration,
    /// Upper bound of the pause after any number of transient faults.
    pub max_backoff: Duration,
    /// Pause after a pass that waits for somebody else.
    pub waiting: Duration,
    /// How long passes may go on after the shutdown.
    pub grace: Duration,
    /// Where the random parts of pauses come from.
    pub jitter: Jitter,
    /// Makes the span in which a whole pass runs.
    pub span: MakeSpan,
}

impl Default for Settings {
    /// Four workers, resync every 5 min, backoff from 500 ms to 60 s, a look every 30 s while waiting, 5 s of
    /// grace, real randomness.
    fn default() -> Self {
        Self {
            workers: 4,
            resync: Duration::from_secs(300),
            base_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(60),
            waiting: Duration::from_secs(30),
            grace: Duration::from_secs(5),
            jitter: Jitter::random(),
            span: Arc::new(|key, _| tracing::info_span!("reconcile", key = %key)),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workers, resync, base_backoff, max_backoff, waiting, grace, jitter, span: _ } = self;
        f.debug_struct("Settings")
            .field("workers", workers)
            .field("resync", resync)
            .field("base_backoff", base_backoff)
            .field("max_backoff", max_backoff)
            .field("waiting", waiting)
            .field("grace", grace)
            .field("jitter", jitter)
            .finish_non_exhaustive()
    }
}
