//! The custom resource definitions of our kinds, as YAML that kube-apiserver 1.20 and newer accept.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

use crate::registration::ScyllaDBManagerClusterRegistration;
use crate::ring::{Ring, RingMember};
use crate::task::ScyllaDBManagerTask;

/// The definitions, in the order in which they are printed.
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![
        ScyllaDBManagerClusterRegistration::crd(),
        ScyllaDBManagerTask::crd(),
        Ring::crd(),
        RingMember::crd(),
    ]
}

/// All definitions as one YAML stream.
///
/// # Errors
/// The text of the serialiser, which does not happen for types that come from a derive.
pub fn yaml() -> Result<String, String> {
    let documents: Result<Vec<String>, String> =
        all().iter().map(|crd| serde_saphyr::to_string(crd).map_err(|error| error.to_string())).collect();
    Ok(documents?.iter().map(|document| format!("---\n{}\n", document.trim_end())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_definitions_are_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/crds/messina.yaml");
        let checked_in = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            yaml().unwrap() == checked_in,
            "deploy/crds/messina.yaml is stale: run `cargo run -p messina -- crds > deploy/crds/messina.yaml`"
        );
    }

    #[test]
    fn nothing_in_them_is_too_new_for_an_old_api_server() {
        let text = yaml().unwrap();
        for later in ["x-kubernetes-validations", "selectableFields"] {
            assert!(!text.contains(later), "{later}");
        }
    }
}
