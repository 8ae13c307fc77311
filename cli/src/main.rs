//! The command line of Messina; everything it does is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    messina_service_runtime::run_main(messina::run)
}
