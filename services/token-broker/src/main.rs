//! The binary: flags in, service on.

use std::process::ExitCode;

use messina_service_runtime::{Failure, Runtime, Shutdown, run_main};
use token_broker::args::Args;

async fn serve(args: Args, shutdown: Shutdown) -> Result<(), Failure> {
    let config = args.config()?;
    let builder = Runtime::builder("token-broker", env!("CARGO_PKG_VERSION"));
    let builder = builder.log(&args.log).admin(&args.admin).grpc(&args.grpc);
    token_broker::run(config, builder.bind(shutdown).await?).await
}

fn main() -> ExitCode {
    run_main(serve)
}
