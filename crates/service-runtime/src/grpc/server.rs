//! A gRPC server: bound first, then served until it is drained.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::response::IntoResponse;
use futures::Stream;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic_health::ServingStatus;
use tower::Service;

use super::calls::{CallsLayer, RpcMetrics, Rules};
use super::health;
use super::incoming::incoming;
use crate::args::GrpcArgs;
use crate::config_error::ConfigErrors;
use crate::exit::Failure;
use crate::listen::{BindError, bind};
use crate::readiness::Readiness;
use crate::shutdown::Shutdown;
use crate::trace::ServerTraceLayer;

/// How long streams may go on after the shutdown began, unless told otherwise.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);
/// How long connections may take to close after their last stream was ended for them.
const CLOSE: Duration = Duration::from_secs(1);

/// The services of one port, with the descriptors that reflection answers from.
#[derive(Debug, Clone, Default)]
pub struct Services {
    routes: Routes,
    names: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
}

impl Services {
    /// None yet. Health and reflection are added by the server itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more service.
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add_service(service);
        self.names.push(S::NAME);
        self
    }

    /// An encoded `FileDescriptorSet` that describes services of this port.
    #[must_use]
    pub fn descriptors(mut self, encoded: &'static [u8]) -> Self {
        self.descriptors.push(encoded);
        self
    }
}

/// What a server needs from its process.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Health follows it.
    pub readiness: Readiness,
    /// Streams of the services have to end by themselves when it begins.
    pub shutdown: Shutdown,
    /// Counts the RPCs.
    pub metrics: RpcMetrics,
    /// How long RPCs may go on after the shutdown began; then they are ended with `UNAVAILABLE`.
    pub drain: Duration,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptors are not what protobuf compilers make.
    #[error("the descriptors for reflection are broken")]
    Descriptors(#[from] tonic_reflection::server::Error),
    /// The server cannot go on.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
}

/// The gRPC port, bound but not served yet.
#[derive(Debug)]
pub struct GrpcServer {
    listener: TcpListener,
    addr: SocketAddr,
}

impl GrpcServer {
    /// Binds the port, if it may be listened on in plain text.
    ///
    /// # Errors
    /// What the flags say is refused, or the address cannot be listened on.
    pub async fn bind(args: &GrpcArgs) -> Result<Self, Failure> {
        let mut errors = ConfigErrors::new();
        let Some(addr) = args.check(&mut errors) else { return Err(errors.into()) };
        Ok(Self::listen(addr).await?)
    }

    async fn listen(addr: SocketAddr) -> Result<Self, BindError> {
        let (listener, addr) = bind("--listen", addr).await?;
        Ok(Self { listener, addr })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until the shutdown is done: see [`serve_on`].
    ///
    /// # Errors
    /// Those of [`serve_on`].
    pub async fn serve(self, services: Services, serving: Serving) -> Result<(), ServeError> {
        serve_on(incoming(self.listener), services, serving).await
    }
}

/// Serves these services, health and reflection on connections from anywhere (a listener, a simulated
/// network). When the shutdown begins, health turns to `NOT_SERVING`, no new connection is taken, and RPCs
/// get [`Serving::drain`] to end; the rest is ended with `UNAVAILABLE`.
///
/// # Errors
/// Broken descriptors, or a server that cannot go on.
pub async fn serve_on<I, C, E>(incoming: I, services: Services, serving: Serving) -> Result<(), ServeError>
where
    I: Stream<Item = Result<C, E>>,
    C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Serving { readiness, shutdown, metrics, drain } = serving;
    let Services { routes, mut names, mut descriptors } = services;
    names.push("");
    descriptors.push(tonic_health::pb::FILE_DESCRIPTOR_SET);
    // So that tools can read the details of errors.
    descriptors.push(tonic_types::pb::FILE_DESCRIPTOR_SET);
    let (reporter, health_service) = tonic_health::server::health_reporter();
    health::set(&reporter, &names, ServingStatus::NotServing).await;
    let routes = reflection(routes.add_service(health_service), &names, &descriptors)?;
    let (own, all) = (CancellationToken::new(), CancellationToken::new());
    let rules = Rules { metrics, methods: methods(&descriptors), own: own.clone(), all: all.clone() };
    let server = limits(Server::builder())
        .layer(CallsLayer::new(rules))
        .layer(ServerTraceLayer)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, own.clone().cancelled_owned());
    let follow = async {
        health::follow(&reporter, &names, &readiness, &shutdown).await;
        // Only now, so that those who watch health hear of it before their stream ends.
        own.cancel();
        tokio::time::sleep(drain).await;
        tracing::warn!(seconds = drain.as_secs(), "ending RPCs that outlive the shutdown");
        all.cancel();
        tokio::time::sleep(CLOSE).await;
    };
    tokio::select! {
        ended = server => Ok(ended?),
        () = follow => Ok(()),
    }
}

fn limits(server: Server) -> Server {
    server
        .max_concurrent_streams(1024)
        .concurrency_limit_per_connection(512)
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_header_list_size(16 * 1024)
        .tcp_nodelay(true)
}

/// Name of the health service, which every port has.
const HEALTH: &str = "grpc.health.v1.Health";

/// Both versions: grpcurl before 1.9 knows v1alpha only, newer tools ask for v1.
fn reflection(
    routes: Routes,
    names: &[&'static str],
    descriptors: &[&'static [u8]],
) -> Result<Routes, tonic_reflection::server::Error> {
    let builder = || {
        let empty = tonic_reflection::server::Builder::configure();
        let described =
            descriptors.iter().fold(empty, |builder, set| builder.register_encoded_file_descriptor_set(set));
        // The set may describe services of other ports; only what this one serves is listed.
        let served = names.iter().copied().filter(|name| !name.is_empty()).chain([HEALTH]);
        served.fold(described, |builder, name| builder.with_service_name(name))
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

/// Service and method by the path of their requests.
fn methods(descriptors: &[&'static [u8]]) -> HashMap<String, (String, String)> {
    let mut methods = HashMap::new();
    // A set that cannot be read was refused by reflection already.
    let sets = descriptors.iter().filter_map(|encoded| FileDescriptorSet::decode(*encoded).ok());
    for file in sets.flat_map(|set| set.file) {
        for service in &file.service {
            let name = match file.package() {
                "" => service.name().to_owned(),
                package => format!("{package}.{}", service.name()),
            };
            for method in &service.method {
                let path = format!("/{name}/{}", method.name());
                methods.insert(path, (name.clone(), method.name().to_owned()));
            }
        }
    }
    methods
}
