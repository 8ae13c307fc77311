//! One change of one object, cheap to hand to every subscriber.

use std::sync::Arc;

use messina_control_api::carried::Carried;
use messina_control_api::watch::v1::watch_response::Response;
use messina_control_api::watch::v1::{Remove, WatchResponse};

use crate::key::Key;

/// One change; cloning shares everything.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) key: Arc<Key>,
    pub(crate) revision: u64,
    pub(crate) traceparent: Option<Arc<str>>,
    pub(crate) what: What,
}

/// What a change makes of its object.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Upsert(Carried),
    Remove { uid: Arc<str>, confirmed: bool },
}

impl Change {
    /// UID of the object that exists or that is gone.
    pub(crate) fn uid(&self) -> &str {
        match &self.what {
            What::Upsert(carried) => &carried.object().uid,
            What::Remove { uid, .. } => uid,
        }
    }

    /// The message for it; what exists is called a snapshot while one is being sent.
    pub(crate) fn message(self, snapshot: bool) -> WatchResponse {
        let response = match self.what {
            What::Upsert(carried) if snapshot => Response::Snapshot(carried),
            What::Upsert(carried) => Response::Upsert(carried),
            What::Remove { uid, confirmed } => {
                Response::Remove(Remove { key: Some(self.key.write()), uid: uid.to_string(), confirmed })
            }
        };
        message(self.revision, self.traceparent.as_deref(), response)
    }
}

/// One message of the feed.
pub(crate) fn message(revision: u64, traceparent: Option<&str>, response: Response) -> WatchResponse {
    let traceparent = traceparent.unwrap_or_default().to_owned();
    WatchResponse { revision, traceparent, response: Some(response) }
}
