//! A task: its type, its state and its JSON.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Serialize, ser::SerializeStruct};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    schedule::Schedule,
    wire::{
        decode::{DecodeError, Object},
        time::WireTime,
    },
};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The word the API uses.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!(concat!("unrecognized ", $what, " {:?}"), other)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

words! {
    /// The type of a task, in the order of the database.
    TaskType, "TaskType", {
        /// `1_1_restore`
        One2OneRestore = "1_1_restore",
        /// `backup`
        Backup = "backup",
        /// `healthcheck`
        HealthCheck = "healthcheck",
        /// `mock`: can be created, and takes the server down when it runs.
        Mock = "mock",
        /// `repair`
        Repair = "repair",
        /// `restore`
        Restore = "restore",
        /// `suspend`
        Suspend = "suspend",
        /// `tablet_repair`
        TabletRepair = "tablet_repair",
        /// `unknown`: can be read, not created.
        Unknown = "unknown",
        /// `validate_backup`
        ValidateBackup = "validate_backup",
    }
}

words! {
    /// The state of a task or of a run.
    Status, "Status", {
        /// Never ran.
        New = "NEW",
        /// Runs.
        Running = "RUNNING",
        /// Was asked to stop and has not yet.
        Stopping = "STOPPING",
        /// Was stopped.
        Stopped = "STOPPED",
        /// Waits for its next window.
        Waiting = "WAITING",
        /// The last run succeeded.
        Done = "DONE",
        /// The last run failed.
        Error = "ERROR",
        /// The server ended during the last run.
        Aborted = "ABORTED",
    }
}

impl TaskType {
    /// Whether suspending a cluster leaves tasks of this type alone.
    pub fn ignores_suspend(self) -> bool {
        matches!(self, Self::HealthCheck | Self::Suspend)
    }
}

/// Where a task lives in the database; orders tasks as lists do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey {
    /// The cluster's id.
    pub cluster: Uuid,
    /// The task's type.
    pub kind: TaskType,
    /// The task's id.
    pub id: Uuid,
}

/// A task, stored or as a request describes it.
#[derive(Clone, Debug)]
pub struct Task {
    /// The id of its cluster.
    pub cluster_id: Uuid,
    /// What it does; `None` when a request left it out.
    pub kind: Option<TaskType>,
    /// Its id.
    pub id: Uuid,
    /// Its name; empty when it has none.
    pub name: String,
    /// Its labels; an empty map does not exist once stored.
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether it is scheduled.
    pub enabled: bool,
    /// Whether it was deleted; the row stays.
    pub deleted: bool,
    /// When it runs.
    pub schedule: Schedule,
    /// Its properties, as the client wrote them; `None` when left out.
    pub properties: Option<Box<RawValue>>,
    /// The state of its last run; `None` is written as the empty text.
    pub status: Option<Status>,
    /// How many runs succeeded.
    pub success_count: i64,
    /// How many attempts failed, retries included.
    pub error_count: i64,
    /// When a run last succeeded.
    pub last_success: Option<Timestamp>,
    /// When an attempt last failed.
    pub last_error: Option<Timestamp>,
}

impl Task {
    /// A task without content.
    pub fn empty(key: TaskKey) -> Self {
        Self {
            cluster_id: key.cluster,
            kind: Some(key.kind),
            id: key.id,
            name: String::new(),
            labels: None,
            enabled: false,
            deleted: false,
            schedule: Schedule::default(),
            properties: None,
            status: None,
            success_count: 0,
            error_count: 0,
            last_success: None,
            last_error: None,
        }
    }

    /// Reads a body, server-owned fields included: the real server takes those too, and some of them stick.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let fields = Object::parse("scheduler.Task", text)?;
        let kind = match fields.get("type") {
            Some(_) => Some(fields.string("type")?.parse::<TaskType>().map_err(DecodeError)?),
            None => None,
        };
        fields.strings("tags")?;
        let time = |key: &str| -> Result<Option<Timestamp>, DecodeError> {
            match fields.get(key) {
                Some(_) => Ok(Some(WireTime::parse(&fields.string(key)?).map_err(DecodeError)?.at)),
                None => Ok(None),
            }
        };
        let status = fields.string("status")?;
        let status = if status.is_empty() { None } else { Some(status.parse().map_err(DecodeError)?) };
        let properties = fields.get_or_null("properties").map(|text| RawValue::from_string(text.to_owned()));
        Ok(Self {
            cluster_id: fields.uuid("cluster_id")?,
            kind,
            id: fields.uuid("id")?,
            name: fields.string("name")?,
            labels: fields.string_map("labels")?,
            enabled: fields.boolean("enabled")?,
            deleted: fields.boolean("deleted")?,
            schedule: Schedule::parse(fields.get("schedule"))?,
            properties: properties.transpose().map_err(|error| DecodeError(error.to_string()))?,
            status,
            success_count: fields.integer("success_count")?,
            error_count: fields.integer("error_count")?,
            last_success: time("last_success")?,
            last_error: time("last_error")?,
        })
    }

    /// Where it is stored; a task without a type has no place.
    pub fn key(&self) -> Option<TaskKey> {
        Some(TaskKey { cluster: self.cluster_id, kind: self.kind?, id: self.id })
    }

    /// Its properties, `{}` when it has none.
    pub fn properties_text(&self) -> &str {
        self.properties.as_ref().map_or("{}", |raw| raw.get())
    }

    /// What a row keeps of a task: no empty maps, whole milliseconds, always properties.
    #[must_use]
    pub fn stored(&self) -> Self {
        let properties = self.properties.clone();
        Self {
            labels: self.labels.clone().filter(|labels| !labels.is_empty()),
            schedule: self.schedule.stored(),
            properties: properties.or_else(|| RawValue::from_string("{}".to_owned()).ok()),
            ..self.clone()
        }
    }

    /// A task in a list, with what the scheduler knows about it.
    pub fn listed(&self, activation: Activation) -> impl Serialize + '_ {
        Listed { task: self, activation }
    }

    fn write<S: SerializeStruct>(&self, to: &mut S) -> Result<(), S::Error> {
        to.serialize_field("cluster_id", &self.cluster_id)?;
        to.serialize_field("type", self.kind.map_or("", TaskType::as_str))?;
        to.serialize_field("id", &self.id)?;
        to.serialize_field("name", &self.name)?;
        to.serialize_field("labels", &self.labels)?;
        if self.enabled {
            to.serialize_field("enabled", &true)?;
        }
        if self.deleted {
            to.serialize_field("deleted", &true)?;
        }
        to.serialize_field("schedule", &self.schedule)?;
        if let Some(properties) = &self.properties {
            to.serialize_field("properties", properties)?;
        }
        to.serialize_field("Tags", &None::<()>)?;
        to.serialize_field("status", self.status.map_or("", Status::as_str))?;
        to.serialize_field("success_count", &self.success_count)?;
        to.serialize_field("error_count", &self.error_count)?;
        to.serialize_field("last_success", &self.last_success.map(WireTime::utc))?;
        to.serialize_field("last_error", &self.last_error.map(WireTime::utc))
    }
}

/// What a list adds to a task.
#[derive(Clone, Copy, Debug, Default)]
pub struct Activation {
    /// Whether the cluster is suspended and the task has no pending activation.
    pub suspended: bool,
    /// When it runs next, if it is queued.
    pub next: Option<WireTime>,
    /// Which retry the queued activation is; 0 for a regular one.
    pub retry: i8,
}

struct Listed<'a> {
    task: &'a Task,
    activation: Activation,
}

impl Serialize for Task {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Task", 15)?;
        self.write(&mut to)?;
        to.end()
    }
}

impl Serialize for Listed<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("TaskListItem", 18)?;
        self.task.write(&mut to)?;
        to.serialize_field("suspended", &self.activation.suspended)?;
        to.serialize_field("next_activation", &self.activation.next)?;
        to.serialize_field("retry", &self.activation.retry)?;
        to.end()
    }
}
