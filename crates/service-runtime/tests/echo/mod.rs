//! A gRPC service small enough to be written by hand: `test.v1.Echo` with `Say` (unary) and `Listen` (server
//! streaming). Requests and responses are `google.protobuf.StringValue`.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use http::uri::PathAndQuery;
use messina_fault::Fault;
use messina_service_runtime::args::GrpcArgs;
use messina_service_runtime::errors::fault_to_status;
use messina_service_runtime::grpc::{self, GrpcServer, RpcMetrics, ServeError, Services, Serving};
use messina_service_runtime::trace::current_traceparent;
use messina_service_runtime::{ConfigErrors, Metrics, Readiness, Shutdown, transport};
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

pub const NAME: &str = "test.v1.Echo";

/// `Say` answers what it is told, except for "fail" (a fault), "traceparent" (the current one) and "hang"
/// (nothing). `Listen` says "hello" and then nothing, until the shutdown if it is polite, else for ever.
#[derive(Clone)]
pub struct Echo {
    pub shutdown: Shutdown,
    pub polite: bool,
}

impl NamedService for Echo {
    const NAME: &'static str = NAME;
}

impl Echo {
    async fn say(request: Request<String>) -> Result<Response<String>, Status> {
        match request.get_ref().as_str() {
            "fail" => Err(fault_to_status(&Fault::waiting("AwaitingToken", "no token yet"))),
            "traceparent" => Ok(Response::new(current_traceparent().unwrap_or_default())),
            "hang" => std::future::pending().await,
            text => Ok(Response::new(text.to_owned())),
        }
    }

    async fn listen(self) -> Result<Response<BoxStream<'static, Result<String, Status>>>, Status> {
        let hello = stream::iter([Ok("hello".to_owned())]);
        let silence = stream::pending();
        let stream = if self.polite {
            let end = async move { self.shutdown.begun().await };
            hello.chain(silence.take_until(Box::pin(end))).boxed()
        } else {
            hello.chain(silence).boxed()
        };
        Ok(Response::new(stream))
    }
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<String, String>::default());
            Ok(match request.uri().path() {
                "/test.v1.Echo/Say" => grpc.unary(service_fn(Self::say), request).await,
                "/test.v1.Echo/Listen" => {
                    let listen = service_fn(move |_: Request<String>| this.clone().listen());
                    grpc.server_streaming(listen, request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// What a protobuf compiler would have made of the service.
pub fn descriptors() -> &'static [u8] {
    let method = |name: &str, streaming| MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".google.protobuf.StringValue".to_owned()),
        output_type: Some(".google.protobuf.StringValue".to_owned()),
        server_streaming: Some(streaming),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("Echo".to_owned()),
        method: vec![method("Say", false), method("Listen", true)],
        ..ServiceDescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("test/v1/echo.proto".to_owned()),
        package: Some("test.v1".to_owned()),
        service: vec![service],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec().leak()
}

/// A server that runs, and what belongs to it.
pub struct Running {
    pub addr: SocketAddr,
    pub readiness: Readiness,
    pub shutdown: Shutdown,
    pub metrics: Metrics,
    pub server: JoinHandle<Result<(), ServeError>>,
}

pub async fn start(polite: bool, drain: Duration) -> Running {
    let (readiness, shutdown) = (Readiness::new(), Shutdown::new());
    let metrics = Metrics::new("test", "0.0.0");
    let args = GrpcArgs { listen: "127.0.0.1:0".parse().unwrap(), insecure_loopback: true };
    let server = GrpcServer::bind(&args).await.unwrap();
    let addr = server.local_addr();
    let services =
        Services::new().service(Echo { shutdown: shutdown.clone(), polite }).descriptors(descriptors());
    let serving = Serving {
        readiness: readiness.clone(),
        shutdown: shutdown.clone(),
        metrics: RpcMetrics::new(&metrics),
        drain,
    };
    let server = tokio::spawn(server.serve(services, serving));
    Running { addr, readiness, shutdown, metrics, server }
}

pub fn channel(addr: SocketAddr) -> grpc::Channel {
    let mut errors = ConfigErrors::new();
    let url = format!("http://{addr}").parse().unwrap();
    let peer = transport::peer("--server", &url, true, &mut errors).expect("loopback");
    grpc::channel(&peer)
}

pub async fn say(channel: grpc::Channel, text: &str) -> Result<String, Status> {
    call(channel, "/test.v1.Echo/Say", text).await
}

pub async fn call(channel: grpc::Channel, path: &'static str, text: &str) -> Result<String, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<String, String>::default();
    let request = Request::new(text.to_owned());
    client.unary(request, PathAndQuery::from_static(path), codec).await.map(Response::into_inner)
}

pub async fn listen(channel: grpc::Channel) -> Pin<Box<Streaming<String>>> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = ProstCodec::<String, String>::default();
    let request = Request::new(String::new());
    let path = PathAndQuery::from_static("/test.v1.Echo/Listen");
    Box::pin(client.server_streaming(request, path, codec).await.unwrap().into_inner())
}

/// Waits for a state, for at most 10 s.
pub async fn eventually(what: &str, mut reached: impl FnMut() -> bool) {
    let wait = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}
