//! What Messina decides, as pure functions over plain types.
//!
//! Nothing here waits, logs, reads a clock or knows a wire format: what a user can see happen is decided
//! in [`plan`] and tested there as a table. The services fill these types from the feed and from
//! ScyllaDB Manager, ask for a plan, and carry it out.

pub mod brake;
pub mod cluster;
pub mod condition;
pub mod feedback;
pub mod guard;
pub mod host;
pub mod identity;
pub mod manager;
pub mod names;
pub mod object;
pub mod plan;
pub mod registration;
pub mod ring;
pub mod task;
pub mod token;
