//! Saying that a test could not be run.

use std::io::Write;

/// Notes a skipped test: one loud line, one in `MESSINA_SKIPS_FILE`, and a failure where `MESSINA_REQUIRE`
/// asks for the missing thing.
pub fn skipped(test: &str, thing: &str, why: &str) {
    let required = std::env::var("MESSINA_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|one| one.trim() == thing), "{thing} is required: {why}");
    eprintln!("SKIPPED {test}: {why}");
    if let Some(path) = std::env::var_os("MESSINA_SKIPS_FILE") {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("skips file");
        writeln!(file, "{test}: {thing}").expect("skips file can be written");
    }
}
