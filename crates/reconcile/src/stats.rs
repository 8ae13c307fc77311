//! What a loop is doing, in numbers for metrics.

use std::time::Duration;

/// What a loop is doing at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys that are due and wait for a worker.
    pub queued: usize,
    /// Keys in a pass.
    pub running: usize,
    /// Keys that sleep until their next look: settled, backing off or waiting.
    pub waiting: usize,
    /// Passes since the start.
    pub passes: Passes,
    /// For how long the key at the front of the queue has been due. `None` when nothing is queued.
    pub oldest_queued_age: Option<Duration>,
}

/// Finished passes since the start, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passes {
    /// Nothing left to do, or a plan applied without a fault.
    pub settled: u64,
    /// Ended in `Fault::Transient`, panics included.
    pub transient: u64,
    /// Ended in `Fault::Waiting`.
    pub waiting: u64,
    /// Ended in `Fault::Rejected`.
    pub rejected: u64,
}

impl Passes {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_class().iter().map(|(_, count)| count).sum()
    }

    /// The counters with the label value of each: `settled`, or the class of the fault.
    pub fn by_class(&self) -> [(&'static str, u64); 4] {
        let Self { settled, transient, waiting, rejected } = *self;
        [("settled", settled), ("transient", transient), ("waiting", waiting), ("rejected", rejected)]
    }
}
