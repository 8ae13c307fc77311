//! Switches for tests: faults, counts and refusals, as a kube-rs client meets them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod fixture;

use std::sync::Arc;
use std::time::Duration;

use fixture::{Widget, client, install, server, server_with, widget, within};
use http::Request;
use jiff::Timestamp;
use kube::Error;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use messina_fake_apiserver::{Access, Account, Fault, FaultAnswer, Grant, Options};
use serde_json::json;

fn code<T: std::fmt::Debug>(result: kube::Result<T>) -> u16 {
    match result.unwrap_err() {
        Error::Api(status) => status.code,
        other => panic!("{other:?}"),
    }
}

fn trouble(code: u16, reason: &str) -> FaultAnswer {
    FaultAnswer::Status { code, reason: reason.to_owned(), message: "injected".to_owned() }
}

#[tokio::test]
async fn a_fault_strikes_its_verb_and_resource_as_often_as_told() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    server.inject(Fault::on("create", "widgets", 2, trouble(403, "Forbidden")));
    assert_eq!(
        widgets.list(&ListParams::default()).await.unwrap().items.len(),
        0,
        "other verbs are left alone"
    );
    for _ in 0..2 {
        assert_eq!(code(widgets.create(&PostParams::default(), &widget("a", 1)).await), 403);
    }
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
}

#[tokio::test]
async fn garbage_empty_and_silence() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    for answer in [FaultAnswer::Garbage, FaultAnswer::Empty] {
        server.inject(Fault::on("list", "widgets", 1, answer.clone()));
        let error = widgets.list(&ListParams::default()).await.unwrap_err();
        assert!(matches!(error, Error::SerdeError(_)), "{answer:?}: {error:?}");
    }
    server.inject(Fault::everywhere(u64::MAX, FaultAnswer::Hang));
    let hung = tokio::time::timeout(Duration::from_millis(100), widgets.list(&ListParams::default())).await;
    assert!(hung.is_err(), "no answer comes");
    server.clear_faults();
    widgets.list(&ListParams::default()).await.unwrap();
    server.inject(Fault::on("list", "widgets", 1, FaultAnswer::DelayMillis(5)));
    widgets.list(&ListParams::default()).await.unwrap();
}

#[tokio::test]
async fn a_server_stops_although_someone_hangs_and_watches() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let _watch = widgets.watch(&Default::default(), "0").await.unwrap();
    server.inject(Fault::on("list", "widgets", 1, FaultAnswer::Hang));
    let params = ListParams::default();
    let (listed, ()) = tokio::join!(widgets.list(&params), async {
        while server.counts().of("list", "widgets") == 0 {
            tokio::task::yield_now().await;
        }
        within(server.shutdown()).await;
    });
    assert!(listed.is_err());
}

#[tokio::test]
async fn requests_are_counted_by_what_they_do() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    server.reset_counts();
    widgets.get("a").await.unwrap();
    assert_eq!((server.counts().total(), server.counts().writes()), (1, 0));
    let status = Patch::Merge(json!({"status": {"phase": "x"}}));
    widgets.patch_status("a", &PatchParams::default(), &status).await.unwrap();
    let apply = json!({"apiVersion": "fixture.dev/v1", "kind": "Widget", "spec": {"size": 1}});
    widgets.patch("a", &PatchParams::apply("x"), &Patch::Apply(&apply)).await.unwrap();
    let counts = server.counts();
    assert_eq!(counts.of_subresource("patch", "widgets", "status"), 1);
    assert_eq!((counts.of("apply", "widgets"), counts.writes()), (1, 2));
}

#[tokio::test]
async fn the_switches_work_over_http_too() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client.clone());
    let fault = json!({
        "verb": "get", "resource": "widgets", "times": 1,
        "answer": {"status": {"code": 418, "reason": "Teapot", "message": "short and stout"}},
    });
    let post = |path: &str, body: String| Request::post(path).body(body.into_bytes()).unwrap();
    client.request_text(post("/_fake/faults", fault.to_string())).await.unwrap();
    assert_eq!(code(widgets.get("a").await), 418);
    let counts = client.request_text(Request::get("/_fake/counts").body(Vec::new()).unwrap()).await.unwrap();
    assert!(counts.contains(r#""count":1,"group":"fixture.dev","resource":"widgets""#), "{counts}");
    for path in ["/_fake/watches/drop", "/_fake/compact"] {
        client.request_text(post(path, String::new())).await.unwrap();
    }
    let before = server.revision();
    assert!(before > 0);
    let pause = json!({"paused": true}).to_string();
    client.request_text(post("/_fake/bookmarks", pause)).await.unwrap();
}

#[tokio::test]
async fn accounts_may_do_what_they_are_granted() {
    let account = |token: &str, user: &str, grants: Vec<Grant>| Account {
        token: token.to_owned(),
        user: user.to_owned(),
        grants,
    };
    let access = Access::Accounts(vec![
        account("root", "admin", vec![Grant::new("*", "*", "*")]),
        account("ro", "reader", vec![Grant::new("get", "fixture.dev", "widgets")]),
    ]);
    let server = server_with(Options { access, ..Options::default() }).await;
    install(&client(&server.kubeconfig_with_token("root")).await).await;
    let reader: Api<Widget> = Api::default_namespaced(client(&server.kubeconfig_with_token("ro")).await);
    assert_eq!(code(reader.get("a").await), 404, "it may ask");
    let Err(Error::Api(refused)) = reader.create(&PostParams::default(), &widget("a", 1)).await else {
        panic!("it was let in")
    };
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            403,
            "widgets.fixture.dev is forbidden: User \"reader\" cannot create resource \"widgets\" in API group \"fixture.dev\" in the namespace \"default\""
        )
    );
    let stranger: Api<Widget> = Api::default_namespaced(client(&server.kubeconfig()).await);
    assert_eq!(code(stranger.get("a").await), 401);
}

#[tokio::test]
async fn times_come_from_the_given_clock() {
    let time: Timestamp = "2031-02-03T04:05:06Z".parse().unwrap();
    let server = server_with(Options { clock: Arc::new(move || time), ..Options::default() }).await;
    let client = client(&server.kubeconfig()).await;
    install(&client).await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let created = widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    assert_eq!(created.metadata.creation_timestamp.unwrap().0, time);
    assert_eq!(created.metadata.managed_fields.unwrap()[0].time.as_ref().unwrap().0, time);
}
