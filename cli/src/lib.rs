//! The command line of Messina.
//!
//! `status`, `watch`, `explain` and `plan` ask registration and task-sync over gRPC; `run` is all four services in
//! one process; `demo` is `run` on a stage of its own.

pub mod args;
mod client;
mod commands;
mod kubeconfig;
mod output;
pub mod stack;

use args::{Args, Command};
use messina_service_runtime::{Failure, Shutdown};

/// Runs one command.
///
/// # Errors
/// Flags that are refused, a service that does not answer, or whatever the command says.
pub async fn run(args: Args, shutdown: Shutdown) -> Result<(), Failure> {
    match args.command {
        Command::Status(command) => command.run().await,
        Command::Watch(command) => command.run(shutdown).await,
        Command::Explain(command) => command.run().await,
        Command::Plan(command) => command.run().await,
        Command::ConfirmDeletions(command) => command.run().await,
        Command::Adopt(command) => command.run().await,
        Command::Run(command) => command.run(shutdown).await,
        Command::Demo(command) => command.run(shutdown).await,
        Command::Crds(command) => command.run(),
        Command::Completions(command) => command.run(),
    }
}
