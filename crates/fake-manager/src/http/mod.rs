//! The HTTP side: the routes of the API and of the control API, on top of the pure state.

mod clusters;
mod control;
mod nodes;
mod reply;
mod request;
mod runs;
mod server;
mod suspend;
mod tasks;

pub(crate) use server::router;
