//! How a client behaves.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::observer::CallObserver;

/// Tells the time of day, for messages that say since when Manager does not answer.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives the W3C `traceparent` of the current span, when it is traced.
pub type Traceparent = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// How a client behaves. [`Settings::new`] gives what suits one Manager with hundreds of clusters.
#[derive(Clone)]
pub struct Settings {
    /// Where Manager listens, `http://host:5080` or with a path of its own; `/api/v1` is added when there
    /// is no path.
    pub url: String,
    /// What to call this Manager in messages, when there are several.
    pub manager_name: Option<String>,
    /// How long a read may take, 10 s.
    pub read_timeout: Duration,
    /// How long a write (or a target) may take, 90 s: Manager asks the agents of all nodes meanwhile.
    pub write_timeout: Duration,
    /// How many calls run at once, 16; zero counts as one. Writes to one cluster always run one by one.
    pub concurrency: usize,
    /// How many calls begin per second.
    pub rate: RateSettings,
    /// When to stop calling.
    pub breaker: BreakerSettings,
    /// Gives the trace context to send along.
    pub traceparent: Option<Traceparent>,
    /// Is told about every call.
    pub observer: Option<Arc<dyn CallObserver>>,
    /// The time of day.
    pub now: WallClock,
}

impl Settings {
    /// The defaults.
    pub fn new(url: impl Into<String>, now: WallClock) -> Self {
        Self {
            url: url.into(),
            manager_name: None,
            read_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(90),
            concurrency: 16,
            rate: RateSettings::default(),
            breaker: BreakerSettings::default(),
            traceparent: None,
            observer: None,
            now,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("url", &self.url)
            .field("manager_name", &self.manager_name)
            .field("read_timeout", &self.read_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("concurrency", &self.concurrency)
            .field("rate", &self.rate)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}

/// How many calls begin per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSettings {
    /// In the long run, 200; zero counts as one.
    pub per_second: u32,
    /// At once after a pause, 200; zero counts as one.
    pub burst: u32,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self { per_second: 200, burst: 200 }
    }
}

/// When to stop calling a Manager that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Calls without an answer in a row, 5; zero counts as one.
    pub failures: u32,
    /// Pause before the first probe, 1 s; doubled after every failed one.
    pub first_pause: Duration,
    /// Longest pause between probes, 30 s.
    pub longest_pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, first_pause: Duration::from_secs(1), longest_pause: Duration::from_secs(30) }
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {remedy}")]
pub struct ConfigError {
    /// What is wrong.
    pub problem: String,
    /// The way out, as an instruction.
    pub remedy: String,
}

impl ConfigError {
    pub(crate) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }
}
