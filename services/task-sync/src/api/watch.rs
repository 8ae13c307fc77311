//! Every task once, then each one whenever it changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream, Stream};
use messina_control_api::convert::write_task_key;
use messina_control_api::task::v1 as wire;
use messina_domain::identity::ClusterKey;
use messina_domain::task::TaskObject;
use messina_service_runtime::Shutdown;
use tokio::sync::watch::Receiver;
use tonic::Status;

use super::read::{chosen_tasks, to_wire};
use crate::sync::TaskSync;

/// Changes that come together are told together.
const GATHER: Duration = Duration::from_millis(100);

type Message = Result<wire::WatchTasksResponse, Status>;

struct Watch {
    sync: Arc<TaskSync>,
    filter: wire::TaskFilter,
    pulse: Receiver<u64>,
    /// What the client was told last.
    told: BTreeMap<ClusterKey, TaskObject>,
    first: bool,
}

/// The snapshot and the changes. The difference to what was told last is taken when the client has read
/// everything, so a slow one skips states and never falls behind.
pub(super) fn changes(
    sync: Arc<TaskSync>,
    filter: wire::TaskFilter,
    pulse: Receiver<u64>,
) -> impl Stream<Item = Message> + Send + 'static {
    let watch = Watch { sync, filter, pulse, told: BTreeMap::new(), first: true };
    stream::unfold(watch, |mut watch| async move {
        loop {
            if !std::mem::take(&mut watch.first) {
                watch.pulse.changed().await.ok()?;
                tokio::time::sleep(GATHER).await;
            }
            watch.pulse.mark_unchanged();
            let news = watch.news();
            if !news.is_empty() {
                return Some((stream::iter(news), watch));
            }
        }
    })
    .flatten()
}

/// Ends a stream with the shutdown.
pub(super) fn until(
    stream: impl Stream<Item = Message> + Send + 'static,
    shutdown: Shutdown,
) -> BoxStream<'static, Message> {
    stream.take_until(async move { shutdown.begun().await }).boxed()
}

impl Watch {
    fn news(&mut self) -> Vec<Message> {
        let now: BTreeMap<ClusterKey, TaskObject> =
            chosen_tasks(&self.sync, &self.filter).into_iter().map(|task| (task.key.clone(), task)).collect();
        let gone = self.told.iter().filter(|(key, _)| !now.contains_key(*key)).map(|(key, task)| {
            wire::WatchTasksResponse {
                task: Some(wire::Task {
                    key: Some(write_task_key(key)),
                    cluster: task.cluster_name.clone(),
                    ..wire::Task::default()
                }),
                removed: true,
            }
        });
        let changed = now
            .iter()
            .filter(|(key, task)| self.told.get(*key) != Some(*task))
            .map(|(_, task)| wire::WatchTasksResponse { task: Some(to_wire(task)), removed: false });
        let news = gone.chain(changed).map(Ok).collect();
        self.told = now;
        news
    }
}
