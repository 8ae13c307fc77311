//! Our licence, and those of what we depend on.

use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use crate::Error;
use crate::packages::{External, Member};

/// The SPDX identifier that every package of ours carries.
pub const OURS: &str = "Apache-2.0";

/// Lines that a file with the full text of the licence has.
const LANDMARKS: &[&str] = &[
    "Apache License",
    "Version 2.0, January 2004",
    "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION",
    "END OF TERMS AND CONDITIONS",
];

/// The parts of `deny.toml` that are read here, so that there is one list for cargo-deny and for us.
#[derive(Debug, Deserialize)]
pub struct DenyFile {
    graph: Graph,
    licenses: Licenses,
}

#[derive(Debug, Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

impl DenyFile {
    /// Reads the text of `deny.toml`.
    ///
    /// # Errors
    /// When it is not TOML or lacks `graph.targets` or `licenses.allow`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(toml::from_str(text)?)
    }

    /// The target triples that we build for.
    pub fn platforms(&self) -> &[String] {
        &self.graph.targets
    }

    fn allowed_for(&self, package: &str) -> impl Iterator<Item = &String> {
        let exceptions = self.licenses.exceptions.iter().filter(move |exception| exception.name == package);
        self.licenses.allow.iter().chain(exceptions.flat_map(|exception| &exception.allow))
    }
}

/// Packages of ours with another licence, or none.
pub fn members_under_another(members: &[Member]) -> Vec<String> {
    members
        .iter()
        .filter(|member| member.license.as_deref() != Some(OURS))
        .map(|member| format!("{}/Cargo.toml: license is {:?}, not {OURS}", member.folder, member.license))
        .collect()
}

/// What the text of `LICENSE` lacks of the Apache License 2.0.
pub fn missing_in_our_licence(text: &str) -> Vec<String> {
    LANDMARKS
        .iter()
        .filter(|landmark| !text.lines().any(|line| line.trim() == **landmark))
        .map(|landmark| format!("LICENSE: no line {landmark:?}"))
        .collect()
}

/// Dependencies under a licence that `deny.toml` does not allow.
///
/// # Errors
/// When an entry of `deny.toml` is no SPDX licence.
pub fn dependencies_under_others(externals: &[External], deny: &DenyFile) -> Result<Vec<String>, Error> {
    let mut violations = Vec::new();
    for package in externals {
        let mut allowed = Vec::new();
        for entry in deny.allowed_for(&package.name) {
            allowed.push(Licensee::parse(entry).map_err(|error| format!("deny.toml: {entry}: {error}"))?);
        }
        if let Some(problem) = problem_with(package.license.as_deref(), &allowed) {
            violations.push(format!("{} {}: {problem}", package.name, package.version));
        }
    }
    Ok(violations)
}

fn problem_with(license: Option<&str>, allowed: &[Licensee]) -> Option<String> {
    let Some(license) = license else { return Some("its manifest names no licence".to_owned()) };
    match Expression::parse_mode(license, ParseMode::LAX) {
        Ok(expression) => {
            let is_allowed =
                expression.evaluate(|one| allowed.iter().any(|licensee| licensee.satisfies(one)));
            (!is_allowed).then(|| format!("{license} is not allowed"))
        }
        Err(error) => Some(format!("{license} is no SPDX expression: {error}")),
    }
}

#[cfg(test)]
mod tests;
