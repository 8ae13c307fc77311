//! One TLS implementation: rustls with ring.

use serde::Deserialize;

use crate::Error;

/// Packages that bring another implementation, or another provider for rustls, and why they are refused.
pub const REFUSED: &[(&str, &str)] = &[
    ("aws-lc-rs", "a second provider makes rustls panic where none was chosen; ring is ours"),
    ("aws-lc-sys", "a second provider makes rustls panic where none was chosen; ring is ours"),
    ("boring", "TLS is rustls"),
    ("native-tls", "TLS is rustls"),
    ("openssl", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
];

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
}

/// Refused packages in the text of `Cargo.lock`.
///
/// # Errors
/// When the text is not a lock file.
pub fn refused_packages(lock: &str) -> Result<Vec<String>, Error> {
    let lock: Lock = toml::from_str(lock)?;
    let why = |name: &str| REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, why)| *why);
    Ok(lock
        .package
        .iter()
        .filter_map(|package| why(&package.name).map(|why| format!("Cargo.lock: {}: {why}", package.name)))
        .collect())
}

#[cfg(test)]
mod tests;
