//! A stand-in for Manager, and a client of it over real HTTP.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use messina_domain::manager::{ClusterBody, ManagerSchedule, Properties, Property, TaskBody, TaskKind};
use messina_domain::token::AuthToken;
use messina_fake_manager::{FakeManager, Options};
use messina_fault::Fault;
use messina_manager_client::{ClusterApi, ManagerClient, Settings, TaskApi};
use uuid::Uuid;

pub const TOKEN: &str = "bcdfghjklmnpqrstvwxz2456789bcdfg";
/// A Thursday.
pub const START: &str = "2026-01-01T00:00:00Z";
pub const CLUSTER: Uuid = Uuid::from_u128(0x0c1);

pub fn start() -> Timestamp {
    START.parse().unwrap()
}

pub fn settings(url: &str) -> Settings {
    // A second call finds it installed, which is what it is for.
    rustls::crypto::ring::default_provider().install_default().ok();
    Settings::new(url, Arc::new(start))
}

pub struct Stand {
    pub manager: FakeManager,
    pub client: ManagerClient,
    pub clusters: ClusterApi,
    pub tasks: TaskApi,
}

impl Stand {
    /// A Manager without clusters, whose clock stands still.
    pub async fn empty() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let manager = FakeManager::start(Options::stopped_at(start())).await.unwrap();
        let mut settings = settings(manager.url());
        change(&mut settings);
        let client = ManagerClient::new(&settings).unwrap();
        Self { manager, clusters: client.clusters(), tasks: client.tasks(), client }
    }

    /// One with [`CLUSTER`].
    pub async fn with_cluster() -> Self {
        Self::with_cluster_and(|_| ()).await
    }

    pub async fn with_cluster_and(change: impl FnOnce(&mut Settings)) -> Self {
        let stand = Self::with(change).await;
        stand.clusters.put_new(&cluster(CLUSTER, "east/prod/orders")).await.unwrap();
        stand
    }

    /// Waits until `ready` holds for what Manager lists.
    pub async fn until<T>(&self, mut ready: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let wait = async {
            loop {
                if let Some(found) = ready(self).await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("never came about")
    }
}

pub fn token() -> AuthToken {
    AuthToken::parse(TOKEN).unwrap()
}

pub fn cluster(id: Uuid, name: &str) -> ClusterBody {
    let labels = BTreeMap::from([("owner".to_owned(), "uid/prod/orders".to_owned())]);
    ClusterBody { id, name: name.into(), host: "10.0.0.1".into(), labels, token: token() }
}

pub fn repair(name: &str) -> TaskBody {
    TaskBody {
        kind: TaskKind::Repair,
        name: name.into(),
        labels: BTreeMap::from([("owner".to_owned(), "uid/prod/orders".to_owned())]),
        enabled: true,
        schedule: ManagerSchedule { cron: "0 23 * * SAT".into(), ..ManagerSchedule::default() },
        properties: Properties::new(),
    }
}

pub fn backup(name: &str, location: &str) -> TaskBody {
    let locations = Property::List(vec![Property::Text(location.into())]);
    TaskBody {
        kind: TaskKind::Backup,
        properties: Properties::from([
            ("location".to_owned(), locations),
            ("retention".to_owned(), Property::Number(7.0)),
        ]),
        ..repair(name)
    }
}

/// Asserts class, reason and a part of the text.
#[track_caller]
pub fn assert_fault<T>(result: Result<T, Fault>, class: &str, reason: &str, part: &str) {
    let fault = result.err().expect("a fault");
    assert_eq!((fault.class(), fault.reason()), (class, reason), "{fault}");
    assert!(fault.to_string().contains(part), "{part:?} is not in {fault}");
    assert!(!fault.to_string().contains("bcdfgh"), "{fault}");
}
