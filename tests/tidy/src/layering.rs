//! Dependencies point inwards: which package may use which, and which library is confined to whom.

use crate::packages::Member;
use crate::tree::{File, folder_of};

/// Each package of the product with those of ours that it may use, from the inside outwards: a row names
/// only rows above it. What only tests use is free, and packages under `tests/` need no row.
#[rustfmt::skip]
pub const INWARDS: &[(&str, &[&str])] = &[
    ("messina-fault",           &[]),
    ("messina-domain",          &["messina-fault"]),
    ("messina-control-api",     &["messina-fault", "messina-domain"]),
    ("messina-manager-client",  &["messina-fault", "messina-domain"]),
    ("messina-k8s-api",         &["messina-fault", "messina-domain"]),
    ("messina-feed",            &["messina-fault", "messina-domain", "messina-control-api"]),

    // These know no domain: they would serve any reconciler and any service.
    ("messina-reconcile",       &["messina-fault"]),
    ("messina-service-runtime", &["messina-fault"]),

    // Stand-ins for what is not ours: they know its wire format and nothing of us.
    ("messina-fake-manager",    &[]),
    ("messina-fake-apiserver",  &[]),
    ("messina-kube-assets",     &[]),
    // What the demo and the tests play on; no service may use it.
    ("messina-stage",           &["messina-domain", "messina-k8s-api", "messina-fake-apiserver", "messina-kube-assets"]),

    // The services, which never use each other.
    ("k8s-watcher",             &["messina-fault", "messina-domain", "messina-control-api", "messina-feed",
                                  "messina-reconcile", "messina-service-runtime", "messina-k8s-api"]),
    ("registration",            &["messina-fault", "messina-domain", "messina-control-api", "messina-feed",
                                  "messina-reconcile", "messina-service-runtime", "messina-manager-client"]),
    ("task-sync",               &["messina-fault", "messina-domain", "messina-control-api", "messina-feed",
                                  "messina-reconcile", "messina-service-runtime", "messina-manager-client"]),
    ("token-broker",            &["messina-fault", "messina-domain", "messina-control-api", "messina-feed",
                                  "messina-reconcile", "messina-service-runtime", "messina-k8s-api"]),

    // The command line: it runs the services and calls them; Kubernetes and Manager are theirs to talk to.
    ("messina",                 &["messina-fault", "messina-domain", "messina-control-api", "messina-feed",
                                  "messina-service-runtime", "messina-k8s-api",
                                  "messina-fake-manager", "messina-stage",
                                  "k8s-watcher", "registration", "task-sync", "token-broker"]),
];

/// Libraries that only some packages of the product may use.
#[derive(Debug)]
pub struct Confined {
    /// Names; a `*` at the end stands for any rest.
    pub libraries: &'static [&'static str],
    /// Packages of ours that may use them.
    pub to: &'static [&'static str],
    /// Why not everywhere, for whoever meets the rule.
    pub because: &'static str,
}

/// Where the libraries with the widest reach may be used.
#[rustfmt::skip]
pub const CONFINED: &[Confined] = &[
    Confined {
        libraries: &["kube", "kube-*", "k8s-openapi"],
        to: &["messina-k8s-api", "messina-service-runtime", "messina-kube-assets", "messina-stage", "k8s-watcher", "token-broker"],
        because: "registration, task-sync and the command line reach Kubernetes through k8s-watcher only",
    },
    Confined {
        libraries: &["reqwest"],
        to: &["messina-manager-client"],
        because: "every call to Manager passes manager-client's breaker, limits and timeouts",
    },
    Confined {
        libraries: &["opentelemetry*", "tracing-opentelemetry"],
        to: &["messina-service-runtime"],
        because: "code records with `tracing`; where the records go is service-runtime's business",
    },
];

/// What the domain may not use: it has no async, no serialisation and no wire type.
pub const NOT_IN_DOMAIN: &[&str] = &[
    "tokio", "tokio-*", "futures*", "async-*", "serde", "serde-*", "serde_*", "prost*", "tonic*", "kube",
    "kube-*",
];

const DOMAIN: &str = "messina-domain";

/// Dependencies that point outwards, libraries outside their confines, and packages without a row.
pub fn outward_dependencies(members: &[Member]) -> Vec<String> {
    let of_the_product = members.iter().filter(|member| !member.folder.starts_with("tests/"));
    of_the_product
        .flat_map(|member| {
            let mut violations = ours_outside_the_row(member, members);
            violations.extend(libraries_outside_their_confines(member));
            violations
        })
        .collect()
}

fn ours_outside_the_row(member: &Member, members: &[Member]) -> Vec<String> {
    let name = &member.name;
    let Some((_, allowed)) = INWARDS.iter().find(|(row, _)| row == name) else {
        return vec![format!("{}: package {name} has no row in the table INWARDS", member.folder)];
    };
    let is_ours = |dependency: &str| members.iter().any(|other| other.name == dependency);
    member
        .dependencies
        .iter()
        .filter(|dependency| is_ours(dependency) && !allowed.contains(&dependency.as_str()))
        .map(|dependency| format!("{}: {name} may not use {dependency}", member.folder))
        .collect()
}

fn libraries_outside_their_confines(member: &Member) -> Vec<String> {
    let mut violations = Vec::new();
    for dependency in &member.dependencies {
        for rule in CONFINED {
            if matches_any(rule.libraries, dependency) && !rule.to.contains(&member.name.as_str()) {
                violations.push(format!("{}: uses {dependency}, but {}", member.folder, rule.because));
            }
        }
        if member.name == DOMAIN && matches_any(NOT_IN_DOMAIN, dependency) {
            violations.push(format!("{}: uses {dependency}, but the domain is pure", member.folder));
        }
    }
    violations
}

fn matches_any(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

/// Manifests of packages that cargo never builds, because the workspace does not list them.
pub fn packages_outside_the_workspace(manifests: &[File], members: &[Member]) -> Vec<String> {
    manifests
        .iter()
        .map(|manifest| (&manifest.path, folder_of(&manifest.path)))
        .filter(|(_, folder)| !folder.is_empty() && !members.iter().any(|member| member.folder == *folder))
        .map(|(path, _)| format!("{path}: not a member of the workspace, so nothing builds or tests it"))
        .collect()
}

#[cfg(test)]
mod tests;
