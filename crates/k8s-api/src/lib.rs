//! The Kubernetes kinds that Messina reads and writes, and what they mean in domain terms.
//!
//! A new field of a backup or a repair enters Messina in [`options`]; the custom resource definitions
//! follow from it (`cargo run -p messina -- crds > deploy/crds/messina.yaml`).

pub mod connection;
pub mod crds;
pub mod decode;
pub mod feedback;
pub mod kinds;
pub mod operator;
pub mod options;
pub mod registration;
pub mod ring;
pub mod scylla_cluster;
pub mod secret;
pub mod status;
pub mod task;
