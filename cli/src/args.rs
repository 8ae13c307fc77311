//! The commands.

use clap::{Parser, Subcommand};

use crate::commands::{adopt, completions, confirm, crds, demo, explain, plan, run, status, watch};

/// Keeps ScyllaDB clusters on Kubernetes registered in ScyllaDB Manager, with their backups and repairs.
#[derive(Debug, Parser)]
#[command(name = "messina", version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show every cluster and task, and what holds them up.
    Status(status::StatusArgs),
    /// Follow clusters and tasks as they change.
    Watch(watch::WatchArgs),
    /// Say why a cluster or task is as it is, and what to do about it.
    Explain(explain::ExplainArgs),
    /// Say what would be done next, and do nothing.
    Plan(plan::PlanArgs),
    /// Let deletions go on that were frozen because too many came at once.
    ConfirmDeletions(confirm::ConfirmArgs),
    /// Take over a cluster that ScyllaDB Manager already holds.
    Adopt(adopt::AdoptArgs),
    /// Run all four services in this process, against real Kubernetes contexts.
    Run(run::RunArgs),
    /// Run everything on embedded API servers and an embedded ScyllaDB Manager, and show what it does.
    Demo(demo::DemoArgs),
    /// Print the custom resource definitions as YAML.
    Crds(crds::CrdsArgs),
    /// Print a completion script for a shell.
    Completions(completions::CompletionsArgs),
}
