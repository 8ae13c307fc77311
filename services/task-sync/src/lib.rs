//! task-sync: keeps backup and repair tasks in ScyllaDB Manager equal to what is declared, and brings their
//! runs back into Kubernetes.
//!
//! One key of the loop is one cluster with all its tasks. A pass gathers what is declared (`fleet`,
//! `desired`), lists the cluster's tasks in Manager once (`reconciler`), decides (`decide`, over
//! `messina_domain::plan`), carries out one action after the other (`act`), and says what came of it
//! (`account`, `status`, `feedback`, `events`, `report`). Between passes only what saves calls or
//! repeated news is remembered (`memory`); a restart loses nothing that matters.

mod account;
mod act;
mod api;
pub mod args;
mod brake;
mod config;
mod decide;
mod desired;
mod events;
mod feedback;
mod fleet;
mod memory;
mod metrics;
mod reconciler;
mod report;
mod run;
mod status;
mod sync;
mod wake;
mod writer;

pub use config::Config;
pub use run::run;
