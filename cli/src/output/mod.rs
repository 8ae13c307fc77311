//! What the commands print: the same values as a table for people and as JSON or YAML for programs.

mod style;
mod table;
pub mod view;

use std::io::{self, Write};

use clap::ValueEnum;
use messina_service_runtime::Failure;
use serde::Serialize;

pub use style::Style;
pub use table::{age, due, table};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// A table that fits a terminal.
    #[default]
    Table,
    /// A table with everything.
    Wide,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Writes text to standard output. A reader that went away is no error.
///
/// # Errors
/// Whatever else the operating system says.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::broken(format!("standard output: {error}"))),
    }
}

/// Prints a value for programs, or lets `human` print it for people.
///
/// # Errors
/// Standard output that cannot be written to.
pub fn show<T: Serialize>(format: Format, value: &T, human: impl FnOnce() -> String) -> Result<(), Failure> {
    let broken =
        |error: &dyn std::fmt::Display| Failure::broken(format!("the answer cannot be written: {error}"));
    let text = match format {
        Format::Json => serde_json::to_string_pretty(value).map_err(|error| broken(&error))? + "\n",
        Format::Yaml => serde_saphyr::to_string(value).map_err(|error| broken(&error))?,
        Format::Table | Format::Wide => human(),
    };
    print(&text)
}
