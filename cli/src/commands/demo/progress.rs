//! How far the demo has come: a table that is redrawn on a terminal, a line for each step elsewhere.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use terminal_size::{Height, Width};

use crate::commands::status::Fleet;
use crate::output::{Format, Style};

/// Writes to standard error, so that standard output holds results only.
pub struct Progress {
    moving: bool,
    last: String,
    /// Lines above the one that the cursor is in.
    above: usize,
}

/// Characters of the bar.
const WIDTH: usize = 30;

impl Progress {
    /// A bar on a terminal, lines elsewhere; nothing that moves beside output for programs.
    pub fn new(output: Format) -> Self {
        let moving = std::io::stderr().is_terminal() && matches!(output, Format::Table | Format::Wide);
        Self { moving, last: String::new(), above: 0 }
    }

    /// A step has begun.
    pub fn say(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        let mut out = std::io::stderr().lock();
        // Nobody is left to tell when standard error is gone.
        let _ = match self.moving {
            true => write!(out, "{}{NO_WRAP}{text}{WRAP}", erase(self.above)),
            false => writeln!(out, "{text}"),
        };
        let _ = out.flush();
        self.above = text.matches('\n').count();
    }

    /// The fleet has come so far.
    pub fn fleet(&mut self, fleet: &Fleet, clusters: usize, tasks: usize, now: Timestamp) {
        let registered = fleet.clusters.iter().filter(|cluster| cluster.registered).count();
        let synced = fleet.tasks.iter().filter(|task| task.synced).count();
        let numbers = format!("{registered}/{clusters} clusters registered, {synced}/{tasks} tasks synced");
        if !self.moving {
            return self.say(&numbers);
        }
        let rows = terminal_size::terminal_size_of(std::io::stderr())
            .map_or(0, |(Width(_), Height(rows))| usize::from(rows));
        let table = if fleet.clusters.is_empty() { String::new() } else { fitting(fleet, rows, now) };
        self.say(&format!("{table}{} {numbers}", bar(registered + synced, clusters + tasks)));
    }

    /// Nothing more is to come.
    pub fn done(&mut self) {
        if self.moving {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{}", erase(self.above)).and_then(|()| err.flush());
        }
    }
}

/// A line that is too long would take two rows, and the rows above could no longer be counted.
const NO_WRAP: &str = "\u{1b}[?7l";
const WRAP: &str = "\u{1b}[?7h";

/// Takes back the line of the cursor and so many above it.
fn erase(above: usize) -> String {
    let up = if above == 0 { String::new() } else { format!("\u{1b}[{above}A") };
    format!("\r{up}\u{1b}[J")
}

/// As much of the fleet as a terminal of so many rows can show above one more line: all, the clusters, nothing.
fn fitting(fleet: &Fleet, rows: usize, now: Timestamp) -> String {
    let style = Style::detect();
    let fits = |text: &String| text.lines().count() + 1 < rows;
    let all = Some(fleet.text(false, style, now)).filter(fits);
    all.or_else(|| Some(fleet.cluster_table(false, style)).filter(fits)).unwrap_or_default()
}

fn bar(done: usize, all: usize) -> String {
    let full = (done * WIDTH).checked_div(all).unwrap_or_default().min(WIDTH);
    format!("[{}{}]", "#".repeat(full), ".".repeat(WIDTH - full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::view::{ClusterView, ReasonView};

    #[test]
    fn what_is_drawn_fits_the_terminal() {
        let cluster = |number: usize| ClusterView {
            cluster: format!("east/prod/c{number}"),
            registered: false,
            excluded: false,
            cluster_id: String::new(),
            held_up: Some(ReasonView {
                class: "waiting".into(),
                reason: "TokenSecretMissing".into(),
                message: "the Secret does not exist".into(),
                hint: "create it".into(),
            }),
        };
        let fleet = Fleet { clusters: (0..4).map(cluster).collect(), tasks: Vec::new() };
        let drawn = |rows| fitting(&fleet, rows, Timestamp::UNIX_EPOCH).lines().count();
        // A heading and four clusters; an empty line and two lines of trouble for each.
        assert_eq!((drawn(16), drawn(15), drawn(7), drawn(6), drawn(0)), (14, 5, 5, 0, 0));
    }

    #[test]
    fn what_was_drawn_is_taken_back() {
        assert_eq!(erase(0), "\r\u{1b}[J");
        assert_eq!(erase(3), "\r\u{1b}[3A\u{1b}[J");
    }

    #[test]
    fn a_bar_is_full_at_the_end_and_never_overflows() {
        assert_eq!(bar(0, 10), format!("[{}]", ".".repeat(WIDTH)));
        assert_eq!(bar(10, 10), format!("[{}]", "#".repeat(WIDTH)));
        assert_eq!(bar(12, 10), bar(10, 10));
        assert_eq!(bar(0, 0), bar(0, 10));
    }
}
