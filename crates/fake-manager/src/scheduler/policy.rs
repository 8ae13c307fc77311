//! Which tasks of a cluster may run at the same time.

use crate::{
    model::{TaskKey, TaskType},
    state::State,
};

/// The types that get in each other's way.
fn is_exclusive(kind: TaskType) -> bool {
    use TaskType::{Backup, One2OneRestore, Repair, Restore, TabletRepair};
    matches!(kind, Backup | Repair | TabletRepair | Restore | One2OneRestore)
}

fn is_restore(kind: TaskType) -> bool {
    matches!(kind, TaskType::Restore | TaskType::One2OneRestore)
}

impl State {
    /// Whether another run of the cluster keeps this one from running.
    pub(super) fn is_busy_for(&self, key: TaskKey) -> bool {
        if !is_exclusive(key.kind) {
            return false;
        }
        let first = TaskKey { kind: TaskType::One2OneRestore, id: uuid::Uuid::nil(), ..key };
        let last = TaskKey { kind: TaskType::ValidateBackup, id: uuid::Uuid::max(), ..key };
        self.timeline.live.range(first..=last).any(|(other, live)| {
            *other != key && live.active.is_some() && is_exclusive(other.kind) && self.collide(key, *other)
        })
    }

    fn collide(&self, one: TaskKey, other: TaskKey) -> bool {
        if one.kind == other.kind || is_restore(one.kind) || is_restore(other.kind) {
            return true;
        }
        match (one.kind, other.kind) {
            (TaskType::Repair, TaskType::TabletRepair) => !self.repairs_vnodes_only(one),
            (TaskType::TabletRepair, TaskType::Repair) => !self.repairs_vnodes_only(other),
            _ => false,
        }
    }

    fn repairs_vnodes_only(&self, key: TaskKey) -> bool {
        let properties = self.tasks.get(&key).map(|task| task.properties_text()).unwrap_or("null");
        let fields = crate::wire::decode::Object::parse("properties", properties).unwrap_or_default();
        fields.string("keyspace_replication").is_ok_and(|replication| replication == "vnodes")
    }
}
