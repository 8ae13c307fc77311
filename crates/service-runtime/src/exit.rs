//! From `main` to the exit code.

use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;

use crate::config_error::{ConfigErrors, EX_USAGE};
use crate::shutdown::Shutdown;

/// How long a process may take to end after the shutdown began, before it is ended for it.
const OVERDUE: Duration = Duration::from_secs(18);

/// Why a process ends with an exit code other than 0. Any `std::error::Error` converts into it with `?`.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly: exit code 64.
    Config(ConfigErrors),
    /// It could not start, or not go on: exit code 1. One line for a person, with all causes.
    Broken(String),
    /// A second signal came during the shutdown: exit code 130.
    Aborted,
}

impl Failure {
    /// A failure in one line.
    pub fn broken(message: impl Into<String>) -> Self {
        Self::Broken(message.into())
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(errors) => errors.exit_code(),
            Self::Broken(_) => 1,
            Self::Aborted => 130,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(errors) => errors.fmt(f),
            Self::Broken(message) => f.write_str(message),
            Self::Aborted => f.write_str("aborted by a second signal before everything had ended"),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors)
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut line = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        Self::Broken(line.replace(['\n', '\r'], " "))
    }
}

/// The `main` of a service: parses the flags, runs `run` on a tokio runtime until it ends or two signals
/// came, and says in one line why it failed. Usage errors of clap end with 64, too.
pub fn run_main<A, F, R>(run: F) -> ExitCode
where
    A: Parser,
    F: FnOnce(A, Shutdown) -> R,
    R: Future<Output = Result<(), Failure>> + Send + 'static,
{
    ExitCode::from(run_from(std::env::args_os(), run))
}

/// [`run_main`] with the command line given: answers the exit code.
pub fn run_from<A, F, R>(command_line: impl IntoIterator<Item = impl Into<OsString> + Clone>, run: F) -> u8
where
    A: Parser,
    F: FnOnce(A, Shutdown) -> R,
    R: Future<Output = Result<(), Failure>> + Send + 'static,
{
    install_crypto();
    let args = match A::try_parse_from(command_line) {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    match block_on(|shutdown| run(args, shutdown)) {
        Ok(()) => 0,
        Err(failure) => {
            say(&format!("{}: {failure}", A::command().get_name()));
            failure.exit_code()
        }
    }
}

/// Makes ring the crypto provider of this process. Harmless to repeat; tests that make TLS clients call it too.
pub fn install_crypto() {
    // An error means that a provider is in place already, and the only one linked is ring.
    rustls::crypto::ring::default_provider().install_default().ok();
}

fn usage(error: &clap::Error) -> u8 {
    if error.print().is_err() {
        return EX_USAGE;
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => EX_USAGE,
    }
}

fn block_on<R>(run: impl FnOnce(Shutdown) -> R) -> Result<(), Failure>
where
    R: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        // Spawned, so that this thread is free to see a second signal whatever the service does.
        let service = tokio::spawn(run(shutdown.clone()));
        tokio::select! {
            ended = service => ended?,
            () = shutdown.aborted() => Err(Failure::Aborted),
            () = overdue(&shutdown) => {
                Err(Failure::broken(format!("did not end within {} s of the signal", OVERDUE.as_secs())))
            }
        }
    });
    match result {
        Err(Failure::Aborted) => runtime.shutdown_background(),
        _ => runtime.shutdown_timeout(Duration::from_secs(1)),
    }
    result
}

async fn overdue(shutdown: &Shutdown) {
    shutdown.begun().await;
    tokio::time::sleep(OVERDUE).await;
}

/// One line to stderr, whatever the logging does.
fn say(line: &str) {
    // Without a stderr there is nobody left to tell; the exit code says the rest.
    writeln!(std::io::stderr(), "{line}").ok();
}
