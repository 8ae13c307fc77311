//! Client of ScyllaDB Manager's REST API.
//!
//! Manager has no authentication, answers 500 to many mistakes of its clients, replaces where others would
//! patch, and does slow work inside requests. What follows from that is settled here, once:
//!
//! * [`ClusterApi`] and [`TaskApi`] are the only doors, each as narrow as the service that owns it;
//! * every call passes one stack: circuit breaker, one write at a time per cluster, rate, concurrency,
//!   timeout; reads alone are tried again, writes are the reconcile loop's to repeat after observing;
//! * whatever Manager answers becomes a [`Fault`](messina_fault::Fault) by the table in [`classify`];
//! * what goes over the wire is in the folder `wire`: cluster, task and run, each with both directions in one
//!   file.
//!
//! Before a client is made, the process must have chosen a TLS provider for rustls.

mod answer;
mod base_url;
mod call;
pub mod classify;
mod client;
mod clusters;
mod observer;
mod operation;
mod quote;
mod settings;
mod stack;
mod tasks;
mod transport;
mod wire;

pub use client::ManagerClient;
pub use clusters::ClusterApi;
pub use observer::{CallClass, CallObserver, ObservedCall};
pub use operation::Operation;
pub use settings::{BreakerSettings, ConfigError, RateSettings, Settings, Traceparent, WallClock};
pub use tasks::TaskApi;
pub use transport::{AnswerBody, MAX_ANSWER_BYTES, TransportError};
pub use wire::run::Progress;
