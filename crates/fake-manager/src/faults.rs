//! Fault switches: what goes wrong with which calls, and how often.

use std::time::Duration;

use http::Method;
use parking_lot::Mutex;
use serde::Deserialize;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing beyond the delay.
    #[default]
    None,
    /// Another status and body.
    Status,
    /// Another status, and no body.
    EmptyBody,
    /// Another status, and a body that is not JSON.
    Garbage,
    /// The work is done, then the connection is closed without an answer.
    DropAfterCommit,
    /// The connection is closed and nothing was done.
    DropBefore,
    /// The answer is followed by the document of an error.
    TwoDocuments,
    /// Names are not checked, as if another request had slipped in between check and insert.
    RacyCreates,
    /// The database does not answer.
    DbDown,
}

/// One switch.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultRule {
    /// The method of the calls that are meant; `None` is all.
    pub method: Option<String>,
    /// What their path begins with.
    pub path_prefix: String,
    /// How many calls it is good for; `None` until it is cleared.
    pub count: Option<u32>,
    /// How much later the call is handled.
    #[serde(deserialize_with = "crate::wire::duration::deserialize")]
    pub delay: Duration,
    /// What goes wrong.
    pub fault: Fault,
    /// The status of those faults that have one.
    pub status: u16,
    /// The body of [`Fault::Status`] and [`Fault::Garbage`].
    pub body: String,
    /// Whether those faults that replace the answer do the work first.
    pub after_commit: bool,
}

impl Default for FaultRule {
    fn default() -> Self {
        Self {
            method: None,
            path_prefix: String::new(),
            count: None,
            delay: Duration::ZERO,
            fault: Fault::None,
            status: 500,
            body: String::new(),
            after_commit: false,
        }
    }
}

impl FaultRule {
    /// A fault for the next `count` calls with this method and path.
    pub fn new(method: &str, path_prefix: &str, count: u32, fault: Fault) -> Self {
        Self {
            method: Some(method.to_owned()),
            path_prefix: path_prefix.to_owned(),
            count: Some(count),
            fault,
            ..Self::default()
        }
    }

    /// The same, with this status and body.
    #[must_use]
    pub fn answering(self, status: u16, body: &str) -> Self {
        Self { status, body: body.to_owned(), ..self }
    }

    /// The same, this much later.
    #[must_use]
    pub fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same, after the work was done.
    #[must_use]
    pub fn committed(self) -> Self {
        Self { after_commit: true, ..self }
    }

    /// Whether the answer is replaced, and nothing is done before.
    pub(crate) fn replaces_work(&self) -> bool {
        matches!(self.fault, Fault::Status | Fault::EmptyBody | Fault::Garbage) && !self.after_commit
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        self.count != Some(0)
            && path.starts_with(&self.path_prefix)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
    }
}

/// All switches. The first that matches a call is used.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Vec<FaultRule>>,
}

impl Faults {
    /// Adds a switch.
    pub fn add(&self, rule: FaultRule) {
        self.rules.lock().push(rule);
    }

    /// Removes all switches.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// How many calls the switches are still good for; those without a count are not in it.
    pub fn pending(&self) -> u32 {
        self.rules.lock().iter().filter_map(|rule| rule.count).sum()
    }

    /// What goes wrong with this call.
    pub fn take(&self, method: &Method, path: &str) -> Option<FaultRule> {
        let mut rules = self.rules.lock();
        let rule = rules.iter_mut().find(|rule| rule.matches(method, path))?;
        rule.count = rule.count.map(|count| count - 1);
        Some(rule.clone())
    }
}
