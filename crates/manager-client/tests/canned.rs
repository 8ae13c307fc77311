//! What Manager, or something that stands in its place, may answer at worst: canned, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use harness::{CLUSTER, TOKEN, assert_fault, cluster, repair, settings};
use messina_domain::manager::TaskKind;
use messina_domain::names::reason;
use messina_manager_client::{MAX_ANSWER_BYTES, ManagerClient};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use uuid::Uuid;

const TASK: Uuid = Uuid::from_u128(0x7a5c);

/// Answers every call by `answer`; gives the address.
async fn serve(answer: impl Fn(&Request<Body>) -> Response<Body> + Clone + Send + Sync + 'static) -> String {
    let router = Router::new().fallback(move |request: Request<Body>| {
        let response = answer(&request);
        async move { response }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

async fn client(status: u16, body: &'static str) -> ManagerClient {
    ManagerClient::new(&settings(&serve(move |_| answer(status, body)).await)).unwrap()
}

#[tokio::test]
async fn only_manager_can_say_that_something_is_gone() {
    for (status, body) in [
        (404, ""),
        (404, "<html>not found</html>"),
        (404, r#"{"message":"no Route matched with those values"}"#),
        (
            404,
            r#"{"message":"find endpoint for path /v2/cluster - make sure api-url is correct","details":"","trace_id":"x"}"#,
        ),
        (500, "task is deleted"),
        (301, ""),
        (405, ""),
    ] {
        let client = client(status, body).await;
        let garbage = reason::MANAGER_GARBAGE;
        assert_fault(client.clusters().delete(CLUSTER).await, "transient", garbage, "");
        assert_fault(client.clusters().get(CLUSTER).await, "transient", garbage, "");
        assert_fault(client.tasks().delete(CLUSTER, &TaskKind::Repair, TASK).await, "transient", garbage, "");
        assert_fault(client.tasks().list(CLUSTER).await, "transient", garbage, "");
    }
}

#[tokio::test]
async fn success_without_sense_is_no_success() {
    let garbage = reason::MANAGER_GARBAGE;
    for body in
        ["", "<html>welcome</html>", "[", "[{}]", "7", "\"x\"", "{\"message\":\"bcdfghjklmnpqrstvwxz\"}"]
    {
        let client = client(200, body).await;
        assert_fault(client.clusters().list().await, "transient", garbage, "listing the clusters");
        assert_fault(client.clusters().get(CLUSTER).await, "transient", garbage, "reading the cluster");
        assert_fault(client.tasks().list(CLUSTER).await, "transient", garbage, "listing the tasks");
        assert_fault(client.tasks().suspended(CLUSTER).await, "transient", garbage, "suspended");
        assert_fault(client.tasks().create(CLUSTER, &repair("x")).await, "transient", garbage, "creating");
        assert_fault(client.clusters().put_new(&cluster(CLUSTER, "x")).await, "transient", garbage, "while ");
    }
}

#[tokio::test]
async fn a_page_is_no_success_of_a_write() {
    let client = client(200, "<html>welcome</html>").await;
    let garbage = reason::MANAGER_GARBAGE;
    assert_fault(client.clusters().delete(CLUSTER).await, "transient", garbage, "deregistering");
    assert_fault(client.clusters().replace(&cluster(CLUSTER, "x")).await, "transient", garbage, "updating");
    assert_fault(
        client.tasks().delete(CLUSTER, &TaskKind::Repair, TASK).await,
        "transient",
        garbage,
        "deleting",
    );
    assert_fault(
        client.tasks().stop(CLUSTER, &TaskKind::Repair, TASK).await,
        "transient",
        garbage,
        "stopping",
    );
}

#[tokio::test]
async fn one_unreadable_item_hides_nothing_by_hiding_everything() {
    let list = r#"[{"id":"7f0c5b3e-0000-4000-8000-000000000001","type":"repair","name":"good"},
                   {"id":"7f0c5b3e-0000-4000-8000-000000000002","type":"repair","labels":{"a":7}}]"#;
    let client = client(200, list).await;
    let part = "7f0c5b3e-0000-4000-8000-000000000002";
    assert_fault(client.tasks().list(CLUSTER).await, "transient", reason::MANAGER_GARBAGE, part);
    assert_fault(client.clusters().list().await, "transient", reason::MANAGER_GARBAGE, part);
}

#[tokio::test]
async fn the_id_is_the_last_segment_of_location_and_the_first_document_counts() {
    for location in [
        format!("/api/v1/cluster/{CLUSTER}/task/repair/{TASK}"),
        format!("/api/v1/cluster/prod/tasks/task/repair/{TASK}"),
        format!("http://elsewhere/x/{TASK}/"),
    ] {
        let url = serve(move |_| {
            let mut response = answer(201, "");
            response.headers_mut().insert("location", location.parse().unwrap());
            response
        })
        .await;
        let client = ManagerClient::new(&settings(&url)).unwrap();
        assert_eq!(client.tasks().create(CLUSTER, &repair("x")).await.unwrap(), TASK);
        let registered = client.clusters().put_new(&cluster(CLUSTER, "x")).await;
        assert_fault(registered, "transient", reason::MANAGER_GARBAGE, &TASK.to_string());
    }
    let two = "{\"message\":\"create task: cluster is suspended\",\"details\":\"\",\"trace_id\":\"a\"}\n{\"message\":\"malformed\"}";
    let client = client(400, two).await;
    let refused = client.tasks().create(CLUSTER, &repair("x")).await;
    assert_fault(refused, "waiting", reason::CLUSTER_SUSPENDED, "answered 400");
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            connections.push(connection);
        }
    });
    let mut settings = settings(&url);
    settings.read_timeout = Duration::from_millis(50);
    settings.write_timeout = Duration::from_millis(80);
    let client = ManagerClient::new(&settings).unwrap();
    let unavailable = reason::MANAGER_UNAVAILABLE;
    assert_fault(client.clusters().list().await, "transient", unavailable, "within 0.05s");
    assert_fault(client.clusters().delete(CLUSTER).await, "transient", unavailable, "within 0.08s");
    held.abort();
}

/// Reads a request and sends `bytes`, then closes.
async fn raw(bytes: Vec<u8>) -> ManagerClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let bytes = Arc::new(bytes);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let bytes = Arc::clone(&bytes);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                if connection.read(&mut request).await.is_ok() {
                    // Whoever reads may have had enough of it.
                    connection.write_all(&bytes).await.ok();
                }
            });
        }
    });
    ManagerClient::new(&settings(&url)).unwrap()
}

#[tokio::test]
async fn a_connection_that_breaks_says_nothing() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]",
        b"HTTP/1.1 200 O",
        b"\x00\x01\x02 what is this\r\n\r\n",
    ] {
        let client = raw(bytes.to_vec()).await;
        assert_fault(client.clusters().list().await, "transient", reason::MANAGER_UNAVAILABLE, "broke");
    }
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut settings = settings(&url);
    settings.manager_name = Some("east".into());
    let client = ManagerClient::new(&settings).unwrap();
    let fault = client.clusters().list().await.unwrap_err();
    assert!(
        fault.to_string().contains("'east' cannot be reached") && fault.to_string().contains(&url),
        "{fault}"
    );
    assert!(fault.to_string().contains("refused"), "{fault}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n[", MAX_ANSWER_BYTES + 1);
    let mut endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b' '; 0x10000];
    for _ in 0..=MAX_ANSWER_BYTES / chunk.len() {
        endless.extend_from_slice(b"10000\r\n");
        endless.extend_from_slice(&chunk);
        endless.extend_from_slice(b"\r\n");
    }
    for bytes in [announced.into_bytes(), endless] {
        let client = raw(bytes).await;
        assert_fault(client.clusters().list().await, "transient", reason::MANAGER_GARBAGE, "larger");
    }
}

#[tokio::test]
async fn a_proxy_in_front_is_recognised() {
    for (status, expected, part) in [
        (401, reason::MANAGER_REFUSED, "in front"),
        (403, reason::MANAGER_REFUSED, "in front"),
        (429, reason::MANAGER_UNAVAILABLE, "429"),
        (502, reason::MANAGER_UNAVAILABLE, "502"),
    ] {
        let client = client(status, "<html>secret words</html>").await;
        let fault = client.clusters().delete(CLUSTER).await.unwrap_err();
        assert!(!fault.to_string().contains("secret words"), "{fault}");
        assert_fault::<()>(Err(fault), "transient", expected, part);
    }
    let url = serve(|_| {
        let mut response = answer(503, "");
        response.headers_mut().insert("retry-after", "7".parse().unwrap());
        response
    })
    .await;
    let client = ManagerClient::new(&settings(&url)).unwrap();
    let fault = client.clusters().delete(CLUSTER).await.unwrap_err();
    assert_eq!(fault.detail().retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn redirects_are_not_followed_with_a_token_in_hand() {
    let elsewhere = serve(|_| panic!("followed")).await;
    let url = serve(move |_| {
        let mut response = answer(307, "");
        response.headers_mut().insert("location", elsewhere.parse().unwrap());
        response
    })
    .await;
    let client = ManagerClient::new(&settings(&url)).unwrap();
    let fault = client.clusters().put_new(&cluster(CLUSTER, "x")).await;
    assert_fault(fault, "transient", reason::MANAGER_GARBAGE, "307");
}

#[tokio::test]
async fn requests_are_what_was_agreed() {
    let url = serve(|request| {
        let headers: &HeaderMap = request.headers();
        assert_eq!(headers["accept"], "application/json");
        assert_eq!(headers["traceparent"], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let text = format!("{} {}", request.method(), request.uri());
        answer(500, format!(r#"{{"message":"{text}","trace_id":"x"}}"#))
    })
    .await;
    let mut settings = settings(&format!("{url}/behind/a/proxy/"));
    settings.traceparent =
        Some(Arc::new(|| Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into())));
    let client = ManagerClient::new(&settings).unwrap();
    let (clusters, tasks, repair_kind) = (client.clusters(), client.tasks(), TaskKind::Repair);
    let c = format!("/behind/a/proxy/cluster/{CLUSTER}");
    let t = format!("{c}/task/repair/{TASK}");
    let said = |fault: messina_fault::Fault| fault.detail().message.rsplit_once(": ").unwrap().1.to_owned();
    assert_eq!(said(clusters.list().await.unwrap_err()), "GET /behind/a/proxy/clusters");
    assert_eq!(said(clusters.get(CLUSTER).await.unwrap_err()), format!("GET {c}"));
    assert_eq!(
        said(clusters.put_new(&cluster(CLUSTER, "x")).await.unwrap_err()),
        "POST /behind/a/proxy/clusters"
    );
    assert_eq!(said(clusters.replace(&cluster(CLUSTER, "x")).await.unwrap_err()), format!("PUT {c}"));
    assert_eq!(said(clusters.delete(CLUSTER).await.unwrap_err()), format!("DELETE {c}"));
    assert_eq!(said(tasks.list(CLUSTER).await.unwrap_err()), format!("GET {c}/tasks?all=true"));
    assert_eq!(said(tasks.suspended(CLUSTER).await.unwrap_err()), format!("GET {c}/suspended"));
    assert_eq!(said(tasks.create(CLUSTER, &repair("x")).await.unwrap_err()), format!("POST {c}/tasks"));
    assert_eq!(
        said(tasks.target(CLUSTER, &repair("x")).await.unwrap_err()),
        format!("GET {c}/tasks/repair/target")
    );
    assert_eq!(said(tasks.replace(CLUSTER, TASK, &repair("x")).await.unwrap_err()), format!("PUT {t}"));
    assert_eq!(said(tasks.delete(CLUSTER, &repair_kind, TASK).await.unwrap_err()), format!("DELETE {t}"));
    assert_eq!(said(tasks.stop(CLUSTER, &repair_kind, TASK).await.unwrap_err()), format!("PUT {t}/stop"));
    let start = tasks.start(CLUSTER, &repair_kind, TASK, false).await.unwrap_err();
    assert_eq!(said(start), format!("PUT {t}/start?continue=false"));
    let history = tasks.history(CLUSTER, &repair_kind, TASK, 10).await.unwrap_err();
    assert_eq!(said(history), format!("GET {t}/history?limit=10"));
    assert_eq!(
        said(tasks.progress(CLUSTER, &repair_kind, TASK).await.unwrap_err()),
        format!("GET {t}/latest")
    );
}

#[tokio::test]
async fn a_token_that_is_listed_is_held_and_not_shown() {
    let list = r#"[{"id":"7f0c5b3e-0000-4000-8000-000000000001","auth_token":"bcdfghjklmnpqrstvwxz2456789bcdfg","username":"set"},
                   {"id":"7f0c5b3e-0000-4000-8000-000000000002","auth_token":"short"}]"#;
    let client = client(200, list).await;
    let held = client.clusters().list().await.unwrap();
    assert!(held[0].token.as_ref().unwrap().matches(TOKEN));
    assert!(held[1].token.is_none());
    assert!(!format!("{held:?}").contains("bcdfgh"));
}
