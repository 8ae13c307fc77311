//! The checked-in bindings are those of the protos.
#![allow(clippy::unwrap_used, reason = "a failed step of a test should stop it")]

use std::collections::BTreeMap;
use std::path::Path;

mod generator;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn bindings_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = tempfile::tempdir().unwrap();
    generator::generate(root, fresh.path()).unwrap();
    let (expected, found) = (files(fresh.path()), files(&root.join("src/generated")));
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, content) in &expected {
        assert!(
            found.get(name) == Some(content),
            "src/generated/{name} is stale: run `cargo run -p messina-control-api --example generate`"
        );
    }
}
