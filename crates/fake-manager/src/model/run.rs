//! One attempt of a task.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Status, TaskKey, TaskType};
use crate::wire::{
    decode::{DecodeError, Object},
    time::{WireTime, to_millisecond},
};

/// Ticks of 100 ns between the start of the Gregorian calendar and 1970.
const GREGORIAN_OFFSET: i128 = 0x01B2_1DD2_1381_4000;

/// One attempt of a task, running or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The id of the cluster.
    pub cluster_id: Uuid,
    /// The type of the task.
    pub kind: TaskType,
    /// The id of the task.
    pub task_id: Uuid,
    /// Its own id, which carries its time; zero for the run shown before there was one.
    pub id: Uuid,
    /// How far it got.
    pub status: Status,
    /// Why it failed or stopped; empty otherwise.
    pub cause: String,
    /// When it began; the zero time before there was a run.
    pub start_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// How far its work got in percent; `None` when it recorded no progress.
    pub progress: Option<u8>,
}

impl Run {
    /// What is shown for a task that never ran.
    pub fn never(key: TaskKey) -> Self {
        Self::new(key, Uuid::nil(), crate::wire::time::ZERO, Status::New)
    }

    /// A run that begins.
    pub fn new(key: TaskKey, id: Uuid, start_time: Timestamp, status: Status) -> Self {
        Self {
            cluster_id: key.cluster,
            kind: key.kind,
            task_id: key.id,
            id,
            status,
            cause: String::new(),
            start_time: to_millisecond(start_time),
            end_time: None,
            progress: None,
        }
    }

    /// An id that carries `at`; `counter` tells ids of the same moment apart.
    pub fn time_id(at: Timestamp, counter: u16) -> Uuid {
        let ticks = u64::try_from(at.as_nanosecond() / 100 + GREGORIAN_OFFSET).unwrap_or_default();
        uuid::Builder::from_gregorian_timestamp(ticks, counter & 0x3fff, b"manage").into_uuid()
    }

    /// The id that all runs of health checks share.
    pub fn health_check_id() -> Uuid {
        Self::time_id(Timestamp::UNIX_EPOCH, 0)
    }

    /// Reads what [`Serialize`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let fields = Object::parse("Run", text)?;
        let time = |key: &str| WireTime::parse(&fields.string(key)?).map(|t| t.at).map_err(DecodeError);
        Ok(Self {
            cluster_id: fields.uuid("cluster_id")?,
            kind: fields.string("type")?.parse().map_err(DecodeError)?,
            task_id: fields.uuid("task_id")?,
            id: fields.uuid("id")?,
            status: fields.string("status")?.parse().map_err(DecodeError)?,
            cause: fields.string("cause")?,
            start_time: time("start_time")?,
            end_time: fields.get("end_time").is_some().then(|| time("end_time")).transpose()?,
            progress: None,
        })
    }
}

impl Serialize for Run {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            cluster_id: Uuid,
            r#type: TaskType,
            task_id: Uuid,
            id: Uuid,
            status: Status,
            #[serde(skip_serializing_if = "str::is_empty")]
            cause: &'a str,
            owner: &'a str,
            start_time: WireTime,
            #[serde(skip_serializing_if = "Option::is_none")]
            end_time: Option<WireTime>,
        }
        Wire {
            cluster_id: self.cluster_id,
            r#type: self.kind,
            task_id: self.task_id,
            id: self.id,
            status: self.status,
            cause: &self.cause,
            owner: "",
            start_time: WireTime::utc(self.start_time),
            end_time: self.end_time.map(WireTime::utc),
        }
        .serialize(serializer)
    }
}
