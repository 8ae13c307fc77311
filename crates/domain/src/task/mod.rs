//! Tasks: how they are declared, how a declaration is read, and what becomes of its runs.

pub mod bytes;
pub mod cron;
pub mod definition;
pub mod duration;
pub mod object;
pub mod resolve;
pub mod start_date;
pub mod window;

pub use definition::{Backup, Repair, Schedule, TaskDefinition, Work};
pub use object::{LastError, TaskObject, TaskStatus};
