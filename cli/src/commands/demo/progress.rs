//! How far the demo has come: one line that moves on a terminal, a line for each step elsewhere.

use std::io::{IsTerminal, Write};

use crate::commands::status::Fleet;
use crate::output::Format;

/// Writes to standard error, so that standard output holds results only.
pub struct Progress {
    moving: bool,
    last: String,
}

/// Characters of the bar.
const WIDTH: usize = 30;

impl Progress {
    /// A bar on a terminal, lines elsewhere; nothing that moves beside output for programs.
    pub fn new(output: Format) -> Self {
        let moving = std::io::stderr().is_terminal() && matches!(output, Format::Table | Format::Wide);
        Self { moving, last: String::new() }
    }

    /// A step has begun.
    pub fn say(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        let mut out = std::io::stderr().lock();
        // Nobody is left to tell when standard error is gone.
        let _ = if self.moving { write!(out, "\r\u{1b}[K{text}") } else { writeln!(out, "{text}") };
        let _ = out.flush();
    }

    /// The fleet has come so far.
    pub fn fleet(&mut self, fleet: &Fleet, clusters: usize, tasks: usize) {
        let registered = fleet.clusters.iter().filter(|cluster| cluster.registered).count();
        let synced = fleet.tasks.iter().filter(|task| task.synced).count();
        let bar = if self.moving { bar(registered + synced, clusters + tasks) + " " } else { String::new() };
        self.say(&format!("{bar}{registered}/{clusters} clusters registered, {synced}/{tasks} tasks synced"));
    }

    /// Nothing more is to come.
    pub fn done(&mut self) {
        if self.moving {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\u{1b}[K").and_then(|()| err.flush());
        }
    }
}

fn bar(done: usize, all: usize) -> String {
    let full = (done * WIDTH).checked_div(all).unwrap_or_default().min(WIDTH);
    format!("[{}{}]", "#".repeat(full), ".".repeat(WIDTH - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_the_end_and_never_overflows() {
        assert_eq!(bar(0, 10), format!("[{}]", ".".repeat(WIDTH)));
        assert_eq!(bar(10, 10), format!("[{}]", "#".repeat(WIDTH)));
        assert_eq!(bar(12, 10), bar(10, 10));
        assert_eq!(bar(0, 0), bar(0, 10));
    }
}
