//! What a service is told about the calls that were made, so that it can count them.

use std::time::Duration;

/// Is told about every call, once, when it ends. Must not block.
pub trait CallObserver: Send + Sync {
    /// One call has ended. A read that is tried again is several calls.
    fn ended(&self, call: &ObservedCall);
}

/// A call that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedCall {
    /// HTTP method.
    pub method: &'static str,
    /// Route with placeholders; a bounded set.
    pub route: &'static str,
    /// Whether it could change anything.
    pub write: bool,
    /// How it ended.
    pub class: CallClass,
    /// From asking for it until its end, waiting for a turn included.
    pub elapsed: Duration,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallClass {
    /// A status below 400.
    Success,
    /// A status from 400 to 499.
    ClientError,
    /// A status of 500 or above; often a client's mistake as well.
    ServerError,
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
    /// An answer too large to be read.
    Unreadable,
    /// Not made: Manager has not been answering.
    CircuitOpen,
    /// Given up by the caller.
    Cancelled,
}

impl CallClass {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::ClientError,
        Self::ServerError,
        Self::Timeout,
        Self::Unreachable,
        Self::Unreadable,
        Self::CircuitOpen,
        Self::Cancelled,
    ];

    /// The word for a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Unreadable => "unreadable",
            Self::CircuitOpen => "circuit_open",
            Self::Cancelled => "cancelled",
        }
    }
}
