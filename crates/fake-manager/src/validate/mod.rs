//! The checks of task properties that a create and every update go through, asking the agents where the real server
//! does. Which mistakes are 400 and which are 500 follows the real server, not reason.

mod backup;
mod glob;
mod other;
mod repair;

pub use backup::backup_target;
pub use other::SuspendProperties;
pub(crate) use other::allowed_type;
pub use repair::repair_target;

use crate::{
    error::ApiError,
    model::{Cluster, Task, TaskType},
    state::State,
    wire::decode::{DecodeError, Object},
};

/// Whether a task is new or changed; the real server treats missing properties differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `POST`
    Create,
    /// `PUT`
    Update,
}

/// What the checks of one task look at.
pub(crate) struct Subject<'a> {
    pub state: &'a State,
    pub cluster: &'a Cluster,
}

impl Subject<'_> {
    /// The live nodes.
    fn nodes(&self) -> Result<Vec<String>, ApiError> {
        let cluster = self.cluster;
        self.state
            .agents
            .discover(&cluster.host, &cluster.known_hosts, &cluster.auth_token)
            .map_err(|error| error.context("get client"))
    }

    /// The datacenters, where they are known.
    fn datacenters(&self) -> Option<&[String]> {
        self.state.agents.of(&self.cluster.host).dcs.as_deref()
    }

    /// The keyspaces, where they are known.
    fn keyspaces(&self) -> Option<&[String]> {
        self.state.agents.of(&self.cluster.host).keyspaces.as_deref()
    }
}

/// Checks the properties of a task of any type.
///
/// # Errors
/// As the real server answers.
pub fn task(state: &State, cluster: &Cluster, task: &Task, purpose: Purpose) -> Result<(), ApiError> {
    let subject = Subject { state, cluster };
    match task.kind {
        Some(TaskType::Backup) => {
            if task.properties.is_none() && purpose == Purpose::Create {
                return Err(ApiError::crashed());
            }
            backup::check(&subject, &required(task, "create backup target")?)
                .map_err(|error| error.context("create backup target"))
        }
        Some(TaskType::Repair) => repair::check(&subject, &required(task, "create repair target")?)
            .map_err(|error| error.context("create repair target")),
        Some(TaskType::TabletRepair) => {
            subject.nodes().map(|_| ()).map_err(|error| error.context("create tablet repair target"))
        }
        Some(TaskType::Restore) => other::check_restore(&subject, &required(task, "create restore target")?)
            .map_err(|error| error.context("create restore target")),
        Some(TaskType::ValidateBackup) => {
            let fields = required(task, "create backup validation target")?;
            other::check_validate_backup(&subject, &fields, purpose)
                .map_err(|error| error.context("create backup validation target"))
        }
        Some(TaskType::Suspend) => match &task.properties {
            None => Err(ApiError::internal("parse suspend properties: unexpected end of JSON input")),
            Some(raw) => SuspendProperties::parse(raw.get()).map(|_| ()),
        },
        _ => Ok(()),
    }
}

fn required(task: &Task, context: &str) -> Result<Object, ApiError> {
    let Some(raw) = &task.properties else {
        return Err(ApiError::invalid(format!(
            "{context}: parse runner properties: unexpected end of JSON input"
        )));
    };
    Object::parse("properties", raw.get()).map_err(unreadable).map_err(|error| error.context(context))
}

/// 400 for properties that could not be read.
fn unreadable(error: DecodeError) -> ApiError {
    ApiError::invalid(format!("parse runner properties: {error}"))
}

/// One of the words, or the default for an empty text.
fn one_of<'a>(given: &'a str, words: &[&str], default: &'a str) -> Option<&'a str> {
    if given.is_empty() {
        return Some(default);
    }
    words.contains(&given).then_some(given)
}
