//! Real RPCs over loopback: health, reflection, counters, errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod echo;

use std::time::Duration;

use echo::{call, channel, eventually, listen, say, start};
use futures::StreamExt as _;
use messina_fault::Fault;
use messina_service_runtime::Failure;
use messina_service_runtime::args::GrpcArgs;
use messina_service_runtime::errors::status_to_fault;
use messina_service_runtime::grpc::GrpcServer;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const DRAIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn rpcs_are_answered_and_counted() {
    let running = start(true, DRAIN).await;
    let channel = channel(running.addr);
    assert_eq!(say(channel.clone(), "hello").await.unwrap(), "hello");
    let status = say(channel.clone(), "fail").await.unwrap_err();
    assert_eq!(status_to_fault(&status, &["AwaitingToken"]), Fault::waiting("AwaitingToken", "no token yet"));
    for path in ["/test.v1.Echo/Shout", "/no.such.Service/Say", "/grpc.made.up/Label"] {
        assert_eq!(call(channel.clone(), path, "x").await.unwrap_err().code(), Code::Unimplemented);
    }
    let mut stream = listen(channel.clone()).await;
    assert_eq!(stream.next().await.unwrap().unwrap(), "hello");
    drop(stream);
    let expected = [
        "messina_grpc_requests_started_total{service=\"test.v1.Echo\",method=\"Say\"} 2",
        "messina_grpc_requests_total{service=\"test.v1.Echo\",method=\"Say\",code=\"OK\"} 1",
        "messina_grpc_requests_total{service=\"test.v1.Echo\",method=\"Say\",code=\"FailedPrecondition\"} 1",
        "messina_grpc_requests_total{service=\"test.v1.Echo\",method=\"Listen\",code=\"Cancelled\"} 1",
        "messina_grpc_requests_total{service=\"other\",method=\"other\",code=\"Unimplemented\"} 3",
    ];
    for line in expected {
        eventually(line, || running.metrics.encode().unwrap().contains(line)).await;
    }
    assert!(!running.metrics.encode().unwrap().contains("made.up"), "a client cannot invent labels");
}

#[tokio::test]
async fn health_follows_readiness_for_every_service() {
    let running = start(true, DRAIN).await;
    let gate = running.readiness.gate("feed");
    let mut health = HealthClient::new(channel(running.addr));
    let request = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let mut watches = Vec::new();
    for service in ["", echo::NAME] {
        watches.push(health.watch(request(service)).await.unwrap().into_inner());
    }
    for ready in [true, false, true] {
        if ready {
            gate.ready()
        } else {
            gate.not_ready("lost")
        }
        let expected = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        for (watch, service) in watches.iter_mut().zip(["", echo::NAME]) {
            while watch.next().await.unwrap().unwrap().status() != expected {}
            let checked = health.check(request(service)).await.unwrap().into_inner();
            assert_eq!(checked.status(), expected, "{service:?}");
        }
    }
    assert_eq!(health.check(request("no.such.Service")).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn both_reflections_list_the_services() {
    let running = start(true, DRAIN).await;
    let own = [echo::NAME, "grpc.health.v1.Health"];
    macro_rules! listed {
        ($version:ident) => {{
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
            let ask = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut client = ServerReflectionClient::new(channel(running.addr));
            let answers = client.server_reflection_info(futures::stream::iter([ask])).await.unwrap();
            match answers.into_inner().next().await.unwrap().unwrap().message_response {
                Some(MessageResponse::ListServicesResponse(list)) => {
                    list.service.into_iter().map(|service| service.name).collect::<Vec<_>>()
                }
                other => panic!("not a list: {other:?}"),
            }
        }};
    }
    for names in [listed!(v1), listed!(v1alpha)] {
        assert!(own.iter().all(|own| names.iter().any(|name| name == own)), "{names:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_is_found_when_it_comes() {
    let first = start(true, DRAIN).await;
    let (addr, channel) = (first.addr, channel(first.addr));
    assert_eq!(say(channel.clone(), "a").await.unwrap(), "a");
    first.shutdown.begin();
    first.server.await.unwrap().unwrap();
    assert_eq!(status_to_fault(&say(channel.clone(), "b").await.unwrap_err(), &[]).class(), "transient");
    let args = GrpcArgs { listen: addr.into(), insecure_loopback: true };
    let second = GrpcServer::bind(&args).await.unwrap();
    assert_eq!(second.local_addr(), addr);
    let taken = GrpcServer::bind(&args).await.unwrap_err();
    assert!(
        matches!(&taken, Failure::Broken(line) if line.starts_with("cannot listen on 127.0.0.1:")),
        "{taken}"
    );
}

#[tokio::test]
async fn plain_text_is_refused_where_it_is_not_allowed() {
    for (listen, insecure_loopback) in [("0.0.0.0:0", true), ("0.0.0.0:0", false), ("127.0.0.1:0", false)] {
        let args = GrpcArgs { listen: listen.parse().unwrap(), insecure_loopback };
        let refused = GrpcServer::bind(&args).await.unwrap_err();
        assert_eq!(refused.exit_code(), 64, "{refused}");
    }
}
