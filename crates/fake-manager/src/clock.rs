//! The clock: one that is given, moved or stopped by the control API.

use std::{fmt, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use crate::wire::time::after;

/// Where the time comes from.
pub type TimeSource = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that can be moved and stopped.
pub struct Clock {
    source: TimeSource,
    setting: Mutex<Setting>,
}

#[derive(Clone, Copy, Debug)]
enum Setting {
    Running { ahead: SignedDuration },
    Stopped { at: Timestamp },
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("setting", &*self.setting.lock()).finish_non_exhaustive()
    }
}

impl Clock {
    /// A clock that runs with its source.
    pub fn new(source: TimeSource) -> Self {
        Self { source, setting: Mutex::new(Setting::Running { ahead: SignedDuration::ZERO }) }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match *self.setting.lock() {
            Setting::Running { ahead } => (self.source)().checked_add(ahead).unwrap_or(Timestamp::MAX),
            Setting::Stopped { at } => at,
        }
    }

    /// Whether time stands still.
    pub fn is_stopped(&self) -> bool {
        matches!(*self.setting.lock(), Setting::Stopped { .. })
    }

    /// Stops the clock at a moment.
    pub fn set(&self, at: Timestamp) {
        *self.setting.lock() = Setting::Stopped { at };
    }

    /// Moves the clock forward; it goes on running, or stands still, as it did.
    pub fn advance(&self, by: Duration) {
        let mut setting = self.setting.lock();
        *setting = match *setting {
            Setting::Running { ahead } => Setting::Running {
                ahead: SignedDuration::try_from(by).map_or(ahead, |by| ahead.saturating_add(by)),
            },
            Setting::Stopped { at } => Setting::Stopped { at: after(at, by) },
        };
    }

    /// Lets the clock run with its source again.
    pub fn resume(&self) {
        *self.setting.lock() = Setting::Running { ahead: SignedDuration::ZERO };
    }
}
