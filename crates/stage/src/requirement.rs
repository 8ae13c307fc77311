//! Tests that need something the machine may lack: a loud skip, or a failure where it is required.

use std::io::Write;
use std::path::PathBuf;

use crate::Ground;

/// A real API server to play on, from `KUBEBUILDER_ASSETS`; otherwise the test is skipped.
///
/// # Panics
/// When `MESSINA_REQUIRE` names `kube`, so that a run that must not skip fails.
pub fn real_ground(test: &str) -> Option<Ground> {
    match std::env::var_os("KUBEBUILDER_ASSETS") {
        Some(folder) => Some(Ground::Real(PathBuf::from(folder))),
        None => {
            skip(test, "kube", "KUBEBUILDER_ASSETS is not set");
            None
        }
    }
}

/// Skips a test in one loud line, and notes it in the file that `MESSINA_SKIPS_FILE` names.
///
/// # Panics
/// When `MESSINA_REQUIRE` names what is missing.
#[allow(
    clippy::panic,
    clippy::print_stderr,
    reason = "a required test that cannot run has to fail, and a skip has to be seen"
)]
pub fn skip(test: &str, requirement: &str, why: &str) {
    let required = std::env::var("MESSINA_REQUIRE").unwrap_or_default();
    if required.split(',').any(|name| name.trim() == requirement) {
        panic!("{test}: {why}, but MESSINA_REQUIRE={required} demands it");
    }
    let line = format!("{test}: {why}");
    eprintln!("SKIPPED {line}");
    if let Some(file) = std::env::var_os("MESSINA_SKIPS_FILE")
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(file)
    {
        // The line above was already loud.
        let _ = writeln!(file, "{line}");
    }
}
