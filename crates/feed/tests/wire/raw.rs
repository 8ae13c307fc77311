//! The service as a client such as grpcurl sees it.

use futures::StreamExt;
use messina_control_api::watch::v1 as wire;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};
use wire::watch_request::Request;
use wire::watch_response::Response;
use wire::watch_service_client::WatchServiceClient;

use super::site::{channel, cluster, feed, key, serve, settings, until};

fn subscribe(subscribe: wire::Subscribe) -> wire::WatchRequest {
    wire::WatchRequest { request: Some(Request::Subscribe(subscribe)) }
}

async fn next(stream: &mut Streaming<wire::WatchResponse>) -> Response {
    stream.message().await.unwrap().unwrap().response.unwrap()
}

#[tokio::test]
async fn one_request_and_a_half_close_is_enough_to_follow() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let mut client = WatchServiceClient::new(channel(serve(&feed).await));
    let only = futures::stream::iter([subscribe(wire::Subscribe::default())]);
    let mut stream = client.watch(only).await.unwrap().into_inner();
    assert!(matches!(next(&mut stream).await, Response::Start(start) if start.datacenter == "east"));
    assert!(matches!(next(&mut stream).await, Response::Snapshot(_)));
    assert!(matches!(next(&mut stream).await, Response::Synced(_)));
    for generation in 2..10 {
        feed.upsert(cluster("a", "u1", generation), None);
        let Response::Upsert(carried) = next(&mut stream).await else { panic!() };
        assert_eq!(carried.object().generation, generation);
    }
}

#[tokio::test]
async fn bad_requests_are_answered_with_the_field() {
    let feed = feed(settings("e"), &[]);
    let mut client = WatchServiceClient::new(channel(serve(&feed).await));
    let ack = wire::WatchRequest { request: Some(Request::Ack(wire::Ack { revision: 1 })) };
    let unknown = subscribe(wire::Subscribe { kinds: vec![1, 77], ..Default::default() });
    for (first, said) in
        [(vec![ack], "ack"), (vec![], "subscribe"), (vec![unknown], "subscribe.kinds[1]: 77")]
    {
        let status = client.watch(futures::stream::iter(first)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with(said), "{status}");
        let field = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
        assert!(said.starts_with(&field.field_violations[0].field));
    }
    let twice = [(); 2].map(|()| subscribe(wire::Subscribe::default()));
    let open = futures::stream::iter(twice).chain(futures::stream::pending());
    let mut stream = client.watch(open).await.unwrap().into_inner();
    let status = loop {
        match stream.message().await {
            Ok(message) => assert!(message.is_some(), "the stream ended well"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn subscribers_are_listed_until_they_vanish() {
    let feed = feed(settings("e"), &[("a", "u1")]);
    let mut client = WatchServiceClient::new(channel(serve(&feed).await));
    let (requests, inbound) = tokio::sync::mpsc::channel(8);
    let subscriber = "task-sync".to_owned();
    requests.send(subscribe(wire::Subscribe { subscriber, ..Default::default() })).await.unwrap();
    let mut stream = client.watch(ReceiverStream::new(inbound)).await.unwrap().into_inner();
    for _ in 0..3 {
        next(&mut stream).await;
    }
    let nack = wire::Nack { revision: 1, key: Some(key("a")), reason: "no".into() };
    for request in [Request::Nack(nack.clone()), Request::Ack(wire::Ack { revision: 1 })] {
        requests.send(wire::WatchRequest { request: Some(request) }).await.unwrap();
    }
    let list = async |client: &mut WatchServiceClient<_>| {
        client.list_subscribers(wire::ListSubscribersRequest {}).await.unwrap().into_inner()
    };
    until("the answers are in", async || {
        list(&mut client).await.subscribers.first().is_some_and(|one| one.acked_revision == 1)
    })
    .await;
    let listed = list(&mut client).await;
    assert_eq!(listed.head, Some(wire::ResumeToken { epoch: "e".into(), revision: 1 }));
    let one = &listed.subscribers[0];
    assert_eq!(
        (one.name.as_str(), one.sent_revision, one.pending, one.state.as_str()),
        ("task-sync", 1, 0, "NACKED")
    );
    assert_eq!(one.nacks, [nack]);
    assert!(one.peer.starts_with("127.0.0.1:") && one.since.is_some());
    drop((stream, requests));
    until("the stream is gone", async || list(&mut client).await.subscribers.is_empty()).await;
}

#[tokio::test]
async fn a_reader_that_reads_nothing_costs_nothing_and_gets_the_last_state() {
    let feed = feed(settings("e"), &[]);
    let mut client = WatchServiceClient::new(channel(serve(&feed).await));
    let only = futures::stream::iter([subscribe(wire::Subscribe::default())]);
    let mut stream = client.watch(only).await.unwrap().into_inner();
    for round in 0..100_000_i64 {
        feed.upsert(cluster(&format!("c{}", round % 20), "u1", round), None);
        if round % 500 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let listed = client.list_subscribers(wire::ListSubscribersRequest {}).await.unwrap().into_inner();
    assert!(listed.subscribers[0].pending <= 20);
    let (mut messages, mut last) = (0, std::collections::BTreeMap::new());
    while last.get("c19") != Some(&99_999) {
        messages += 1;
        if let Response::Upsert(carried) | Response::Snapshot(carried) = next(&mut stream).await {
            last.insert(carried.object().key.clone().unwrap().name, carried.object().generation);
        }
    }
    assert!((0..20).all(|at| last[&format!("c{at}")] == 99_980 + at), "{last:?}");
    assert!(messages < 50_000, "{messages} messages: states that nobody waited for were sent");
}
