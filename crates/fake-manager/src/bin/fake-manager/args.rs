//! Flags, environment, log and signals of the process.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use messina_fake_manager::{Options, RunScript, StartError, wire::duration::parse_units};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Exit code for flags that make no sense.
const USAGE: u8 = 64;
/// Exit code for what the machine does not give.
const UNAVAILABLE: u8 = 69;

/// A stand-in for ScyllaDB Manager: the same HTTP API, kept in memory, with simulated clusters.
///
/// It has no authentication and answers agent tokens in clear, as the real server does. Its control API is under
/// /_fake/.
#[derive(Debug, Parser)]
#[command(name = "fake-manager", version)]
pub struct Args {
    /// Address to listen on; port 0 takes a free one, which the log names
    #[arg(long, env = "MESSINA_FAKE_MANAGER_LISTEN", default_value = "127.0.0.1:5080")]
    listen: SocketAddr,
    /// File that keeps clusters and tasks across restarts; it holds tokens
    #[arg(long, env = "MESSINA_FAKE_MANAGER_STATE")]
    state: Option<PathBuf>,
    /// How long calls take that ask agents in the real server, such as 1s
    #[arg(long, env = "MESSINA_FAKE_MANAGER_LATENCY", default_value = "0ms", value_parser = parse_units)]
    latency: Duration,
    /// How long simulated runs take
    #[arg(long, env = "MESSINA_FAKE_MANAGER_RUN_DURATION", default_value = "3s", value_parser = parse_units)]
    run_duration: Duration,
    /// Listen on an address that others can reach, tokens and all
    #[arg(long)]
    insecure_allow_any_address: bool,
}

impl Args {
    /// Reads the command line. What is left to do for `--help` or a mistake is to exit with the given code.
    pub fn from_command_line() -> Result<Self, ExitCode> {
        let args = Self::try_parse().map_err(|error| {
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            if let Err(error) = error.print() {
                tracing::error!(%error, "cannot print");
            }
            code
        })?;
        if !args.listen.ip().is_loopback() && !args.insecure_allow_any_address {
            tracing::error!(
                address = %args.listen,
                "refusing an address that is not loopback; use 127.0.0.1, or --insecure-allow-any-address"
            );
            return Err(ExitCode::from(USAGE));
        }
        Ok(args)
    }

    /// What to start.
    pub fn options(&self) -> Options {
        Options {
            listen: self.listen,
            state_file: self.state.clone(),
            latency: self.latency,
            default_run: RunScript::success(self.run_duration),
            ..Options::new(Arc::new(system_time))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this process reads the system's clock")]
fn system_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Text on stderr, as much as `RUST_LOG` says.
pub fn init_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}

/// Says why nothing started.
pub fn failed(error: &StartError) -> ExitCode {
    tracing::error!(%error, "cannot start");
    ExitCode::from(UNAVAILABLE)
}

/// Returns when the process is asked to end.
pub async fn wait_for_signal() {
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::error!(%error, "cannot wait for SIGTERM");
            return;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => if let Err(error) = result {
            tracing::error!(%error, "cannot wait for ctrl-c");
        }
    }
}
