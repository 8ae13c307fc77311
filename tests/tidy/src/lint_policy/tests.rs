use super::{manifests_without_our_lints, shortcuts};
use crate::tree::File;

fn found(text: &str) -> Vec<String> {
    shortcuts(&File::new("a.rs", text))
}

#[test]
fn a_manifest_must_take_the_lints_of_the_workspace() {
    let violations =
        |text: &str| manifests_without_our_lints(&[File::new("a/Cargo.toml", text)]).unwrap().len();
    assert_eq!(violations("[lints]\nworkspace = true\n"), 0);
    assert_eq!(violations("[lints]\nworkspace = false\n"), 1);
    assert_eq!(violations("[package]\nname = \"a\"\n"), 1);
    assert_eq!(violations("[lints.clippy]\nall = \"allow\"\n"), 1);
}

#[test]
fn shortcuts_fail_and_are_found_by_line() {
    let cases = [
        ("\nfn f() { todo!() }", "a.rs:2: "),
        ("fn f() {\n select! { _ = a => { unimplemented!(\"later\") } } }", "a.rs:2: "),
        ("#[test]\n#[ignore]\nfn t() {}", "a.rs:2: "),
        ("#[ignore = \"slow\"] fn t() {}", "a.rs:1: "),
        ("#![allow(dead_code)]", "a.rs:1: "),
        ("fn f() { #[expect(clippy::unwrap_used)] let a = b; }", "a.rs:1: "),
        ("#[cfg_attr(feature = \"x\", ignore)] fn t() {}", "a.rs:1: "),
        ("#[cfg_attr(test, inline, allow(unused))] fn t() {}", "a.rs:1: "),
    ];
    for (text, place) in cases {
        let found = found(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found.iter().all(|line| line.starts_with(place)), "{text}: {found:?}");
    }
}

#[test]
fn a_reason_excuses_and_words_alone_are_free() {
    let fine = [
        "#[allow(dead_code, reason = \"the wire has it\")] fn f() {}",
        "fn todo() { let ignore = allow(expect); } // todo!()",
        "#[serde(ignore)] struct S; const T: &str = \"todo!() #[ignore]\";",
        "fn f() { result.expect(\"a reason\"); }",
    ];
    for text in fine {
        assert!(found(text).is_empty(), "{text}: {:?}", found(text));
    }
}

#[test]
fn generated_code_is_free() {
    assert!(shortcuts(&File::new("proto/src/generated/a.rs", "#![allow(clippy::all)]")).is_empty());
}
