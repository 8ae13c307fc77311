//! The binary: flags in, service on.

use std::process::ExitCode;

use messina_service_runtime::{Failure, Runtime, Shutdown, run_main};
use task_sync::args::Args;

async fn serve(args: Args, shutdown: Shutdown) -> Result<(), Failure> {
    let builder = Runtime::builder("task-sync", env!("CARGO_PKG_VERSION"))
        .log(&args.log)
        .admin(&args.admin)
        .grpc(&args.grpc);
    let config = args.config()?;
    let runtime = builder.bind(shutdown).await?;
    task_sync::run(config, runtime).await
}

fn main() -> ExitCode {
    run_main(serve)
}
