use std::net::SocketAddr;

use super::*;

#[test]
fn a_datacenter_and_its_value() {
    let named: Named<SocketAddr> = "eu-west-1=127.0.0.1:7070".parse().expect("parses");
    assert_eq!((named.name.as_str(), named.value.port()), ("eu-west-1", 7070));
}

#[test]
fn the_value_may_contain_the_separator() {
    let named: Named<String> = "a=b=c".parse().expect("parses");
    assert_eq!((named.name.as_str(), named.value.as_str()), ("a", "b=c"));
}

#[test]
fn mistakes_are_named() {
    let message = |text: &str| text.parse::<Named<u16>>().expect_err(text).to_string();
    assert!(message("7070").starts_with("no \"=\" in \"7070\""));
    assert!(message("EU=1").starts_with("datacenter name \"EU\" is not"));
    assert!(message("a=many").starts_with("value \"many\" of datacenter \"a\": "));
}

#[test]
fn labels_are_those_of_rfc_1123() {
    for good in ["a", "0", "eu-west-1", "a--b", &"x".repeat(63)] {
        assert!(is_label(good), "{good}");
    }
    for bad in ["", "-a", "a-", "A", "a.b", "a_b", "ä", &"x".repeat(64)] {
        assert!(!is_label(bad), "{bad}");
    }
}

#[test]
fn every_datacenter_named_twice_is_reported() {
    let values = ["a=1", "b=2", "a=3", "b=4"].map(|text| text.parse::<Named<u16>>().expect("parses"));
    let mut errors = ConfigErrors::new();
    let map = by_name("--watcher", values.into(), &mut errors);
    assert_eq!(map, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
    let told: Vec<_> = errors.entries().iter().map(|e| (e.flag.as_str(), e.value.as_str())).collect();
    assert_eq!(told, [("--watcher", "a"), ("--watcher", "b")]);
}
