//! Writes the Rust bindings of the protos, without protoc: `cargo run -p messina-control-api --example generate`.
//! They are checked in, so that nobody needs this to build; `tests/current.rs` fails when they are stale.

use std::path::Path;

#[path = "../tests/generator/mod.rs"]
mod generator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    generator::generate(root, &root.join("src/generated"))
}
