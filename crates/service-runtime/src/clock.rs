//! Wall-clock time as a value that is handed around, so that tests and the simulation can set it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Tells the time of day. Cheap to clone. For waiting use tokio's clock instead.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The clock of the machine.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// Always the same time.
    pub fn fixed(time: Timestamp) -> Self {
        Self(Arc::new(move || time))
    }

    /// Stands still until its [`Hands`] are moved.
    pub fn manual(start: Timestamp) -> (Self, Hands) {
        let hands = Hands(Arc::new(Mutex::new(start)));
        let read = hands.clone();
        (Self(Arc::new(move || *read.0.lock())), hands)
    }

    /// Starts at `start` now and goes with tokio's clock, so that paused and simulated time carry it along.
    pub fn with_tokio(start: Timestamp) -> Self {
        let begin = Instant::now();
        Self(Arc::new(move || later(start, begin.elapsed())))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// Moves a [`Clock::manual`].
#[derive(Debug, Clone)]
pub struct Hands(Arc<Mutex<Timestamp>>);

impl Hands {
    /// Forward by this much.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock();
        *time = later(*time, by);
    }

    /// To any time, also backwards, as clocks of machines sometimes go.
    pub fn set(&self, time: Timestamp) {
        *self.0.lock() = time;
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        assert_eq!((clock.now(), clock.now()), (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn hands_move_a_manual_clock_and_its_clones() {
        let (clock, hands) = Clock::manual(Timestamp::UNIX_EPOCH);
        let copy = clock.clone();
        hands.advance(Duration::from_secs(90));
        assert_eq!((clock.now().as_second(), copy.now().as_second()), (90, 90));
        hands.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now().as_second(), 0);
        hands.set(Timestamp::MAX);
        hands.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_with_tokio_follows_paused_time() {
        let clock = Clock::with_tokio(Timestamp::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(clock.now().as_second(), 3_600);
    }

    #[test]
    fn the_system_clock_is_later_than_this_code() {
        assert!(Clock::system().now() > "2025-01-01T00:00:00Z".parse().expect("a timestamp"));
    }
}
