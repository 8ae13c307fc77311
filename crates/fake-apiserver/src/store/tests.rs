use serde_json::json;

use super::{ChangeKind, Key, PageRequest, Store, TableName};
use crate::meta;

fn table() -> TableName {
    TableName::from("g/things")
}

fn put(store: &mut Store, name: &str, size: u64) -> u64 {
    let value = json!({"metadata": {"name": name, "namespace": "n"}, "size": size});
    store.put(&table(), value).revision()
}

fn names(store: &Store, request: &PageRequest) -> Vec<String> {
    let page = store.page(&table(), request, |_| true).unwrap();
    page.objects.iter().map(|object| meta::name(object.value()).to_owned()).collect()
}

#[test]
fn every_write_has_its_revision_and_its_change() {
    let mut store = Store::new(10);
    assert_eq!((put(&mut store, "a", 1), put(&mut store, "a", 2)), (1, 2));
    let last = store.remove("g/things", &Key::new("n", "a")).unwrap();
    assert_eq!((last.revision(), meta::text(last.value(), "resourceVersion")), (3, Some("3")));
    let changes = store.table("g/things").unwrap().changes_since(0).unwrap();
    let kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted]);
    assert_eq!(store.table("g/things").unwrap().changes_since(2).unwrap().len(), 1);
    assert!(store.remove("g/things", &Key::new("n", "a")).is_none());
}

#[test]
fn history_is_kept_within_its_window() {
    let mut store = Store::new(2);
    for size in 0..4 {
        put(&mut store, "a", size);
    }
    let table = store.table("g/things").unwrap();
    assert_eq!(table.changes_since(2).unwrap().len(), 2);
    let too_old = table.changes_since(1).unwrap_err();
    assert_eq!((too_old.wanted, too_old.oldest), (1, 2));
    store.compact();
    let table = store.table("g/things").unwrap();
    assert!(table.changes_since(3).is_err());
    assert!(table.changes_since(4).unwrap().is_empty());
}

#[test]
fn the_past_can_be_listed_in_pages() {
    let mut store = Store::new(10);
    for name in ["a", "b", "c"] {
        put(&mut store, name, 1);
    }
    let first = PageRequest { limit: Some(2), ..PageRequest::default() };
    let page = store.page(&table(), &first, |_| true).unwrap();
    assert_eq!((page.objects.len(), page.remaining, page.last.clone()), (2, 1, Some(Key::new("n", "b"))));
    store.remove("g/things", &Key::new("n", "c"));
    put(&mut store, "d", 1);
    let next = PageRequest { revision: Some(page.revision), after: page.last, ..PageRequest::default() };
    assert_eq!(names(&store, &next), ["c"]);
    assert_eq!(names(&store, &PageRequest::default()), ["a", "b", "d"]);
    store.compact();
    assert!(store.page(&table(), &next, |_| true).is_err());
}

#[test]
fn watchers_are_told_of_every_write() {
    let mut store = Store::new(10);
    let mut writes = store.subscribe();
    assert!(!writes.has_changed().unwrap());
    put(&mut store, "a", 1);
    assert!(writes.has_changed().unwrap());
    assert_eq!(*writes.borrow_and_update(), 1);
}
