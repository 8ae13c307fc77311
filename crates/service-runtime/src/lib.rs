//! What every Messina service binary needs, so that a `main` is ten lines.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
//! use messina_service_runtime::grpc::Services;
//! use messina_service_runtime::{Failure, Runtime, Shutdown, run_main};
//!
//! #[derive(clap::Parser)]
//! struct Args {
//!     #[command(flatten)]
//!     log: LogArgs,
//!     #[command(flatten)]
//!     admin: AdminArgs,
//!     #[command(flatten)]
//!     grpc: GrpcArgs,
//! }
//!
//! async fn serve(args: Args, shutdown: Shutdown) -> Result<(), Failure> {
//!     let builder = Runtime::builder("example", env!("CARGO_PKG_VERSION"));
//!     let builder = builder.log(&args.log).admin(&args.admin).grpc(&args.grpc);
//!     let runtime = builder.bind(shutdown).await?; // every socket is bound, nothing runs
//!     let gate = runtime.readiness.gate("first-sync");
//!     let services = Services::new(); // .service(MyServiceServer::new(..)).descriptors(MY_DESCRIPTORS)
//!     let mut runtime = runtime.serve(services);
//!     let shutdown = runtime.shutdown.clone();
//!     runtime.spawn("worker", async move {
//!         gate.ready();
//!         shutdown.begun().await;
//!         Ok(())
//!     });
//!     runtime.run().await // until SIGTERM; then drains
//! }
//!
//! fn main() -> ExitCode {
//!     run_main(serve)
//! }
//! ```
//!
//! # Where to find what
//!
//! * [`args`]: flags shared by all services; [`named`]: repeated `DATACENTER=VALUE` flags; [`transport`]: what
//!   may travel in plain text; [`config_error`]: all mistakes at once.
//! * [`run_main`], [`Failure`]: exit codes. 0 well, 1 broken, 64 called wrongly, 130 aborted by a second signal.
//! * [`Runtime`]: a service from flags to end; [`Shutdown`]: how everything learns of the end.
//! * [`grpc`]: servers with health, reflection, limits, metrics and drain; channels to peers. [`errors`]: faults as
//!   statuses.
//! * [`Telemetry`], [`trace`]: logs and traces. [`Metrics`], [`Readiness`], [`admin`]: what operators look at.
//! * [`Clock`]: wall-clock time as a value.
//!
//! # Time after a signal
//!
//! RPCs have 10 s to end, all tasks 13 s, traces 3 s; at 18 s the process ends whatever goes on.
//!
//! # What this crate does not know
//!
//! Any type of the domain. Kubernetes. Secrets: nothing that passes here is secret.

pub mod admin;
pub mod args;
mod clock;
pub mod config_error;
pub mod errors;
mod exit;
pub mod grpc;
mod listen;
mod metrics;
pub mod named;
mod readiness;
mod runtime;
mod shutdown;
mod telemetry;
pub mod trace;
pub mod transport;

pub use clock::{Clock, Hands};
pub use config_error::ConfigErrors;
pub use exit::{Failure, install_crypto, run_from, run_main};
pub use listen::BindError;
pub use metrics::Metrics;
pub use readiness::{Gate, Readiness};
pub use runtime::{Builder, NoGrpc, Runtime};
pub use shutdown::Shutdown;
pub use telemetry::{LogLevel, OTLP_ENDPOINT, Telemetry};
