//! An in-memory Kubernetes API server over real HTTP.
//!
//! It serves namespaces, secrets, config maps, events, leases, custom resource definitions and whatever those
//! declare, well enough for kube-rs and `kubectl`: list, watch with resource versions, bookmarks and 410,
//! every patch format with server-side apply, the status subresource, finalizers, conflicts, schemas,
//! tables and discovery. Tests and the demo use it in place of a cluster; a differential suite compares it
//! with a real API server, because a fake is not to be trusted.
//!
//! ```no_run
//! # async fn example() -> Result<(), messina_fake_apiserver::StartError> {
//! use messina_fake_apiserver::{FakeApiServer, Options};
//!
//! let server = FakeApiServer::start(Options { context: "paris".to_owned(), ..Options::default() }).await?;
//! let kubeconfig = server.kubeconfig();
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Not there: admission webhooks, conversion webhooks, CEL rules, the `scale` subresource, RBAC objects,
//! garbage collection by owner reference, protobuf, and the kinds that are not listed above.

mod access;
mod apply;
mod builtin;
mod crd;
mod discovery;
mod error;
mod event;
mod faults;
mod http;
mod jsonpath;
mod kubeconfig;
mod meta;
mod names;
mod open_api;
mod options;
mod patch;
mod registry;
mod resource;
mod schema;
mod selector;
mod server;
mod store;
mod table;
mod time;
mod write;

pub use access::{Access, Account, Grant};
pub use faults::{Counts, Fault, FaultAnswer, RequestKey};
pub use options::{Clock, Options};
pub use server::{FakeApiServer, StartError};
