//! One file a command.

pub mod adopt;
pub mod completions;
pub mod confirm;
pub mod crds;
pub mod demo;
pub mod explain;
pub mod plan;
pub mod run;
pub mod status;
pub mod watch;
