//! Channels to peers.

use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Endpoint;
use tower::{Service, ServiceExt as _};

use crate::trace::InjectTrace;
use crate::transport::{Peer, Transport};

/// A channel that connects when it is first used, and again whenever it has to; each request carries the
/// trace of the span it was made in.
pub type Channel = InterceptedService<tonic::transport::Channel, InjectTrace>;

/// A channel to a peer.
pub fn channel(peer: &Peer) -> Channel {
    match peer.transport() {
        Transport::PlainLoopback => traced(endpoint(peer.url().clone()).connect_lazy()),
    }
}

/// A channel over connections made by `connector`: for simulated networks and for pipes in memory.
pub fn channel_over<C>(url: Uri, connector: C) -> Channel
where
    C: Service<Uri> + Send + 'static,
    C::Response: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C::Future: Send,
    Box<dyn std::error::Error + Send + Sync>: From<C::Error>,
{
    traced(endpoint(url).connect_with_connector_lazy(connector.map_response(TokioIo::new)))
}

/// How all our channels behave: a dead peer is found within 15 s also when nothing is said, connecting takes
/// at most 3 s, and requests have no time limit of their own, since streams must not.
pub fn endpoint(url: Uri) -> Endpoint {
    Endpoint::from(url)
        .connect_timeout(Duration::from_secs(3))
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
}

fn traced(channel: tonic::transport::Channel) -> Channel {
    InterceptedService::new(channel, InjectTrace)
}
