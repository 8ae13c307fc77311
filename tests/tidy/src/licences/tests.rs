use super::{DenyFile, dependencies_under_others, members_under_another, missing_in_our_licence};
use crate::packages::{External, Member};

const DENY: &str = r#"
[graph]
targets = ["x86_64-unknown-linux-gnu"]
[licenses]
allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
exceptions = [{ crate = "special", allow = ["Zlib"] }]
"#;

fn violations(name: &str, license: Option<&str>) -> usize {
    let package = External { name: name.into(), version: "1.0.0".into(), license: license.map(Into::into) };
    dependencies_under_others(&[package], &DenyFile::parse(DENY).unwrap()).unwrap().len()
}

#[test]
fn a_dependency_passes_when_its_expression_can_be_met() {
    for license in
        ["MIT", "MIT OR GPL-3.0-only", "MIT/Apache-2.0", "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only"]
    {
        assert_eq!(violations("any", Some(license)), 0, "{license}");
    }
}

#[test]
fn a_dependency_fails_when_its_expression_cannot_be_met() {
    for license in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "Zlib", "something of my own"] {
        assert_eq!(violations("any", Some(license)), 1, "{license}");
    }
    assert_eq!(violations("any", None), 1);
}

#[test]
fn an_exception_is_for_its_crate_only() {
    assert_eq!(violations("special", Some("Zlib")), 0);
    assert_eq!(violations("other", Some("Zlib")), 1);
}

#[test]
fn an_allow_list_with_an_unknown_licence_is_an_error() {
    let deny = DenyFile::parse(&DENY.replace("\"MIT\"", "\"Mitt\"")).unwrap();
    let package = External { name: "any".into(), version: "1.0.0".into(), license: None };
    assert!(dependencies_under_others(&[package], &deny).is_err());
}

#[test]
fn a_member_under_another_licence_fails() {
    let member = |license: Option<&str>| Member { license: license.map(Into::into), ..Member::default() };
    assert_eq!(members_under_another(&[member(Some("Apache-2.0"))]).len(), 0);
    assert_eq!(members_under_another(&[member(Some("MIT")), member(None)]).len(), 2);
}

#[test]
fn a_licence_file_without_the_text_fails() {
    assert_eq!(missing_in_our_licence("Licensed under the Apache License, Version 2.0").len(), 4);
}
