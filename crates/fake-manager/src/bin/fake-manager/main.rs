//! `fake-manager`: a stand-in for ScyllaDB Manager as a process of its own.

mod args;

use std::process::ExitCode;

use args::Args;
use messina_fake_manager::FakeManager;

#[tokio::main]
async fn main() -> ExitCode {
    args::init_log();
    let args = match Args::from_command_line() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let manager = match FakeManager::start(args.options()).await {
        Ok(manager) => manager,
        Err(error) => return args::failed(&error),
    };
    tracing::info!(url = manager.url(), "listening");
    args::wait_for_signal().await;
    manager.shutdown().await;
    ExitCode::SUCCESS
}
