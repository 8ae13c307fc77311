//! The service from its gRPC port outwards: Secrets in an API server over real HTTP, clusters and rings in a
//! feed over real gRPC.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod process;
mod resolving;
mod rings;
mod world;
