use super::{budgets_unknown_to_clippy, long_files, long_mains};
use crate::packages::Member;
use crate::tree::File;

fn with_lines(path: &str, lines: usize) -> File {
    File::new(path, "\n".repeat(lines))
}

fn over_budget(path: &str, lines: usize) -> bool {
    let member = |folder: &str| Member { folder: folder.into(), ..Member::default() };
    !long_files(&[with_lines(path, lines)], &[member("crates/a"), member("tests/tidy")]).is_empty()
}

#[test]
fn a_source_file_has_400_lines_and_an_integration_test_600() {
    let cases = [
        ("crates/a/src/lib.rs", 400),
        ("crates/a/src/lib/tests.rs", 400),
        ("tests/tidy/src/lib.rs", 400),
        ("crates/a/tests/it.rs", 600),
        ("tests/tidy/tests/rules.rs", 600),
    ];
    for (path, budget) in cases {
        assert!(!over_budget(path, budget), "{path} within");
        assert!(over_budget(path, budget + 1), "{path} over");
    }
}

#[test]
fn generated_files_are_as_long_as_they_are() {
    assert!(!over_budget("proto/src/generated/messina.watch.v1.rs", 5000));
}

#[test]
fn main_is_counted_from_signature_to_closing_brace() {
    let main_of = |body: usize| {
        File::new(
            "src/main.rs",
            format!("use a::{{b}};\n\n#[x]\nasync fn main() -> Out {{{}}}\n", "\n".repeat(body)),
        )
    };
    assert!(long_mains(&main_of(24)).is_empty());
    let found = long_mains(&main_of(25));
    assert_eq!(found, ["src/main.rs:4: main has 26 lines, 25 allowed"]);
}

#[test]
fn other_long_functions_are_left_to_clippy() {
    let text = format!("fn other() {{{}}}\nfn main() {{}}\n", "\n".repeat(60));
    assert!(long_mains(&File::new("src/main.rs", text)).is_empty());
}

const CLIPPY: &str = "too-many-arguments-threshold = 5\ntoo-many-lines-threshold = 70\n";
const LINTS: &str = "[workspace.lints.clippy]\ntoo_many_lines = \"deny\"\ntoo_many_arguments = \"deny\"\n";

#[test]
fn clippy_must_know_the_budgets_of_functions() {
    let violations = |clippy: &str, lints: &str| budgets_unknown_to_clippy(clippy, lints).unwrap().len();
    assert_eq!(violations(CLIPPY, LINTS), 0);
    assert_eq!(violations(&CLIPPY.replace("70", "100"), LINTS), 1);
    assert_eq!(violations("", LINTS), 2);
    assert_eq!(violations(CLIPPY, &LINTS.replace("deny", "warn")), 2);
    assert_eq!(violations(CLIPPY, ""), 2);
}
