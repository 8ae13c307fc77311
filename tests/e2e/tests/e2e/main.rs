//! The services as users run them: one process each, against API servers and ScyllaDB Manager as processes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed step of a test should stop it"
)]

mod command_line;
mod crash;
mod feedback;
mod fleet;
mod process;
mod tools;
mod trace;
