//! The service from its gRPC ports outwards: real HTTP to a stand-in for ScyllaDB Manager, real gRPC to
//! stand-ins for k8s-watcher and token-broker.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod absence;
mod api;
mod beside;
mod broker;
mod datacenter;
mod foreign;
mod leaving;
mod process;
mod registering;
mod trouble;
mod world;
