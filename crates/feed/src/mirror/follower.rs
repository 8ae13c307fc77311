//! What a mirror makes of the messages of a stream. No waiting and no network: a message goes in, and out
//! come changes and answers.

use messina_control_api::carried::Carried;
use messina_control_api::convert::{FeedObject, read_object};
use messina_control_api::watch::v1 as wire;
use messina_domain::identity::Home;
use parking_lot::RwLock;
use wire::ObjectKind;
use wire::watch_response::Response;

use super::Changed;
use super::view::View;
use crate::key::Key;

/// Follows one feed over any number of streams.
pub(crate) struct Follower {
    datacenter: String,
    stage: Stage,
    /// Where the view stands; nothing when a stream cannot be resumed.
    token: Option<wire::ResumeToken>,
}

enum Stage {
    /// `Start` has yet to come.
    Opening,
    /// A snapshot is coming in, of the feed with this epoch.
    Listing { epoch: String, staged: Box<View> },
    /// Changes are coming in; `synced` says whether the missed ones are complete.
    Following { synced: bool },
}

/// What one message led to.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) changed: Vec<Changed>,
    pub(crate) nack: Option<wire::Nack>,
    /// Everything up to here is taken over.
    pub(crate) ack: Option<u64>,
    /// A snapshot began in place of a resumed stream.
    pub(crate) reset: bool,
}

/// Why a stream is not followed any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "expected the feed of datacenter '{expected}', but '{answered}' answers: check the URL or the watcher's name"
    )]
    Datacenter { expected: String, answered: String },
    #[error(
        "another Kubernetes cluster answers under the name '{datacenter}': its kube-system UID was {known} and is \
         {answered}; ids in ScyllaDB Manager depend on it, so restart this service if that is meant"
    )]
    Kubernetes { datacenter: String, known: String, answered: String },
    #[error("the feed of datacenter '{0}' does not say the UID of its kube-system namespace")]
    Anonymous(String),
    #[error("the feed breaks its own rules: {0}")]
    Rules(&'static str),
}

impl Follower {
    pub(crate) fn new(datacenter: String) -> Self {
        Self { datacenter, stage: Stage::Opening, token: None }
    }

    /// Begins a new stream; answers from where it can be resumed.
    pub(crate) fn open(&mut self) -> Option<wire::ResumeToken> {
        self.stage = Stage::Opening;
        self.token.clone()
    }

    /// Whether the view is as whole as the feed's.
    pub(crate) fn synced(&self) -> bool {
        matches!(self.stage, Stage::Following { synced: true })
    }

    /// Takes one message.
    ///
    /// # Errors
    /// [`Refusal`], after which the stream must be given up. The view is whole even then.
    pub(crate) fn take(
        &mut self,
        message: wire::WatchResponse,
        view: &RwLock<View>,
    ) -> Result<Step, Refusal> {
        let wire::WatchResponse { revision, traceparent, response } = message;
        let traceparent = Some(traceparent).filter(|text| !text.is_empty());
        let step = match (response, &mut self.stage) {
            (Some(Response::Start(start)), Stage::Opening) => return self.start(start, view),
            (_, Stage::Opening) => return self.broken("something comes before Start"),
            (Some(Response::Start(_)), _) => return self.broken("Start comes twice"),
            (
                Some(Response::Snapshot(carried) | Response::Upsert(carried)),
                Stage::Listing { staged, .. },
            ) => {
                let (_, _, nack) = put(staged, &self.datacenter, revision, &carried);
                return Ok(Step { nack, ..Step::default() });
            }
            (Some(Response::Snapshot(_)), _) => {
                return self.broken("a snapshot comes without being announced");
            }
            (Some(Response::Upsert(carried)), _) => {
                let (key, changed, nack) = put(&mut view.write(), &self.datacenter, revision, &carried);
                Step { changed: object(key.filter(|_| changed), traceparent), nack, ..Step::default() }
            }
            (Some(Response::Remove(gone)), Stage::Listing { staged, .. }) => {
                remove(staged, &gone);
                return Ok(Step::default());
            }
            (Some(Response::Remove(gone)), _) => {
                let key = remove(&mut view.write(), &gone);
                Step { changed: object(key, traceparent), ..Step::default() }
            }
            (Some(Response::Synced(_)), _) => return Ok(self.synced_at(revision, view)),
            // A later release may send more than this one understands.
            (Some(Response::Bookmark(_)) | None, Stage::Listing { .. }) => return Ok(Step::default()),
            (Some(Response::Bookmark(_)) | None, _) => Step::default(),
        };
        let moved = self.token.as_mut().map(|token| {
            token.revision = token.revision.max(revision);
            token.revision
        });
        Ok(Step { ack: moved.filter(|_| self.synced()), ..step })
    }

    fn start(&mut self, start: wire::Start, view: &RwLock<View>) -> Result<Step, Refusal> {
        let datacenter = self.datacenter.clone();
        if start.datacenter != datacenter {
            return Err(Refusal::Datacenter { expected: datacenter, answered: start.datacenter });
        }
        if start.kube_system_uid.is_empty() {
            return Err(Refusal::Anonymous(datacenter));
        }
        let known = view.read().home.as_ref().map(|home| home.kube_system_uid.clone());
        if let Some(known) = known.filter(|known| *known != start.kube_system_uid) {
            return Err(Refusal::Kubernetes { datacenter, known, answered: start.kube_system_uid });
        }
        if start.resumed {
            let fits = self.token.as_ref().is_some_and(|token| token.epoch == start.epoch);
            if !fits {
                return self.broken("it resumes what was not asked for");
            }
            self.stage = Stage::Following { synced: false };
            return Ok(Step::default());
        }
        let home = Home { datacenter, kube_system_uid: start.kube_system_uid };
        let staged = View { home: Some(home), synced_once: true, ..View::default() };
        self.stage = Stage::Listing { epoch: start.epoch, staged: Box::new(staged) };
        Ok(Step { reset: self.token.is_some(), ..Step::default() })
    }

    fn synced_at(&mut self, revision: u64, view: &RwLock<View>) -> Step {
        let stage = std::mem::replace(&mut self.stage, Stage::Following { synced: true });
        let mut changed = Vec::new();
        if let Stage::Listing { epoch, staged } = stage {
            self.token = Some(wire::ResumeToken { epoch, revision });
            let keys = view.write().replace(*staged);
            changed.extend(keys.iter().map(|key| Changed::Object { key: key.write(), traceparent: None }));
        } else if let Some(token) = &mut self.token {
            token.revision = token.revision.max(revision);
        }
        changed.push(Changed::Synced);
        Step { changed, ack: Some(revision), ..Step::default() }
    }

    /// After a breach nothing that was said can be built upon.
    fn broken(&mut self, rule: &'static str) -> Result<Step, Refusal> {
        self.token = None;
        Err(Refusal::Rules(rule))
    }
}

fn object(key: Option<Key>, traceparent: Option<String>) -> Vec<Changed> {
    key.map(|key| Changed::Object { key: key.write(), traceparent }).into_iter().collect()
}

/// Puts an object into a view: its key, whether that changed anything, and the refusal if it makes no sense.
fn put(
    view: &mut View,
    datacenter: &str,
    revision: u64,
    carried: &Carried,
) -> (Option<Key>, bool, Option<wire::Nack>) {
    let object = carried.object();
    let nack = |reason: String| Some(wire::Nack { revision, key: object.key.clone(), reason });
    let Some(key) = object.key.as_ref().and_then(Key::read) else {
        return (None, false, nack("the key is missing or of an unknown kind".to_owned()));
    };
    let read = read_object(datacenter, object).map_err(|incomplete| incomplete.to_string());
    match read.and_then(|content| fitting(&key, content)) {
        Ok(content) => {
            let changed = view.put(&key, &object.uid, content);
            (Some(key), changed, None)
        }
        Err(message) => {
            let changed = view.put(&key, &object.uid, FeedObject::Undecodable { message: message.clone() });
            (Some(key), changed, nack(message))
        }
    }
}

fn remove(view: &mut View, gone: &wire::Remove) -> Option<Key> {
    let key = gone.key.as_ref().and_then(Key::read)?;
    view.remove(&key, &gone.uid, gone.confirmed).then_some(key)
}

/// The object, when it is what its key says.
fn fitting(key: &Key, object: FeedObject) -> Result<FeedObject, String> {
    let kind = match &object {
        FeedObject::Cluster(_) => ObjectKind::ScyllaCluster,
        FeedObject::Namespace { .. } => ObjectKind::Namespace,
        FeedObject::Registration(_) => ObjectKind::Registration,
        FeedObject::Task(_) => ObjectKind::Task,
        FeedObject::Ring(_) => ObjectKind::Ring,
        FeedObject::RingMember(_) => ObjectKind::RingMember,
        FeedObject::OperatorRegistration { .. } => ObjectKind::OperatorRegistration,
        FeedObject::OperatorTask { .. } => ObjectKind::OperatorTask,
        FeedObject::Undecodable { .. } => key.kind,
    };
    if kind == key.kind {
        return Ok(object);
    }
    Err(format!("the key says {}, the body {}", key.kind.as_str_name(), kind.as_str_name()))
}
