//! Custom resource definitions: their own rules, and the resources that they declare.

mod compile;
mod rules;
mod status;

pub use compile::{address, resources};
pub use rules::{fill, validate};
pub use status::{established, is_established, names_are_accepted, set_condition};
