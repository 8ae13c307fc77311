//! One kind of one API server, followed for ever.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use kube::core::DynamicObject;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use messina_domain::names::reason;
use messina_k8s_api::kinds::Kind;
use messina_service_runtime::{Gate, Shutdown};
use tracing::Instrument;

use super::index::Place;
use super::publish::{Publisher, place};
use crate::access;
use crate::events::{About, Events, Note};
use crate::metrics::WatcherMetrics;

/// How long the API server keeps one watch open. A watch that went silent without an end is noticed after this.
pub const WATCH_SECONDS: u32 = 60;
/// First and longest pause after an error.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// A watch that had an error and none for so long works again, though nothing changes that it could tell of. Longer
/// than the longest backoff, and than a connection may take to fail.
const QUIET: Duration = Duration::from_secs(8);
/// How long an event about an object may take to be recorded.
const RECORD: Duration = Duration::from_secs(5);

/// Follows one kind.
pub struct Follow {
    pub client: Client,
    pub kind: Kind,
    pub publisher: Publisher,
    pub gate: Gate,
    pub metrics: WatcherMetrics,
    pub events: Events,
}

impl Follow {
    /// Until the shutdown; answers what it followed. No error ends it: a missing CRD may come, a forbidden verb may
    /// be allowed.
    pub async fn run(self, shutdown: Shutdown) -> Kind {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &self.kind.resource());
        let mut stream = watcher(api, watcher::Config::default().timeout(WATCH_SECONDS)).boxed();
        let mut trouble = Trouble::default();
        let mut list = List::default();
        if !self.kind.is_optional() {
            self.gate.not_ready("not listed yet");
        } else {
            self.gate.ready();
        }
        loop {
            let next = tokio::select! {
                next = stream.next() => next,
                () = tokio::time::sleep(QUIET), if trouble.is_on() && list.is_complete => {
                    self.works_again(&mut trouble);
                    continue;
                }
                () = shutdown.begun() => return self.kind,
            };
            match next {
                None => return self.kind,
                Some(Ok(event)) => {
                    let span = tracing::info_span!("kubernetes.event", kind = self.kind.full_name());
                    self.take(event, &mut list).instrument(span).await;
                    // The beginning of a list is said before anything is asked of the API server.
                    if list.is_complete {
                        self.works_again(&mut trouble);
                    }
                }
                Some(Err(error)) => {
                    self.failed(&error, &mut trouble);
                    tokio::select! {
                        () = tokio::time::sleep(trouble.pause()) => {}
                        () = shutdown.begun() => return self.kind,
                    }
                }
            }
        }
    }

    /// After an error, kube resumes a watch without a new list, so the end of a list is not the only good news.
    fn works_again(&self, trouble: &mut Trouble) {
        trouble.over();
        self.gate.ready();
    }

    async fn take(&self, event: Event<DynamicObject>, list: &mut List) {
        match event {
            Event::Init => *list = List::default(),
            Event::InitApply(object) => {
                list.places.insert(place(&object));
                self.upsert(&object);
            }
            Event::InitDone => {
                self.metrics.event(&self.kind.full_name(), "relist");
                for gone in self.publisher.vanished(self.kind, &list.places) {
                    let confirmed = self.kind == Kind::ScyllaCluster && self.is_proved_absent(&gone).await;
                    self.publisher.remove(self.kind, &gone, confirmed);
                }
                self.publisher.synced(self.kind);
                *list = List { is_complete: true, places: BTreeSet::new() };
            }
            Event::Apply(object) => {
                self.metrics.event(&self.kind.full_name(), "apply");
                self.upsert(&object);
            }
            Event::Delete(object) => {
                self.metrics.event(&self.kind.full_name(), "delete");
                self.publisher.remove(self.kind, &place(&object), self.kind == Kind::ScyllaCluster);
            }
        }
    }

    fn upsert(&self, object: &DynamicObject) {
        let Some(problem) = self.publisher.upsert(self.kind, object) else { return };
        let (namespace, name) = place(object);
        self.metrics.event(&self.kind.full_name(), "undecodable");
        tracing::warn!(
            kind = self.kind.full_name(),
            namespace,
            name,
            problem,
            "an object cannot be read; it is left alone"
        );
        let uid = object.metadata.uid.clone().unwrap_or_default();
        let about = About { kind: self.kind, namespace, name, uid };
        let note = Note {
            warning: true,
            reason: reason::UNDECODABLE.into(),
            action: "Read".into(),
            text: format!("Messina cannot read this object and leaves it alone: {problem}"),
        };
        // Beside the watch, which must not wait for it.
        let events = self.events.clone();
        let record = async move {
            match tokio::time::timeout(RECORD, events.record(&about, &note)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the event about it could not be recorded"),
                Err(_) => tracing::warn!("the event about it was not recorded in time"),
            }
        };
        tokio::spawn(record.in_current_span());
    }

    /// Whether the API server itself, asked for this one object, says that it does not exist.
    async fn is_proved_absent(&self, place: &Place) -> bool {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &place.0, &self.kind.resource());
        match api.get(&place.1).await {
            Err(kube::Error::Api(status)) => access::is_object_missing(&status),
            _ => false,
        }
    }

    fn failed(&self, error: &watcher::Error, trouble: &mut Trouble) {
        let resource = self.kind.full_name();
        let problem = match error {
            watcher::Error::InitialListFailed(error) => access::explain(error, "list", &resource, None),
            watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
                access::explain(error, "watch", &resource, None)
            }
            watcher::Error::WatchError(status) if status.code == 410 => {
                tracing::debug!(resource, "the watch fell out of the API server's window; listing again");
                return;
            }
            watcher::Error::WatchError(status) => access::explain_status(status, "watch", &resource, None),
            watcher::Error::NoResourceVersion => format!("{resource} cannot be watched"),
        };
        self.metrics.event(&resource, "error");
        if self.kind.is_optional() && is_not_served(error) {
            // The Operator's internal kinds may be absent; then there are none.
            self.publisher.synced(self.kind);
            self.gate.ready();
            trouble.report(&problem, |problem| tracing::debug!(problem, "an optional kind is not served"));
            return;
        }
        self.gate.not_ready(problem.clone());
        trouble.report(&problem, |problem| tracing::warn!(problem, "a watch does not work; trying again"));
    }
}

fn is_not_served(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error)) = error else {
        return false;
    };
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// The list that is being read, or the last one that was read to its end.
#[derive(Default)]
struct List {
    is_complete: bool,
    places: BTreeSet<Place>,
}

/// Errors in a row: how long to pause, and whether a person has been told.
#[derive(Default)]
struct Trouble {
    count: u32,
    told: String,
}

impl Trouble {
    fn is_on(&self) -> bool {
        self.count > 0
    }

    fn over(&mut self) {
        self.count = 0;
        self.told.clear();
    }

    fn pause(&mut self) -> Duration {
        let (first, longest) = BACKOFF;
        let pause = first.saturating_mul(1 << self.count.min(10)).min(longest);
        self.count += 1;
        pause
    }

    /// Says each problem once, not with every attempt.
    fn report(&mut self, problem: &str, say: impl FnOnce(&str)) {
        if self.told != problem {
            say(problem);
            problem.clone_into(&mut self.told);
        }
    }
}
