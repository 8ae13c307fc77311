//! The files of the checkout, as relative paths and texts.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Written by the build from the `.proto` files, therefore free of the rules about style.
const GENERATED: &str = "proto/src/generated/";

/// Folders that hold nothing of ours. Build folders are known by their `CACHEDIR.TAG` instead, because
/// their name is a choice of whoever builds.
const FOREIGN: &[&str] = &[".git", ".venv", "node_modules"];

/// A text file of the checkout.
#[derive(Debug, Clone)]
pub struct File {
    /// Relative to the root of the checkout, with `/` between its parts.
    pub path: String,
    /// The whole content.
    pub text: String,
}

impl File {
    /// A file that exists only in memory, or was read elsewhere.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Whether a generator wrote it, so that rules about style do not apply.
    pub fn is_generated(&self) -> bool {
        self.path.starts_with(GENERATED)
    }
}

/// The checkout that this crate was built from.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Finds the checkout two folders above this crate.
    ///
    /// # Errors
    /// When the folder is gone, i.e. the test binary was moved to another machine.
    pub fn of_this_workspace() -> Result<Self, Error> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        Ok(Self { root })
    }

    /// The folder with the workspace's `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a file or folder of this relative path exists.
    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Reads one file by its relative path.
    ///
    /// # Errors
    /// When it is missing or not UTF-8; the message names it.
    pub fn file(&self, path: &str) -> Result<File, Error> {
        let text = fs::read_to_string(self.root.join(path)).map_err(|error| format!("{path}: {error}"))?;
        Ok(File::new(path, text))
    }

    /// Reads every file whose name ends in `ending`, ordered by path.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn files_ending_in(&self, ending: &str) -> Result<Vec<File>, Error> {
        let mut paths = Vec::new();
        self.collect(&self.root, ending, &mut paths)?;
        paths.sort();
        paths.iter().map(|path| self.file(path)).collect()
    }

    fn collect(&self, folder: &Path, ending: &str, into: &mut Vec<String>) -> Result<(), Error> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let is_ours = !FOREIGN.contains(&name.as_str()) && !path.join("CACHEDIR.TAG").exists();
                if is_ours {
                    self.collect(&path, ending, into)?;
                }
            } else if kind.is_file() && name.ends_with(ending) {
                into.push(path.strip_prefix(&self.root)?.to_string_lossy().replace('\\', "/"));
            }
        }
        Ok(())
    }
}

/// The folder part of a relative path; empty for a file at the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a relative path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Follows `relative` from `folder`, both inside the checkout; `None` when it leads out of it.
pub(crate) fn follow(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests;
