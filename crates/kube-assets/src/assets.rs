//! Where the binaries are.

use std::path::{Path, PathBuf};

/// Environment variable that names the folder, as envtest has it.
const VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// The folder does not hold what is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{folder} holds no '{missing}'")]
pub struct AssetsError {
    folder: String,
    missing: &'static str,
}

/// A folder with `etcd` and `kube-apiserver`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeAssets {
    folder: PathBuf,
}

impl KubeAssets {
    /// The binaries of a folder.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn in_folder(folder: impl AsRef<Path>) -> Result<Self, AssetsError> {
        let folder = folder.as_ref().to_owned();
        for missing in ["etcd", "kube-apiserver"] {
            if !folder.join(missing).is_file() {
                return Err(AssetsError { folder: folder.display().to_string(), missing });
            }
        }
        Ok(Self { folder })
    }

    /// The binaries of the folder that `KUBEBUILDER_ASSETS` names; none where it is unset, empty, or names a
    /// folder without them.
    pub fn from_env() -> Option<Self> {
        let folder = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty())?;
        Self::in_folder(PathBuf::from(folder)).ok()
    }

    /// Path of etcd.
    pub fn etcd(&self) -> PathBuf {
        self.folder.join("etcd")
    }

    /// Path of the API server.
    pub fn kube_apiserver(&self) -> PathBuf {
        self.folder.join("kube-apiserver")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_binaries_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = KubeAssets::in_folder(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("holds no 'etcd'"), "{error}");
        std::fs::write(folder.path().join("etcd"), "").unwrap();
        let error = KubeAssets::in_folder(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("holds no 'kube-apiserver'"), "{error}");
        std::fs::write(folder.path().join("kube-apiserver"), "").unwrap();
        let assets = KubeAssets::in_folder(folder.path()).unwrap();
        assert!(assets.etcd().ends_with("etcd") && assets.kube_apiserver().ends_with("kube-apiserver"));
    }
}
