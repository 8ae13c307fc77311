//! Server-side apply: who owns which field, and what follows from it for a write.
//!
//! The rules are those of the structured merge that Kubernetes uses. Paths are kept in the form in which
//! `fieldsV1` writes them (`f:spec`, `k:{"type":"Ready"}`, `v:"a"`), so sets are read and stored unchanged.

mod compare;
mod field_set;
mod managed;
mod manager;
mod merge;
mod node;
mod ownership;
#[cfg(test)]
mod tests;

pub use manager::{Writer, apply, track_update};
