//! `WatchRegistrations`: every cluster once, then each one again whenever it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use messina_control_api::convert::write_cluster_key;
use messina_control_api::registration::v1::{Registration, WatchRegistrationsResponse};
use messina_domain::identity::ClusterKey;
use messina_service_runtime::Shutdown;
use tonic::Status;

use super::Api;
use crate::audience::Listener;
use crate::registrar::Registrar;

/// One stream.
struct Session {
    registrar: Arc<Registrar>,
    shutdown: Shutdown,
    listener: Arc<Listener>,
    /// One datacenter; all when empty.
    datacenter: String,
    /// Clusters of the snapshot that were not sent yet.
    snapshot: BTreeSet<ClusterKey>,
    /// What was last sent of each cluster that exists.
    sent: BTreeMap<ClusterKey, Registration>,
}

impl Api {
    pub(super) fn watch(
        &self,
        datacenter: String,
    ) -> Result<BoxStream<'static, Result<WatchRegistrationsResponse, Status>>, Status> {
        // Joins before it looks, so that no change falls in between.
        let listener = self.registrar.audience.join();
        let snapshot = self.keys(&datacenter)?;
        let session = Session {
            registrar: Arc::clone(&self.registrar),
            shutdown: self.shutdown.clone(),
            listener,
            datacenter,
            snapshot,
            sent: BTreeMap::new(),
        };
        let stream =
            stream::unfold(session, |mut session| async move { Some((Ok(session.next().await?), session)) });
        Ok(stream.boxed())
    }
}

impl Session {
    /// The next message; nothing when the service shuts down.
    async fn next(&mut self) -> Option<WatchRegistrationsResponse> {
        loop {
            if self.shutdown.has_begun() {
                return None;
            }
            let key = match self.snapshot.pop_first() {
                Some(key) => key,
                None => tokio::select! {
                    () = self.shutdown.begun() => return None,
                    key = self.listener.next() => key,
                },
            };
            if (self.datacenter.is_empty() || self.datacenter == key.datacenter)
                && let Some(message) = self.news(key)
            {
                return Some(message);
            }
        }
    }

    /// What is new about a cluster.
    fn news(&mut self, key: ClusterKey) -> Option<WatchRegistrationsResponse> {
        match self.registrar.describe(&key) {
            Some(registration) if self.sent.get(&key) == Some(&registration) => None,
            Some(registration) => {
                self.sent.insert(key, registration.clone());
                Some(WatchRegistrationsResponse { registration: Some(registration), removed: false })
            }
            None => {
                self.sent.remove(&key)?;
                let registration = Registration { key: Some(write_cluster_key(&key)), ..Default::default() };
                Some(WatchRegistrationsResponse { registration: Some(registration), removed: true })
            }
        }
    }
}
