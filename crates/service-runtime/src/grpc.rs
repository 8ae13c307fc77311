//! gRPC servers and clients with everything that ours have in common.

mod body;
mod calls;
mod client;
mod health;
mod incoming;
mod server;

pub use calls::RpcMetrics;
pub use client::{Channel, channel, channel_over, endpoint};
pub(crate) use server::DRAIN;
pub use server::{GrpcServer, ServeError, Services, Serving, serve_on};
