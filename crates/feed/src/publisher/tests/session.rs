//! Whole streams on paused time: bookmarks, half-closing, bad requests, shutdown.

use std::time::Duration;

use futures::channel::mpsc;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use messina_control_api::watch::v1 as wire;
use tokio::time::Instant;
use tonic::{Code, Status};
use wire::watch_request::Request;

use super::*;
use crate::publisher::stream::Session;

type Requests = mpsc::UnboundedSender<Result<wire::WatchRequest, Status>>;
type Responses = BoxStream<'static, Result<wire::WatchResponse, Status>>;

fn open(feed: &Feed) -> (Requests, Responses) {
    let (requests, inbound) = mpsc::unbounded();
    (requests, Session::new(attach(feed, None), inbound.boxed()).into_stream())
}

async fn next(responses: &mut Responses) -> String {
    reader::in_words(&responses.next().await.unwrap().unwrap())
}

fn say(requests: &Requests, request: Request) {
    requests.unbounded_send(Ok(wire::WatchRequest { request: Some(request) })).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_says_so_every_ten_seconds() {
    let feed = serving(settings("e"));
    let (_requests, mut responses) = open(&feed);
    assert_eq!(next(&mut responses).await, "0: start");
    assert_eq!(next(&mut responses).await, "0: synced");
    let begin = Instant::now();
    assert_eq!(next(&mut responses).await, "0: bookmark");
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
    tokio::time::advance(Duration::from_secs(6)).await;
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    assert_eq!(next(&mut responses).await, "1: upsert a u1.1");
    assert_eq!(next(&mut responses).await, "1: bookmark");
    assert_eq!(begin.elapsed(), Duration::from_secs(26), "counted from the last message");
}

#[tokio::test(start_paused = true)]
async fn a_held_stream_is_silent() {
    let feed = Feed::new(settings("e"));
    let (_requests, mut responses) = open(&feed);
    assert!(tokio::time::timeout(Duration::from_secs(100), responses.next()).await.is_err());
    feed.missing_kinds().into_iter().for_each(|kind| feed.kind_synced(kind));
    assert_eq!(next(&mut responses).await, "0: start");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_half_closes_keeps_receiving() {
    let feed = serving(settings("e"));
    let (requests, mut responses) = open(&feed);
    say(&requests, Request::Ack(wire::Ack { revision: 0 }));
    drop(requests);
    assert_eq!(next(&mut responses).await, "0: start");
    assert_eq!(next(&mut responses).await, "0: synced");
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    assert_eq!(next(&mut responses).await, "1: upsert a u1.1");
    assert_eq!(next(&mut responses).await, "1: bookmark");
}

#[tokio::test(start_paused = true)]
async fn answers_are_heard_even_while_there_is_always_more_to_send() {
    let feed = serving(settings("e"));
    let (requests, mut responses) = open(&feed);
    next(&mut responses).await;
    next(&mut responses).await;
    say(&requests, Request::Ack(wire::Ack { revision: 0 }));
    say(&requests, Request::Subscribe(wire::Subscribe::default()));
    feed.upsert(object(&cluster("a"), "u1", 1), None);
    let status = responses.next().await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::InvalidArgument, "subscribe: this stream is subscribed already")
    );
    assert!(responses.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes_is_dropped() {
    let feed = serving(settings("e"));
    let (requests, mut responses) = open(&feed);
    assert_eq!(feed.stats().subscribers, 1);
    requests.unbounded_send(Err(Status::cancelled("connection reset"))).unwrap();
    assert!(responses.next().await.is_none());
    drop(responses);
    let (_requests, responses) = open(&feed);
    drop(responses);
    assert_eq!(feed.stats().subscribers, 0);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_streams_idle_or_busy() {
    let feed = serving(settings("e"));
    let ((_idle, mut idle), (_busy, mut busy)) = (open(&feed), open(&feed));
    next(&mut idle).await;
    next(&mut idle).await;
    assert!(idle.next().now_or_never().is_none());
    feed.shared.settings.shutdown.cancel();
    for responses in [&mut idle, &mut busy] {
        assert_eq!(responses.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
        assert!(responses.next().await.is_none());
    }
}

#[test]
fn a_subscription_is_checked_and_the_field_is_named() {
    let subscribe = |subscribe| Some(wire::WatchRequest { request: Some(Request::Subscribe(subscribe)) });
    let refusal = |first| {
        let status = Subscription::read(first).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        status.message().to_owned()
    };
    assert_eq!(refusal(None), "subscribe: the first request has to subscribe");
    assert_eq!(refusal(Some(wire::WatchRequest::default())), "subscribe: the first request has to subscribe");
    let ack = wire::WatchRequest { request: Some(Request::Ack(wire::Ack::default())) };
    assert_eq!(refusal(Some(ack)), "ack: comes before subscribe");
    for (kinds, said) in
        [(vec![1, 99], "subscribe.kinds[1]: 99 is not"), (vec![0], "subscribe.kinds[0]: 0 is not")]
    {
        let message = refusal(subscribe(wire::Subscribe { kinds, ..Default::default() }));
        assert!(message.starts_with(said), "{message}");
    }
    for subscriber in ["x".repeat(254), "a\nb".to_owned()] {
        let message = refusal(subscribe(wire::Subscribe { subscriber, ..Default::default() }));
        assert!(message.starts_with("subscribe.subscriber: "), "{message}");
    }
    let good = wire::Subscribe { subscriber: "x".into(), kinds: vec![1], ..Default::default() };
    assert_eq!(Subscription::read(subscribe(good)).unwrap().name, "x");
}
