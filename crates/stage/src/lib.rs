//! The stage on which the demo and the tests play: API servers, embedded or real, with the definitions of
//! ScyllaClusters and of Messina's kinds, and the few things that the ScyllaDB Operator would do on them.
//!
//! Nothing here is part of what runs in production.

mod datacenter;
mod operator;
mod requirement;
mod seed;

pub use datacenter::{Datacenter, Ground, StageError};
pub use operator::{OPERATOR_MANAGER, OperatorStandIn};
pub use requirement::{real_ground, skip};
pub use seed::{ClusterSeed, TOKEN_LENGTH, token};
