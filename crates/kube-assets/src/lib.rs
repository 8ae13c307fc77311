//! A real Kubernetes API server with its etcd, each a process on loopback, from a folder of binaries as
//! envtest lays it out. For end-to-end tests, for the comparison with the fake one, and for the demo.
//!
//! There is no controller manager: nothing collects garbage, and a deleted namespace stays `Terminating`.

mod assets;
mod certificates;
mod kubeconfig;
mod probe;
mod process;
mod server;

pub use assets::{AssetsError, KubeAssets};
pub use server::{Options, RealApiServer, StartError, User};
