//! What cargo knows about the packages: ours and those we depend on.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Error;

/// A package of this workspace.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Its package name.
    pub name: String,
    /// Its folder, relative to the root of the checkout.
    pub folder: String,
    /// The SPDX expression of its manifest.
    pub license: Option<String>,
    /// Packages that it needs to be built or to run, optional ones included; not what only its tests need.
    pub dependencies: Vec<String>,
    /// The root files of its library, binaries, tests, benches, examples and build script.
    pub roots: Vec<Root>,
}

/// The file that a compilation starts from.
#[derive(Debug, Clone)]
pub struct Root {
    /// Relative to the root of the checkout.
    pub path: String,
    /// Whether it is part of a library or program, rather than of a test, bench, example or build script.
    pub shipped: bool,
}

/// A package that we depend on, directly or not.
#[derive(Debug, Clone)]
pub struct External {
    /// Package name.
    pub name: String,
    /// Resolved version.
    pub version: String,
    /// The SPDX expression of its manifest.
    pub license: Option<String>,
}

/// Everything that `cargo metadata` says and a rule needs.
#[derive(Debug)]
pub struct Packages {
    /// Ours.
    pub members: Vec<Member>,
    /// Those of others.
    pub externals: Vec<External>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: String,
    source: Option<String>,
    dependencies: Vec<MetadataDependency>,
    targets: Vec<MetadataTarget>,
}

#[derive(Deserialize)]
struct MetadataDependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct MetadataTarget {
    kind: Vec<String>,
    src_path: String,
}

impl Packages {
    /// Asks cargo about the workspace at `root`, for the target triples in `platforms`.
    ///
    /// Never writes `Cargo.lock`: a test must not change what it tests.
    ///
    /// # Errors
    /// When cargo fails, with what it said; most often `Cargo.lock` is older than a manifest.
    pub fn of(root: &Path, platforms: &[String]) -> Result<Self, Error> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(root).args(["metadata", "--format-version=1", "--locked"]);
        for platform in platforms {
            command.arg(format!("--filter-platform={platform}"));
        }
        let output = command.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("cargo metadata failed (is Cargo.lock current?): {said}").into());
        }
        Self::parse(&output.stdout)
    }

    /// Reads the JSON that `cargo metadata --format-version=1` prints.
    ///
    /// # Errors
    /// When it is not that, or a package of ours lies outside the workspace.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let metadata: Metadata = serde_json::from_slice(json)?;
        let root = Path::new(&metadata.workspace_root);
        let mut members = Vec::new();
        let mut externals = Vec::new();
        for package in metadata.packages {
            if package.source.is_none() {
                members.push(member(package, root)?);
            } else {
                let MetadataPackage { name, version, license, .. } = package;
                externals.push(External { name, version, license });
            }
        }
        Ok(Self { members, externals })
    }
}

fn member(package: MetadataPackage, root: &Path) -> Result<Member, Error> {
    let inside = |path: &Path| -> Result<String, Error> {
        Ok(path.strip_prefix(root)?.to_string_lossy().replace('\\', "/"))
    };
    let manifest = Path::new(&package.manifest_path);
    let folder = inside(manifest.parent().ok_or("a manifest without a folder")?)?;
    let roots = package
        .targets
        .iter()
        .map(|target| {
            let is_shipped = |kind: &String| kind.ends_with("lib") || kind == "bin" || kind == "proc-macro";
            let shipped = target.kind.iter().any(is_shipped);
            Ok(Root { path: inside(Path::new(&target.src_path))?, shipped })
        })
        .collect::<Result<_, Error>>()?;
    let dependencies = package
        .dependencies
        .into_iter()
        .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
        .map(|dependency| dependency.name)
        .collect();
    Ok(Member { name: package.name, folder, license: package.license, dependencies, roots })
}

#[cfg(test)]
mod tests;
