//! One list of Manager's clusters for the whole fleet, shared by everybody who can use it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use messina_domain::manager::ManagerCluster;
use messina_domain::plan::registration::Observed;
use messina_fault::Fault;
use messina_manager_client::ClusterApi;
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

/// What Manager holds, asked for once and used by all passes that accept its age.
pub(crate) struct Listing {
    api: ClusterApi,
    age: Duration,
    /// Held while a list is under way, so that whoever comes meanwhile waits for it and shares it.
    last: Mutex<Option<Asked>>,
}

struct Asked {
    ended: Instant,
    outcome: Result<Arc<Held>, Fault>,
}

/// All clusters that Manager held at one moment.
pub(crate) struct Held {
    /// Everything that was so before this moment is in it.
    pub(crate) began: Instant,
    by_id: HashMap<Uuid, ManagerCluster>,
    by_name: HashMap<String, Vec<Uuid>>,
}

impl Listing {
    /// Lists may be used again until they are that old.
    pub(crate) fn new(api: ClusterApi, age: Duration) -> Self {
        Self { api, age, last: Mutex::new(None) }
    }

    /// A list that began at `not_before` or later, and is not too old.
    ///
    /// # Errors
    /// Those of Manager; whoever waited for a list that failed shares its fault.
    pub(crate) async fn get(&self, not_before: Option<Instant>) -> Result<Arc<Held>, Fault> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        match last.as_ref() {
            Some(Asked { outcome: Ok(held), .. })
                if held.began.elapsed() < self.age && not_before.is_none_or(|least| held.began >= least) =>
            {
                return Ok(Arc::clone(held));
            }
            Some(Asked { ended, outcome: Err(fault) }) if *ended >= asked => return Err(fault.clone()),
            _ => {}
        }
        let began = Instant::now();
        let outcome = self.api.list().await.map(|clusters| Arc::new(Held::new(began, clusters)));
        *last = Some(Asked { ended: Instant::now(), outcome: outcome.clone() });
        outcome
    }
}

impl Held {
    fn new(began: Instant, clusters: Vec<ManagerCluster>) -> Self {
        let mut by_name: HashMap<String, Vec<Uuid>> = HashMap::new();
        for cluster in &clusters {
            by_name.entry(cluster.name.clone()).or_default().push(cluster.id);
        }
        Self { began, by_id: clusters.into_iter().map(|cluster| (cluster.id, cluster)).collect(), by_name }
    }

    /// What of it may be the cluster with this id and name.
    pub(crate) fn pick(&self, id: Uuid, name: &str) -> Observed {
        let namesakes = self.by_name.get(name).into_iter().flatten();
        let other = namesakes.filter(|other| **other != id).find_map(|other| self.by_id.get(other));
        Observed { by_id: self.by_id.get(&id).cloned(), by_name: other.cloned() }
    }
}
