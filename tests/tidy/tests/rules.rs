//! The rules of this crate over the real tree. Each failure says what to do, then where.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

use std::sync::LazyLock;

use messina_tidy::licences::DenyFile;
use messina_tidy::packages::{Packages, Root};
use messina_tidy::tree::{File, Tree};
use messina_tidy::{budgets, documents, layering, licences, lint_policy, markers, modules, tls_provider};

static TREE: LazyLock<Tree> =
    LazyLock::new(|| Tree::of_this_workspace().expect("the checkout is where it was built"));
static SOURCES: LazyLock<Vec<File>> = LazyLock::new(|| files_ending_in(".rs"));
static DOCUMENTS: LazyLock<Vec<File>> = LazyLock::new(|| files_ending_in(".md"));
static DENY: LazyLock<DenyFile> = LazyLock::new(|| {
    DenyFile::parse(&text("deny.toml")).expect("deny.toml has graph.targets and licenses.allow")
});
/// Kept with its error, so that each test that needs the packages says why there are none.
static PACKAGES: LazyLock<Result<Packages, String>> =
    LazyLock::new(|| Packages::of(TREE.root(), DENY.platforms()).map_err(|error| error.to_string()));

fn packages() -> &'static Packages {
    PACKAGES.as_ref().expect("cargo describes the workspace")
}

fn files_ending_in(ending: &str) -> Vec<File> {
    TREE.files_ending_in(ending).expect("the checkout can be read")
}

fn text(path: &str) -> String {
    TREE.file(path).expect("a file that the workspace cannot be without").text
}

fn roots() -> Vec<Root> {
    packages().members.iter().flat_map(|member| member.roots.clone()).collect()
}

fn holds(what_to_do: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what_to_do}\n  {}\n", violations.join("\n  "));
}

#[test]
fn dependencies_point_inwards() {
    holds(
        "Turn the dependency round (a trait in the inner package, implemented in the outer one), or make it a \
         dev-dependency. A new package gets a row in the table INWARDS of tests/tidy/src/layering.rs.",
        &layering::outward_dependencies(&packages().members),
    );
}

#[test]
fn every_package_is_a_member_of_the_workspace() {
    let manifests: Vec<File> =
        files_ending_in("Cargo.toml").into_iter().filter(|file| file.path.ends_with("/Cargo.toml")).collect();
    holds(
        "Add the folder to `members` in the root Cargo.toml, or remove the package.",
        &layering::packages_outside_the_workspace(&manifests, &packages().members),
    );
}

#[test]
fn files_keep_their_budget() {
    holds(
        "Split the file along what its parts know; unit tests go to a file of their own (src/x/tests.rs).",
        &budgets::long_files(&SOURCES, &packages().members),
    );
}

#[test]
fn main_keeps_its_budget() {
    let violations: Vec<String> = SOURCES.iter().flat_map(budgets::long_mains).collect();
    holds("`main` reads arguments and calls `run`; move the rest there.", &violations);
}

#[test]
fn clippy_knows_the_budgets_of_functions() {
    holds(
        "Put the budget back; a function over it is split, not excused.",
        &budgets::budgets_unknown_to_clippy(&text("clippy.toml"), &text("Cargo.toml"))
            .expect("both are TOML"),
    );
}

#[test]
fn every_source_file_is_compiled() {
    let folders: Vec<String> = packages().members.iter().map(|member| member.folder.clone()).collect();
    holds(
        "Declare the file with `mod` where it belongs, or delete it.",
        &modules::orphans(&SOURCES, &roots(), &folders),
    );
}

#[test]
fn modules_are_named_for_what_they_know() {
    let violations: Vec<String> = SOURCES.iter().flat_map(modules::forbidden_names).collect();
    holds("Name the module for what it knows, and move out what has nothing to do with it.", &violations);
}

#[test]
fn there_is_one_tls_provider() {
    holds(
        "Find who brings it with `cargo tree --target all -i NAME`, and turn off the feature of that dependency.",
        &tls_provider::refused_packages(&text("Cargo.lock")).expect("Cargo.lock is a lock file"),
    );
}

#[test]
fn our_packages_are_under_our_licence() {
    let mut violations = licences::members_under_another(&packages().members);
    violations.extend(licences::missing_in_our_licence(&text("LICENSE")));
    holds("Write `license.workspace = true`, and leave LICENSE the full text of Apache-2.0.", &violations);
}

#[test]
fn dependencies_are_under_allowed_licences() {
    holds(
        "Do without the dependency, or add its licence to `licenses.allow` in deny.toml if it may be linked into \
         a program under Apache-2.0.",
        &licences::dependencies_under_others(&packages().externals, &DENY)
            .expect("deny.toml names SPDX licences"),
    );
}

#[test]
fn markers_are_spelled_in_one_place() {
    let reached = modules::reach(&SOURCES, &roots());
    let is_product = |file: &&File| {
        !file.path.starts_with("tests/") && reached.files.get(&file.path).is_some_and(|shipped| *shipped)
    };
    let violations: Vec<String> =
        SOURCES.iter().filter(is_product).flat_map(markers::spelled_elsewhere).collect();
    holds(
        "Make the label, annotation or finalizer a constant of domain's `names` and use that.",
        &violations,
    );
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let manifest =
        |folder: &String| TREE.file(&format!("{folder}/Cargo.toml")).expect("a member has a manifest");
    let manifests: Vec<File> = packages().members.iter().map(|member| manifest(&member.folder)).collect();
    holds(
        "Write `[lints]` with `workspace = true` and nothing else into the manifest.",
        &lint_policy::manifests_without_our_lints(&manifests).expect("manifests are TOML"),
    );
}

#[test]
fn nothing_unfinished_ignored_or_excused_without_a_reason() {
    let violations: Vec<String> = SOURCES.iter().flat_map(lint_policy::shortcuts).collect();
    holds("Write the code, make the test run, or give the exception a `reason = \"…\"`.", &violations);
}

#[test]
fn relative_links_lead_somewhere() {
    let violations: Vec<String> =
        DOCUMENTS.iter().flat_map(|file| documents::broken_links(file, |path| TREE.has(path))).collect();
    holds("Correct the link, or write the page that it promises.", &violations);
}

#[test]
fn decisions_are_listed() {
    holds("Add a line with a link to the list of decisions.", &documents::unlisted_decisions(&DOCUMENTS));
}
