use super::*;

fn read(texts: &[&str]) -> (BTreeMap<String, Option<String>>, ConfigErrors) {
    let mut errors = ConfigErrors::new();
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    (by_name("--watcher", &texts, &mut errors), errors)
}

#[test]
fn the_value_may_contain_the_separator() {
    let (map, errors) = read(&["a=b=c", "eu-west-1=x"]);
    assert_eq!(errors.entries(), []);
    let value = |text: &str| Some(text.to_owned());
    assert_eq!(map, BTreeMap::from([("a".to_owned(), value("b=c")), ("eu-west-1".to_owned(), value("x"))]));
}

#[test]
fn every_mistake_is_named_with_its_way_out() {
    let (map, errors) = read(&["east", "EU=1", "7_0", "a=1", "b=2", "a=3", "b=4"]);
    let known: Vec<_> = map.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
    assert_eq!(known, [("a", Some("1")), ("b", Some("2")), ("east", None)]);
    let told: Vec<_> = errors.entries().iter().map(|e| (e.flag.as_str(), e.value.as_str())).collect();
    assert_eq!(told, ["east", "EU=1", "7_0", "a=3", "b=4"].map(|value| ("--watcher", value)));
    assert!(errors.entries().iter().all(|error| !error.problem.is_empty() && !error.remedy.is_empty()));
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
