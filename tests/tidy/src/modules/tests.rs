use super::{forbidden_names, orphans, reach};
use crate::packages::Root;
use crate::tree::File;

fn root(path: &str, shipped: bool) -> Root {
    Root { path: path.into(), shipped }
}

fn orphans_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<File> = files.iter().map(|(path, text)| File::new(*path, *text)).collect();
    let roots = [root("a/src/lib.rs", true), root("a/tests/it.rs", false)];
    orphans(&sources, &roots, &["a".into()])
}

#[test]
fn declared_modules_are_reached_wherever_rust_looks_for_them() {
    let found = orphans_of(&[
        (
            "a/src/lib.rs",
            "mod beside; pub mod folder; mod inline { mod inner; } #[path = \"odd/name.rs\"] mod odd;",
        ),
        ("a/src/beside.rs", "mod below;"),
        ("a/src/beside/below.rs", ""),
        ("a/src/folder/mod.rs", "#[cfg(test)] mod tests;"),
        ("a/src/folder/tests.rs", ""),
        ("a/src/inline/inner.rs", ""),
        ("a/src/odd/name.rs", "mod next;"),
        ("a/src/odd/next.rs", "pub mod wire { include!(\"../wire/v1.rs\"); }"),
        ("a/src/wire/v1.rs", ""),
        ("a/tests/it.rs", "mod r#match;"),
        ("a/tests/match.rs", ""),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_file_that_nobody_declares_fails() {
    let found = orphans_of(&[
        ("a/src/lib.rs", "mod here; // mod lost;"),
        ("a/src/here.rs", ""),
        ("a/src/lost.rs", ""),
        ("a/src/here/lost.rs", ""),
        ("a/tests/it.rs", ""),
        ("a/tests/it/lost.rs", ""),
    ]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|line| line.contains("lost.rs")), "{found:?}");
}

#[test]
fn a_file_that_is_no_rust_fails() {
    assert_eq!(orphans_of(&[("a/src/lib.rs", "mod {"), ("a/tests/it.rs", "")]).len(), 1);
}

#[test]
fn only_what_is_reached_outside_tests_is_shipped() {
    let sources = [
        File::new("a/src/lib.rs", "mod real; #[cfg(test)] mod model; #[cfg(test)] mod tests { mod inner; }"),
        File::new("a/src/real.rs", ""),
        File::new("a/src/model.rs", "mod deeper;"),
        File::new("a/src/model/deeper.rs", ""),
        File::new("a/src/tests/inner.rs", ""),
    ];
    let reached = reach(&sources, &[root("a/src/lib.rs", true)]);
    let shipped: Vec<&str> =
        reached.files.iter().filter(|(_, shipped)| **shipped).map(|(path, _)| path.as_str()).collect();
    assert_eq!(reached.files.len(), 5);
    assert_eq!(shipped, ["a/src/lib.rs", "a/src/real.rs"]);
}

#[test]
fn a_file_shared_by_a_test_and_the_library_is_shipped() {
    let sources =
        [File::new("a/tests/it.rs", "#[path = \"../src/lib.rs\"] mod whole;"), File::new("a/src/lib.rs", "")];
    let reached = reach(&sources, &[root("a/tests/it.rs", false), root("a/src/lib.rs", true)]);
    assert_eq!(reached.files.get("a/src/lib.rs"), Some(&true));
}

#[test]
fn names_that_say_nothing_fail() {
    let violations = |path: &str, text: &str| forbidden_names(&File::new(path, text)).len();
    assert_eq!(violations("a/src/utils.rs", ""), 1);
    assert_eq!(violations("a/tests/common/mod.rs", ""), 1);
    assert_eq!(violations("a/src/lib.rs", "pub mod outer { mod helpers {} }"), 1);
    assert_eq!(violations("a/src/utilisation.rs", "mod commonality {}"), 0);
}
