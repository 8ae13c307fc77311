//! From the protos to Rust; shared by the example that writes and the test that compares.

use std::error::Error;
use std::path::Path;

use prost::Message;

/// Every proto file, relative to the folder of the crate.
const FILES: [&str; 8] = [
    "messina/registration/v1/registration.proto",
    "messina/task/v1/definition.proto",
    "messina/task/v1/task.proto",
    "messina/token/v1/peer.proto",
    "messina/token/v1/token.proto",
    "messina/watch/v1/objects.proto",
    "messina/watch/v1/watch.proto",
    "messina/watch/v1/writer.proto",
];

/// Writes the bindings and the descriptor set of all protos under `root` into `out`.
pub fn generate(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(out)?;
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_imports(true).include_source_info(true);
    for file in FILES {
        compiler.open_file(root.join(file))?;
    }
    let descriptors = compiler.file_descriptor_set();
    tonic_prost_build::configure()
        .out_dir(out)
        // An object is encoded once however many subscribers it goes to: see src/carried.rs.
        .extern_path(".messina.watch.v1.Snapshot", "crate::carried::Carried")
        .extern_path(".messina.watch.v1.Upsert", "crate::carried::Carried")
        .compile_fds(descriptors.clone())?;
    // Comments make reflection four times as large and no tool shows them.
    let mut lean = descriptors;
    for file in &mut lean.file {
        file.source_code_info = None;
    }
    std::fs::write(out.join("descriptors.bin"), lean.encode_to_vec())?;
    // Only imported for the reflection of well-known types; prost-types has the bindings.
    let _ = std::fs::remove_file(out.join("google.protobuf.rs"));
    Ok(())
}
