//! What the server keeps: clusters, tasks and runs.

mod cluster;
mod run;
mod task;

pub use cluster::{Cluster, Credentials, ParsedCluster};
pub use run::Run;
pub use task::{Activation, Status, Task, TaskKey, TaskType};
