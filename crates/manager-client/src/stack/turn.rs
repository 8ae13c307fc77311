//! Writes to one cluster take turns: Manager checks names without a lock, and asks the same agents for
//! each of them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{Inner, layer_service};
use crate::call::{Answer, Call, CallError};

/// The clusters that are being written to.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Uuid, Weak<tokio::sync::Mutex<()>>>>>);

impl Turns {
    fn of(&self, cluster: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock();
        if let Some(turn) = turns.get(&cluster).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(cluster, Arc::downgrade(&turn));
        turn
    }
}

/// The layer.
#[derive(Clone)]
pub(super) struct Turn<S> {
    pub(super) inner: S,
    pub(super) turns: Turns,
}

impl<S: Inner> Turn<S> {
    async fn pass(self, call: Call) -> Result<Answer, CallError> {
        let _turn = match call.cluster {
            Some(cluster) if call.operation.is_write() => Some(self.turns.of(cluster).lock_owned().await),
            _ => None,
        };
        self.inner.oneshot(call).await
    }
}

layer_service!(Turn);
