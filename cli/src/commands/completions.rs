//! `messina completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use messina_service_runtime::Failure;

use crate::output::print;

/// Prints a completion script, for example into `~/.local/share/bash-completion/completions/messina`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell.
    shell: Shell,
}

impl CompletionsArgs {
    /// Runs the command.
    pub fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::args::Args::command(), "messina", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
