//! The end of a server: what ends by itself may, what does not is ended.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod echo;

use std::time::Duration;

use echo::{channel, eventually, listen, say, start};
use futures::StreamExt as _;
use tokio::time::{Instant, timeout};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn streams_that_end_by_themselves_let_the_server_end_at_once() {
    let running = start(true, LONG).await;
    let mut stream = listen(channel(running.addr)).await;
    assert_eq!(stream.next().await.unwrap().unwrap(), "hello");
    running.shutdown.begin();
    assert!(stream.next().await.is_none(), "ends well");
    timeout(LONG / 4, running.server).await.expect("long before the drain is over").unwrap().unwrap();
}

#[tokio::test]
async fn those_who_watch_health_hear_of_the_end_and_do_not_delay_it() {
    let running = start(true, LONG).await;
    let mut health = HealthClient::new(channel(running.addr));
    let watched = health.watch(HealthCheckRequest { service: echo::NAME.to_owned() }).await.unwrap();
    let mut watched = watched.into_inner();
    while watched.next().await.unwrap().unwrap().status() != ServingStatus::Serving {}
    running.shutdown.begin();
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert_eq!(watched.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    timeout(LONG / 4, running.server).await.expect("long before the drain is over").unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_ended_after_the_drain() {
    let running = start(false, SHORT).await;
    let channel = channel(running.addr);
    let mut stream = listen(channel.clone()).await;
    assert_eq!(stream.next().await.unwrap().unwrap(), "hello");
    let hanging = tokio::spawn(say(channel.clone(), "hang"));
    let started = "messina_grpc_requests_started_total{service=\"test.v1.Echo\",method=\"Say\"} 1";
    eventually(started, || running.metrics.encode().unwrap().contains(started)).await;
    let begun = Instant::now();
    running.shutdown.begin();
    assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    assert!(begun.elapsed() >= SHORT, "not before its time");
    assert_eq!(hanging.await.unwrap().unwrap_err().code(), Code::Unavailable);
    timeout(Duration::from_secs(5), running.server).await.expect("soon after").unwrap().unwrap();
    let counted = "{service=\"test.v1.Echo\",method=\"Listen\",code=\"Unavailable\"} 1";
    assert!(running.metrics.encode().unwrap().contains(counted));
}

#[tokio::test]
async fn nothing_new_is_taken_during_the_drain() {
    let running = start(false, LONG).await;
    let mut stream = listen(channel(running.addr)).await;
    assert_eq!(stream.next().await.unwrap().unwrap(), "hello");
    running.shutdown.begin();
    let refused = async {
        while tokio::net::TcpStream::connect(running.addr).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(10), refused).await.expect("the listener is closed");
    assert!(!running.server.is_finished(), "the stream still goes on");
}
