//! The one error type that crosses a crate boundary in Messina.
//!
//! A [`Fault`] says what a reconcile loop should do next, not what went wrong inside: try again
//! ([`Fault::Transient`]), wait for somebody else ([`Fault::Waiting`]) or wait for other input
//! ([`Fault::Rejected`]). What a person reads is its [`Detail`]: a CamelCase reason for a condition,
//! a message, and a hint that says the way out.

use std::fmt;
use std::time::Duration;

/// Why a piece of work is not done, by what has to happen before it can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It may work the next time: retry with backoff.
    #[error("{0}")]
    Transient(Detail),
    /// Somebody else has to act first (a token to appear, a node to come up). Not an error; the loop
    /// looks again when that something changes, and now and then in case the news got lost.
    #[error("{0}")]
    Waiting(Detail),
    /// This input can never work; only a change of the input helps.
    #[error("{0}")]
    Rejected(Detail),
}

/// What a person needs to know about a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// CamelCase reason, fit for a Kubernetes condition and for a metric label. Bounded set.
    pub reason: &'static str,
    /// What happened, with the field and the value concerned. Never contains a token.
    pub message: String,
    /// The way out, as an instruction; empty when there is none but waiting.
    pub hint: String,
    /// How long the other side asked us to wait, when it did.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

impl Fault {
    /// A fault that a retry may cure.
    pub fn transient(reason: &'static str, message: impl Into<String>) -> Self {
        Self::Transient(Detail::new(reason, message))
    }

    /// A fault that somebody else has to cure.
    pub fn waiting(reason: &'static str, message: impl Into<String>) -> Self {
        Self::Waiting(Detail::new(reason, message))
    }

    /// A fault that only other input can cure.
    pub fn rejected(reason: &'static str, message: impl Into<String>) -> Self {
        Self::Rejected(Detail::new(reason, message))
    }

    /// The same fault with the way out added.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.detail_mut().hint = hint.into();
        self
    }

    /// The same fault with the pause the other side asked for.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.detail_mut().retry_after = Some(pause);
        self
    }

    /// What a person needs to know.
    pub fn detail(&self) -> &Detail {
        match self {
            Self::Transient(detail) | Self::Waiting(detail) | Self::Rejected(detail) => detail,
        }
    }

    /// The CamelCase reason.
    pub fn reason(&self) -> &'static str {
        self.detail().reason
    }

    /// `transient`, `waiting` or `rejected`: for logs and metric labels.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Transient(_) => "transient",
            Self::Waiting(_) => "waiting",
            Self::Rejected(_) => "rejected",
        }
    }

    fn detail_mut(&mut self) -> &mut Detail {
        match self {
            Self::Transient(detail) | Self::Waiting(detail) | Self::Rejected(detail) => detail,
        }
    }
}

impl Detail {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), hint: String::new(), retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_reason_message_and_way_out() {
        let fault = Fault::rejected("InvalidCron", "cron \"61 * * * *\": minute 61 is out of range")
            .hint("use 0 to 59");
        assert_eq!(
            fault.to_string(),
            "InvalidCron: cron \"61 * * * *\": minute 61 is out of range (use 0 to 59)"
        );
        assert_eq!((fault.class(), fault.reason()), ("rejected", "InvalidCron"));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept() {
        let fault = Fault::transient("ManagerBusy", "429").after(Duration::from_secs(7));
        assert_eq!(fault.detail().retry_after, Some(Duration::from_secs(7)));
    }
}
