//! From the API server's watches to the feed.

mod follow;
mod index;
mod publish;

use std::sync::Arc;

use kube::Client;
use messina_domain::names::OPERATOR_MANAGER_NAMESPACE;
use messina_feed::publisher::{Feed, FeedSettings};
use messina_k8s_api::kinds::Kind;
use messina_service_runtime::{Clock, Failure, Gate, Readiness, Shutdown};
use tokio::task::JoinSet;

use crate::Config;
use crate::events::Events;
use crate::metrics::WatcherMetrics;
use crate::serve::DeferredWatch;
use follow::Follow;
pub use follow::WATCH_SECONDS;
use publish::Publisher;

/// Everything that the watches need.
pub struct Watches {
    /// The API server.
    pub client: Client,
    /// What to watch.
    pub config: Config,
    /// Where to count.
    pub metrics: WatcherMetrics,
    /// Where to say what is missing.
    pub readiness: Readiness,
    /// Wall-clock time for people.
    pub clock: Clock,
    /// Where to report objects that cannot be read.
    pub events: Events,
}

impl Watches {
    /// Opens the feed and follows every kind until the shutdown.
    ///
    /// # Errors
    /// A watch that ended by itself: the feed would go on serving what that kind looked like long ago.
    pub async fn run(
        self,
        kube_system_uid: String,
        deferred: DeferredWatch,
        api: Gate,
        shutdown: Shutdown,
    ) -> Result<(), Failure> {
        let clock = self.clock.clone();
        let epoch = uuid::Uuid::new_v4().to_string();
        let settings =
            FeedSettings::new(&self.config.datacenter, kube_system_uid, epoch, Arc::new(move || clock.now()));
        let feed = Feed::new(FeedSettings { shutdown: shutdown.token(), ..settings });
        deferred.begin(feed.clone());
        let publisher = Publisher::new(
            feed,
            self.config.namespaces.clone(),
            &self.config.datacenter,
            self.metrics.clone(),
        );
        let mut follows = JoinSet::new();
        for kind in Kind::ALL {
            let follow = Follow {
                client: self.client.clone(),
                kind,
                publisher: publisher.clone(),
                gate: self.readiness.gate(format!("watch {}", kind.full_name())),
                metrics: self.metrics.clone(),
                events: self.events.clone(),
            };
            follows.spawn(follow.run(shutdown.clone()));
        }
        // Not before every watch has a gate of its own, or there is a moment in which all gates are open.
        api.ready();
        until_shutdown(follows, &shutdown).await
    }
}

/// Waits for the watches. None of them may end before the shutdown; the first one that does ends all.
async fn until_shutdown(mut follows: JoinSet<Kind>, shutdown: &Shutdown) -> Result<(), Failure> {
    while let Some(ended) = follows.join_next().await {
        match ended {
            Ok(_) if shutdown.has_begun() => {}
            Ok(kind) => {
                return Err(Failure::broken(format!("the watch of {} ended by itself", kind.full_name())));
            }
            Err(error) => return Err(Failure::broken(format!("a watch broke down: {error}"))),
        }
    }
    Ok(())
}

/// Namespaces that matter whatever the selector says: the guard looks for this one.
fn always_visible(namespace: &str) -> bool {
    namespace == OPERATOR_MANAGER_NAMESPACE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watch_that_breaks_down_or_ends_ends_the_process() {
        let shutdown = Shutdown::new();
        let mut broken = JoinSet::new();
        broken.spawn(std::future::pending());
        broken.spawn(async { panic!("a mistake") });
        let failure = until_shutdown(broken, &shutdown).await.unwrap_err();
        assert!(failure.to_string().contains("a mistake"), "{failure}");
        let mut ended = JoinSet::new();
        ended.spawn(std::future::pending());
        ended.spawn(async { Kind::Ring });
        let failure = until_shutdown(ended, &shutdown).await.unwrap_err();
        assert!(failure.to_string().contains("rings") && failure.exit_code() == 1, "{failure}");
        shutdown.begin();
        let mut over = JoinSet::new();
        over.spawn(async { Kind::Ring });
        until_shutdown(over, &shutdown).await.unwrap();
    }
}
