//! The k8s-watcher service; everything it does is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    messina_service_runtime::run_main(k8s_watcher::args::run)
}
