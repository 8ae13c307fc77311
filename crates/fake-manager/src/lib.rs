//! A stand-in for ScyllaDB Manager: the same HTTP API with the same surprises, kept in memory, on a clock that can be
//! moved, with agents and runs that do what a script says and faults that can be switched on.
//!
//! It carries demos, simulations and benchmarks. It answers as the real server was seen to answer, not as it should:
//! many mistakes of the client are 500, `PUT` replaces and echoes, a deleted task answers 500 for good. It is meant
//! for loopback: like the real server it has no authentication and shows tokens in clear.
//!
//! [`FakeManager`] runs it inside a program; the binary `fake-manager` runs it alone. Everything a program can do to
//! it can be done over HTTP under `/_fake/`, too.

pub mod agents;
pub mod calls;
pub mod clock;
pub mod error;
pub mod faults;
mod http;
mod listener;
mod manager;
pub mod model;
mod persist;
pub mod schedule;
pub mod scheduler;
pub mod script;
mod shared;
pub mod state;
pub mod validate;
pub mod wire;

pub use agents::{AcceptedTokens, Agent};
pub use calls::{CallCounts, CallRecord};
pub use clock::TimeSource;
pub use faults::{Fault, FaultRule};
pub use manager::{FakeManager, Options, StartError};
pub use model::{Cluster, Run, Status, Task, TaskType};
pub use persist::StateFileError;
pub use script::{Outcome, RunScript, ScriptKey};
pub use state::{Snapshot, TaskView};
