//! What an error of Manager means, as one table.
//!
//! Manager's status codes say little: many mistakes of a client come back as 500, a wrong token looks like
//! an unreachable host, and a deleted task answers 500 for ever. Its messages say more. Each row is read
//! from the top; the first that fits decides.

use http::StatusCode;
use messina_domain::names::reason;
use messina_fault::Fault;

use crate::operation::{Operation, Subject};

/// What is to be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What the call is about does not exist (any more).
    Gone,
    /// It may work the next time: reason and hint.
    Transient(&'static str, &'static str),
    /// Somebody else has to act first: reason and hint.
    Waiting(&'static str, &'static str),
    /// Only another input helps: reason and hint.
    Rejected(&'static str, &'static str),
}

impl Verdict {
    /// The fault with a message, or `None` for [`Verdict::Gone`].
    pub(crate) fn fault(self, message: String) -> Option<Fault> {
        let (fault, hint) = match self {
            Self::Gone => return None,
            Self::Transient(reason, hint) => (Fault::transient(reason, message), hint),
            Self::Waiting(reason, hint) => (Fault::waiting(reason, message), hint),
            Self::Rejected(reason, hint) => (Fault::rejected(reason, message), hint),
        };
        Some(fault.hint(hint))
    }
}

/// Which calls a row is about.
#[derive(Clone, Copy)]
enum About {
    Any,
    Thing(Subject),
}

/// Which statuses a row is about.
#[derive(Clone, Copy)]
enum On {
    /// 400 and above: the text is all that counts.
    Any,
    Status(u16),
}

struct Row {
    about: About,
    on: On,
    says: &'static str,
    verdict: Verdict,
}

const fn row(about: About, on: On, says: &'static str, verdict: Verdict) -> Row {
    Row { about, on, says, verdict }
}

use About::{Any as Whatever, Thing};
use On::{Any, Status};
use Verdict::{Gone, Rejected, Transient, Waiting};

const CHECK_URL: &str = "see that the address of Manager ends in the path of its API, /api/v1";
const CHECK_NODES: &str = "see that the host resolves and answers on port 10001, and that the agents of all \
     nodes have the token that is in the Secret; Manager says the same for a wrong token and for an unreachable node";
const CHECK_LOCATION: &str =
    "correct 'location': [dc:]provider:bucket, covering every datacenter of the backup";
const CHECK_BUCKET: &str =
    "see that the bucket exists and that the agents of all nodes have credentials for it";
const CHECK_TASK: &str = "correct the task";
const OTHER_NAME: &str = "delete or rename what has the name in Manager, or choose another name";
const SEE_LOG: &str = "see Manager's log";

/// What Manager says, and what it means.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Gone, or not there yet. Without Manager's own words a 404 says nothing: a proxy has them too.
    row(Whatever,                 Status(404), "find endpoint for path",      Transient(reason::MANAGER_GARBAGE, CHECK_URL)),
    row(Thing(Subject::Cluster),  Status(404), "get resource",                Gone),
    row(Thing(Subject::Task),     Status(404), "get resource",                Gone),
    row(Thing(Subject::InCluster),Status(404), "get resource",                Transient(reason::CLUSTER_UNKNOWN, "it is registered (again) by itself")),

    // Names; before what may be part of a name.
    row(Whatever,                 Any,         "is already taken",            Waiting(reason::NAME_TAKEN, OTHER_NAME)),
    row(Whatever,                 Any,         "is already used",             Waiting(reason::NAME_TAKEN, OTHER_NAME)),
    row(Whatever,                 Any,         "multiple clusters share",     Rejected(reason::NAME_AMBIGUOUS, "delete all but one of them by their ids: sctool cluster delete -c ID")),
    row(Thing(Subject::Task),     Status(500), "is deleted",                  Gone),
    row(Thing(Subject::Task),     Status(400), "unsupported task type",       Gone),

    // The state of the cluster.
    row(Whatever,                 Any,         "is suspended",                Waiting(reason::CLUSTER_SUSPENDED, "resume it: sctool resume -c CLUSTER")),
    row(Whatever,                 Status(409), "",                            Waiting(reason::TASK_RUNNING, "")),

    // Where backups go. What cannot be right is the user's, what cannot be reached may be tomorrow.
    row(Whatever,                 Any,         "location is not accessible",  Transient(reason::LOCATION_REFUSED, CHECK_BUCKET)),
    row(Whatever,                 Any,         "bucket does not exist",       Transient(reason::LOCATION_REFUSED, CHECK_BUCKET)),
    row(Whatever,                 Any,         "NoSuchBucket",                Transient(reason::LOCATION_REFUSED, CHECK_BUCKET)),
    row(Whatever,                 Any,         "missing location",            Rejected(reason::LOCATION_REFUSED, CHECK_LOCATION)),
    row(Whatever,                 Any,         "invalid location",            Rejected(reason::LOCATION_REFUSED, CHECK_LOCATION)),

    // The nodes: retriable, also where the status is 400.
    row(Whatever,                 Any,         "known hosts",                 Transient(reason::NODES_UNREACHABLE, CHECK_NODES)),
    row(Whatever,                 Any,         "connectivity check",          Transient(reason::NODES_UNREACHABLE, CHECK_NODES)),
    row(Whatever,                 Any,         "live nodes",                  Transient(reason::NODES_UNREACHABLE, CHECK_NODES)),
    row(Whatever,                 Any,         "ensure nodes are up",         Transient(reason::NODES_UNREACHABLE, "bring the node up, or set ignoreDownHosts on the repair")),

    // Permanent although the status is 500.
    row(Whatever,                 Any,         "start date of scheduled task cannot be in the past", Rejected(reason::MANAGER_REFUSED, "set startDate to a time to come; if it is one, compare the clocks of Messina and Manager")),
    row(Whatever,                 Any,         "no keyspace matched criteria",Rejected(reason::MANAGER_REFUSED, "correct 'keyspace', or create the keyspace")),
    row(Whatever,                 Any,         "negative retention",          Rejected(reason::MANAGER_REFUSED, CHECK_TASK)),
    row(Whatever,                 Any,         "unknown Method",              Rejected(reason::MANAGER_REFUSED, CHECK_TASK)),
    row(Whatever,                 Any,         "choose EXACTLY ONE",          Rejected(reason::MANAGER_REFUSED, CHECK_TASK)),
    row(Whatever,                 Any,         "allowed task type cannot be", Rejected(reason::MANAGER_REFUSED, CHECK_TASK)),
    row(Whatever,                 Any,         "can't use startTasks",        Rejected(reason::MANAGER_REFUSED, CHECK_TASK)),

    // Trouble of Manager's own.
    row(Whatever,                 Status(500), "gocql",                       Transient(reason::MANAGER_UNAVAILABLE, "see that the database of Manager is up")),
    row(Whatever,                 Status(500), "giving up after",             Transient(reason::NODES_UNREACHABLE, CHECK_NODES)),
    row(Whatever,                 Status(500), "context canceled",            Transient(reason::MANAGER_UNAVAILABLE, SEE_LOG)),
    row(Whatever,                 Status(500), "deadline exceeded",           Transient(reason::MANAGER_UNAVAILABLE, SEE_LOG)),
    row(Whatever,                 Status(500), "timeout",                     Transient(reason::MANAGER_UNAVAILABLE, SEE_LOG)),
];

/// Decides about an error from the call, the status, and Manager's message when the body has one.
pub fn classify(operation: Operation, status: StatusCode, message: Option<&str>) -> Verdict {
    let Some(message) = message else { return without_words(status) };
    let fits = |row: &&Row| {
        let about = match row.about {
            Whatever => true,
            Thing(subject) => subject == operation.subject(),
        };
        let on = match row.on {
            Any => true,
            Status(code) => code == status.as_u16(),
        };
        about && on && message.contains(row.says)
    };
    TABLE.iter().find(fits).map_or_else(|| by_status(status), |row| row.verdict)
}

/// Manager explains its errors; who does not is something in front of it, or a handler that crashed.
fn without_words(status: StatusCode) -> Verdict {
    match status.as_u16() {
        401 | 403 | 407 => Transient(
            reason::MANAGER_REFUSED,
            "something in front of Manager asks who Messina is; Manager itself never does",
        ),
        408 | 429 | 502..=504 => Transient(reason::MANAGER_UNAVAILABLE, ""),
        500 => Transient(reason::MANAGER_GARBAGE, SEE_LOG),
        _ => Transient(reason::MANAGER_GARBAGE, CHECK_URL),
    }
}

/// What no row knows.
fn by_status(status: StatusCode) -> Verdict {
    match status.as_u16() {
        400 | 422 => Rejected(reason::MANAGER_REFUSED, ""),
        // Most 500 are not a broken server, but none that is unknown is proof of a hopeless request either.
        500 => Transient(reason::MANAGER_REFUSED, SEE_LOG),
        _ => without_words(status),
    }
}

#[cfg(test)]
mod tests;
