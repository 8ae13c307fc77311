//! What a client asks for, checked before anything is done about it.

use std::collections::BTreeSet;

use messina_control_api::watch::v1 as wire;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use wire::ObjectKind;
use wire::watch_request::Request;

use crate::key::Key;

/// Longest name of a subscriber: it is shown and logged.
const MAX_NAME: usize = 253;

/// Which objects a subscriber wants; an empty set means all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) kinds: BTreeSet<ObjectKind>,
    pub(crate) namespaces: BTreeSet<String>,
}

impl Filter {
    pub(crate) fn passes(&self, key: &Key) -> bool {
        // A Namespace counts as being in itself.
        let namespace = if key.kind == ObjectKind::Namespace { &key.name } else { &key.namespace };
        (self.kinds.is_empty() || self.kinds.contains(&key.kind))
            && (self.namespaces.is_empty() || self.namespaces.contains(namespace))
    }
}

/// A checked `Subscribe`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) filter: Filter,
    pub(crate) resume: Option<wire::ResumeToken>,
}

impl Subscription {
    /// Reads the first request of a stream.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` that names the field.
    pub(crate) fn read(first: Option<wire::WatchRequest>) -> Result<Self, Status> {
        let subscribe = match first.and_then(|request| request.request) {
            Some(Request::Subscribe(subscribe)) => subscribe,
            Some(Request::Ack(_)) => return Err(invalid("ack", "comes before subscribe")),
            Some(Request::Nack(_)) => return Err(invalid("nack", "comes before subscribe")),
            None => return Err(invalid("subscribe", "the first request has to subscribe")),
        };
        let mut kinds = BTreeSet::new();
        for (at, value) in subscribe.kinds.iter().enumerate() {
            match ObjectKind::try_from(*value) {
                Ok(kind) if kind != ObjectKind::Unspecified => kinds.insert(kind),
                _ => {
                    let problem = format!("{value} is not a kind that this feed knows");
                    return Err(invalid(&format!("subscribe.kinds[{at}]"), &problem));
                }
            };
        }
        let name = subscribe.subscriber;
        if name.len() > MAX_NAME || name.chars().any(char::is_control) {
            let problem = format!("is longer than {MAX_NAME} bytes or holds control characters");
            return Err(invalid("subscribe.subscriber", &problem));
        }
        let namespaces = subscribe.namespaces.into_iter().collect();
        Ok(Self { name, filter: Filter { kinds, namespaces }, resume: subscribe.resume })
    }
}

/// `INVALID_ARGUMENT` about one field, for people and for programs.
pub(crate) fn invalid(field: &str, problem: &str) -> Status {
    let details = ErrorDetails::with_bad_request_violation(field, problem);
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {problem}"), details)
}
