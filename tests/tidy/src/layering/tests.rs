use super::{INWARDS, outward_dependencies, packages_outside_the_workspace};
use crate::packages::Member;
use crate::tree::File;

fn member(name: &str, folder: &str, dependencies: &[&str]) -> Member {
    let dependencies = dependencies.iter().map(ToString::to_string).collect();
    Member { name: name.into(), folder: folder.into(), dependencies, ..Member::default() }
}

fn violations_of(name: &str, folder: &str, dependencies: &[&str]) -> Vec<String> {
    let mut members = vec![member(name, folder, dependencies)];
    let others = dependencies.iter().filter(|used| INWARDS.iter().any(|(row, _)| row == *used));
    members.extend(others.map(|used| member(used, "crates/x", &[])));
    outward_dependencies(&members)
}

#[test]
fn every_row_names_rows_above_it_only() {
    for (at, (name, allowed)) in INWARDS.iter().enumerate() {
        for used in *allowed {
            let above = INWARDS.iter().take(at).any(|(row, _)| row == used);
            assert!(above, "{name} names {used}, which is not above it");
        }
    }
}

#[test]
fn what_points_inwards_passes() {
    let none: [String; 0] = [];
    assert_eq!(violations_of("messina-feed", "crates/feed", &["messina-domain", "tokio", "tonic"]), none);
    assert_eq!(violations_of("k8s-watcher", "services/k8s-watcher", &["kube", "messina-k8s-api"]), none);
}

#[test]
fn what_points_outwards_fails() {
    let outwards: &[(&str, &str)] = &[
        ("messina-domain", "messina-control-api"),
        ("messina-reconcile", "messina-domain"),
        ("messina-service-runtime", "messina-domain"),
        ("registration", "task-sync"),
        ("registration", "messina-k8s-api"),
        ("token-broker", "messina-manager-client"),
        ("k8s-watcher", "messina-fake-apiserver"),
    ];
    for (user, used) in outwards {
        assert_eq!(violations_of(user, "crates/x", &[used]).len(), 1, "{user} uses {used}");
    }
}

#[test]
fn a_library_outside_its_confines_fails() {
    let outside: &[(&str, &str)] = &[
        ("messina", "kube"),
        ("registration", "kube-runtime"),
        ("messina-fake-apiserver", "k8s-openapi"),
        ("task-sync", "reqwest"),
        ("messina-manager-client", "opentelemetry_sdk"),
        ("k8s-watcher", "tracing-opentelemetry"),
        ("messina-domain", "tokio"),
        ("messina-domain", "serde_json"),
        ("messina-domain", "prost-types"),
    ];
    for (user, library) in outside {
        assert_eq!(violations_of(user, "crates/x", &[library]).len(), 1, "{user} uses {library}");
    }
}

#[test]
fn a_package_without_a_row_fails_unless_it_is_a_test_package() {
    assert_eq!(violations_of("messina-newcomer", "crates/newcomer", &[]).len(), 1);
    assert!(violations_of("messina-e2e", "tests/e2e", &["kube", "messina-domain"]).is_empty());
}

#[test]
fn using_a_test_package_in_the_product_fails() {
    let members = [
        member("registration", "services/registration", &["messina-e2e"]),
        member("messina-e2e", "tests/e2e", &[]),
    ];
    assert_eq!(outward_dependencies(&members).len(), 1);
}

#[test]
fn a_manifest_that_the_workspace_does_not_list_fails() {
    let manifests =
        [File::new("Cargo.toml", ""), File::new("crates/a/Cargo.toml", ""), File::new("b/Cargo.toml", "")];
    let found = packages_outside_the_workspace(&manifests, &[member("a", "crates/a", &[])]);
    assert_eq!(found.len(), 1, "{found:?}");
}
