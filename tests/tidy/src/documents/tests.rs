use super::{broken_links, unlisted_decisions};
use crate::tree::File;

fn broken(text: &str) -> Vec<String> {
    let exists = |path: &str| ["README.md", "docs/run.md", "docs"].contains(&path);
    broken_links(&File::new("docs/page.md", text), exists)
}

#[test]
fn links_to_what_exists_or_lies_elsewhere_pass() {
    let text = "[a](run.md) [b](../README.md#top) [c](#here) [d](https://x.org/y) [e](mailto:a@b) [f](/docs) `[g](no.md)`\n\
                \n```\n[h](no.md)\n```\n[i]: run.md\n[i]";
    assert!(broken(text).is_empty(), "{:?}", broken(text));
}

#[test]
fn links_to_nothing_fail_and_are_found_by_line() {
    let cases = [
        ("x\n\n[a](missing.md)", "docs/page.md:3: "),
        ("![picture](missing.png)", "docs/page.md:1: "),
        ("| [a](missing.md) |\n| - |\n", "docs/page.md:1: "),
        ("see [a]\n\n[a]: missing.md", "docs/page.md:1: "),
        ("[out](../../elsewhere.md)", "docs/page.md:1: "),
    ];
    for (text, place) in cases {
        let found = broken(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found.iter().all(|line| line.starts_with(place)), "{text}: {found:?}");
    }
}

#[test]
fn a_decision_that_the_index_does_not_link_to_fails() {
    let index = File::new("docs/decisions/README.md", "* [One](0001-one.md)\n");
    let one = File::new("docs/decisions/0001-one.md", "");
    let two = File::new("docs/decisions/0002-two.md", "");
    assert!(unlisted_decisions(&[index.clone(), one.clone()]).is_empty());
    assert_eq!(unlisted_decisions(&[index, one.clone(), two]).len(), 1);
    assert_eq!(unlisted_decisions(&[one]).len(), 1, "a decision needs an index");
    assert!(unlisted_decisions(&[]).is_empty());
}
