//! Faults that tests inject, and the count of requests that they check.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a request is, as far as faults and counts tell requests apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RequestKey {
    /// Verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `apply`, `delete` or `deletecollection`.
    pub verb: String,
    /// API group, empty for core.
    pub group: String,
    /// Plural name; empty for discovery and other paths.
    pub resource: String,
    /// Subresource, or nothing.
    pub subresource: String,
}

impl RequestKey {
    /// Whether the request wants to change something.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch")
    }
}

/// Number of requests by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<RequestKey, u64>);

impl Counts {
    /// Adds one request.
    pub fn add(&mut self, key: RequestKey) {
        *self.0.entry(key).or_default() += 1;
    }

    /// Requests of one verb on one resource, its subresources included.
    pub fn of(&self, verb: &str, resource: &str) -> u64 {
        self.sum(|key| key.verb == verb && key.resource == resource)
    }

    /// Requests on a subresource, such as `patch`, `widgets`, `status`.
    pub fn of_subresource(&self, verb: &str, resource: &str, subresource: &str) -> u64 {
        self.sum(|key| key.verb == verb && key.resource == resource && key.subresource == subresource)
    }

    /// All requests that wanted to change something.
    pub fn writes(&self) -> u64 {
        self.sum(RequestKey::is_write)
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.sum(|_| true)
    }

    /// Every kind of request with its number.
    pub fn iter(&self) -> impl Iterator<Item = (&RequestKey, u64)> {
        self.0.iter().map(|(key, count)| (key, *count))
    }

    fn sum(&self, wanted: impl Fn(&RequestKey) -> bool) -> u64 {
        self.0.iter().filter(|(key, _)| wanted(key)).map(|(_, count)| count).sum()
    }
}

/// A wrong answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultAnswer {
    /// A status with this code, reason and message.
    Status {
        /// HTTP status.
        code: u16,
        /// Status reason.
        reason: String,
        /// Text for people.
        message: String,
    },
    /// Status 200 with a body that is not JSON.
    Garbage,
    /// Status 200 with no body.
    Empty,
    /// No answer until the client gives up or the server stops.
    Hang,
    /// The right answer, this many milliseconds late.
    DelayMillis(u64),
}

/// Which requests get a wrong answer, and how often. A field that is not set fits every request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Verb, as in [`RequestKey`].
    #[serde(default)]
    pub verb: Option<String>,
    /// Plural name.
    #[serde(default)]
    pub resource: Option<String>,
    /// Subresource; `""` means the resource itself.
    #[serde(default)]
    pub subresource: Option<String>,
    /// How many requests are hit; `u64::MAX` is all of them.
    pub times: u64,
    /// What they get.
    pub answer: FaultAnswer,
}

impl Fault {
    /// A fault for one verb on one resource, and on its subresources.
    pub fn on(verb: &str, resource: &str, times: u64, answer: FaultAnswer) -> Self {
        Self {
            verb: Some(verb.to_owned()),
            resource: Some(resource.to_owned()),
            subresource: None,
            times,
            answer,
        }
    }

    /// A fault for every request, as of a server in trouble.
    pub fn everywhere(times: u64, answer: FaultAnswer) -> Self {
        Self { verb: None, resource: None, subresource: None, times, answer }
    }

    fn hits(&self, key: &RequestKey) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.times > 0
            && fits(&self.verb, &key.verb)
            && fits(&self.resource, &key.resource)
            && fits(&self.subresource, &key.subresource)
    }
}

/// The faults that are still to happen, in the order in which they were injected.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault.
    pub fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The wrong answer for a request, if a fault hits it; uses the fault up.
    pub fn strike(&mut self, key: &RequestKey) -> Option<FaultAnswer> {
        let fault = self.0.iter_mut().find(|fault| fault.hits(key))?;
        if fault.times != u64::MAX {
            fault.times -= 1;
        }
        let answer = fault.answer.clone();
        self.0.retain(|fault| fault.times > 0);
        Some(answer)
    }
}

impl FaultAnswer {
    /// How long the right answer is kept back.
    pub fn delay(&self) -> Option<Duration> {
        match self {
            Self::DelayMillis(millis) => Some(Duration::from_millis(*millis)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(verb: &str, subresource: &str) -> RequestKey {
        RequestKey {
            verb: verb.into(),
            group: "g".into(),
            resource: "widgets".into(),
            subresource: subresource.into(),
        }
    }

    #[test]
    fn a_fault_hits_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.inject(Fault::on("get", "widgets", 2, FaultAnswer::Empty));
        assert_eq!(faults.strike(&key("list", "")), None);
        assert_eq!(faults.strike(&key("get", "")), Some(FaultAnswer::Empty));
        assert_eq!(faults.strike(&key("get", "status")), Some(FaultAnswer::Empty));
        assert_eq!(faults.strike(&key("get", "")), None);
    }

    #[test]
    fn counts_tell_reads_from_writes() {
        let mut counts = Counts::default();
        for (verb, subresource) in [("get", ""), ("patch", "status"), ("patch", ""), ("watch", "")] {
            counts.add(key(verb, subresource));
        }
        assert_eq!((counts.writes(), counts.total(), counts.of("patch", "widgets")), (2, 4, 2));
        assert_eq!(counts.of_subresource("patch", "widgets", "status"), 1);
    }
}
