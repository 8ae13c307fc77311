//! kube-rs watches as it would on a real API server, and comes through what goes wrong there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod fixture;

use std::pin::pin;
use std::time::Duration;

use fixture::{Widget, client, install, server, server_with, widget, within};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::watcher::{Config, Error, Event};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{CustomResourceExt, ResourceExt};
use messina_fake_apiserver::Options;
use serde_json::json;

type Events = BoxStream<'static, Result<Event<Widget>, Error>>;

fn watch(widgets: &Api<Widget>, config: Config) -> Events {
    watcher(widgets.clone(), config).boxed()
}

/// The next event in short: what happened, and to which size.
async fn next(events: &mut Events) -> String {
    match within(events.next()).await.unwrap() {
        Ok(Event::Init) => "init".to_owned(),
        Ok(Event::InitApply(widget)) => format!("present {} {}", widget.name_any(), widget.spec.size),
        Ok(Event::InitDone) => "synced".to_owned(),
        Ok(Event::Apply(widget)) => format!("apply {} {}", widget.name_any(), widget.spec.size),
        Ok(Event::Delete(widget)) => format!("delete {}", widget.name_any()),
        Err(error) => format!("error {error}"),
    }
}

async fn resize(widgets: &Api<Widget>, name: &str, size: u32) {
    let patch = Patch::Merge(json!({"spec": {"size": size}}));
    widgets.patch(name, &PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test]
async fn a_watcher_sees_what_there_is_and_what_changes() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    for config in [Config::default(), Config::default().streaming_lists(), Config::default().page_size(1)] {
        let mut events = watch(&widgets, config);
        assert_eq!(next(&mut events).await, "init");
        assert_eq!(next(&mut events).await, "present a 1");
        assert_eq!(next(&mut events).await, "synced");
        resize(&widgets, "a", 2).await;
        assert_eq!(next(&mut events).await, "apply a 2");
        resize(&widgets, "a", 1).await;
        assert_eq!(next(&mut events).await, "apply a 1");
        widgets.create(&PostParams::default(), &widget("b", 1)).await.unwrap();
        assert_eq!(next(&mut events).await, "apply b 1");
        widgets.delete("b", &DeleteParams::default()).await.unwrap();
        assert_eq!(next(&mut events).await, "delete b");
    }
}

#[tokio::test]
async fn a_dropped_watch_resumes_without_a_gap() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let mut events = watch(&widgets, Config::default());
    assert_eq!((next(&mut events).await, next(&mut events).await), ("init".into(), "synced".into()));
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    assert_eq!(next(&mut events).await, "apply a 1");
    server.drop_watches();
    resize(&widgets, "a", 2).await;
    assert_eq!(next(&mut events).await, "apply a 2", "no second list");
    let watches = server.counts().of("watch", "widgets");
    assert!(watches >= 2, "it was watched again: {watches}");
    assert_eq!(server.counts().of("list", "widgets"), 1);
}

#[tokio::test]
async fn after_compaction_a_watch_starts_over() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let list = widgets.list(&Default::default()).await.unwrap();
    let from = list.metadata.resource_version.unwrap();
    resize(&widgets, "a", 2).await;
    server.compact();
    let mut stream = pin!(widgets.watch(&WatchParams::default(), &from).await.unwrap());
    match within(stream.try_next()).await.unwrap().unwrap() {
        WatchEvent::Error(status) => assert_eq!((status.code, status.reason.as_str()), (410, "Expired")),
        other => panic!("{other:?} instead of an error"),
    }

    let mut events = watch(&widgets, Config::default());
    for expected in ["init", "present a 2", "synced"] {
        assert_eq!(next(&mut events).await, expected);
    }
    server.drop_watches();
    // Whether the watch is open again before the write or after it, the history is gone in between.
    resize(&widgets, "a", 3).await;
    server.compact();
    let mut seen = Vec::new();
    while !seen.iter().any(|event: &String| event.ends_with("a 3")) {
        seen.push(next(&mut events).await);
    }
}

#[tokio::test]
async fn the_window_bounds_the_history() {
    let server = server_with(Options { history_window: 3, ..Options::default() }).await;
    let client = client(&server.kubeconfig()).await;
    install(&client).await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let first = widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let mut versions = vec![first.resource_version().unwrap()];
    for size in 2..6 {
        resize(&widgets, "a", size).await;
        versions.push(widgets.get("a").await.unwrap().resource_version().unwrap());
    }
    let mut old = pin!(widgets.watch(&WatchParams::default(), &versions[0]).await.unwrap());
    assert!(matches!(within(old.try_next()).await.unwrap(), Some(WatchEvent::Error(_))));
    let mut kept = pin!(widgets.watch(&WatchParams::default(), &versions[1]).await.unwrap());
    match within(kept.try_next()).await.unwrap() {
        Some(WatchEvent::Modified(widget)) => assert_eq!(widget.spec.size, 3),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn bookmarks_come_and_can_be_held_back() {
    let options = Options { bookmark_interval: Duration::from_millis(20), ..Options::default() };
    let server = server_with(options).await;
    let client = client(&server.kubeconfig()).await;
    install(&client).await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let mut stream = pin!(widgets.watch(&WatchParams::default(), "0").await.unwrap());
    let bookmark = bookmark_revision(&mut stream).await;
    assert_eq!(bookmark, server.revision().to_string());

    server.pause_bookmarks(true);
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    loop {
        // Bookmarks that were under way when the switch fell may still come, before the object.
        match within(stream.try_next()).await.unwrap().unwrap() {
            WatchEvent::Added(widget) => break assert_eq!(widget.name_any(), "a"),
            WatchEvent::Bookmark(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let quiet = tokio::time::timeout(Duration::from_millis(200), stream.try_next()).await;
    assert!(quiet.is_err(), "ten intervals without a bookmark: {quiet:?}");
    server.pause_bookmarks(false);
    assert_eq!(bookmark_revision(&mut stream).await, server.revision().to_string());
}

async fn bookmark_revision(
    stream: &mut (impl Stream<Item = kube::Result<WatchEvent<Widget>>> + Unpin),
) -> String {
    match within(stream.try_next()).await.unwrap().unwrap() {
        WatchEvent::Bookmark(bookmark) => bookmark.metadata.resource_version,
        other => panic!("{other:?} instead of a bookmark"),
    }
}

#[tokio::test]
async fn selected_objects_enter_and_leave_a_watch() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let mut events = watch(&widgets, Config::default().labels("colour=red"));
    assert_eq!((next(&mut events).await, next(&mut events).await), ("init".into(), "synced".into()));
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let colour = |colour: &str| Patch::Merge(json!({"metadata": {"labels": {"colour": colour}}}));
    for (to, expected) in [("red", "apply a 1"), ("blue", "delete a"), ("red", "apply a 1")] {
        widgets.patch("a", &PatchParams::default(), &colour(to)).await.unwrap();
        assert_eq!(next(&mut events).await, expected, "{to}");
    }
}

#[tokio::test]
async fn a_deleted_definition_ends_its_watches_after_the_last_deletions() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client.clone());
    for name in ["a", "b"] {
        widgets.create(&PostParams::default(), &widget(name, 1)).await.unwrap();
    }
    let mut stream = pin!(widgets.watch(&WatchParams::default(), "0").await.unwrap());
    for _ in 0..2 {
        assert!(matches!(within(stream.try_next()).await.unwrap(), Some(WatchEvent::Added(_))));
    }
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    definitions.delete(Widget::crd_name(), &DeleteParams::default()).await.unwrap();
    for name in ["a", "b"] {
        match within(stream.try_next()).await.unwrap() {
            Some(WatchEvent::Deleted(widget)) => assert_eq!(widget.name_any(), name),
            other => panic!("{other:?}"),
        }
    }
    assert!(within(stream.try_next()).await.unwrap().is_none(), "nothing is served any more");
}

#[tokio::test]
async fn many_watchers_see_the_same_order() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let mut watchers: Vec<_> = (0..20)
        .map(|_| watcher(widgets.clone(), Config::default()).default_backoff().touched_objects().boxed())
        .collect();
    let writes = async {
        for round in 1..=5 {
            for name in ["a", "b", "c"] {
                let patch = json!({
                    "apiVersion": "fixture.dev/v1", "kind": "Widget", "metadata": {"name": name},
                    "spec": {"size": round},
                });
                let params = PatchParams::apply("many").force();
                widgets.patch(name, &params, &Patch::Apply(patch)).await.unwrap();
            }
        }
    };
    let reads = futures::future::join_all(watchers.iter_mut().map(|watcher| async move {
        let mut versions: Vec<u64> = Vec::new();
        loop {
            let widget = within(watcher.next()).await.unwrap().unwrap();
            versions.push(widget.resource_version().unwrap().parse().unwrap());
            if widget.name_any() == "c" && widget.spec.size == 5 {
                return versions;
            }
        }
    }));
    let (_, seen) = tokio::join!(writes, reads);
    for versions in seen {
        let started = versions.iter().position(|version| Some(version) == versions.iter().min()).unwrap();
        assert!(versions[started..].is_sorted(), "{versions:?}");
    }
}
