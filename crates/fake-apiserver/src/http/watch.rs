//! Watches: what there is, then what changes, until the client, the clock or the server ends it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::Shared;
use super::negotiate::Shape;
use super::read::{revision, selector, shown, too_large};
use super::respond;
use super::router::Admitted;
use crate::error::ApiError;
use crate::meta;
use crate::resource::Resource;
use crate::selector::Selector;
use crate::store::{Change, ChangeKind, Compacted, Object, PageRequest};
use crate::table::{self, RowObject};
use crate::write::{Target, view};

/// Longest watch where the client names no time.
const LONGEST: Duration = Duration::from_secs(1800);

/// How long a watch from a revision that is not there yet waits for it.
const UNTIL_FRESH: Duration = Duration::from_secs(3);

/// Opens a watch.
pub(super) fn watch(request: &Admitted, target: &Target) -> Result<Response, ApiError> {
    let watch = Watch::open(request, target)?;
    let events = stream::unfold(watch, |mut watch| async move {
        let bytes = watch.next().await?;
        Some((Ok::<Bytes, Infallible>(bytes), watch))
    });
    Ok(respond::bytes(200, "application/json", Body::from_stream(events)))
}

struct Watch {
    shared: Arc<Shared>,
    target: Target,
    selector: Selector,
    shape: Shape,
    rows_with: RowObject,
    /// Revision up to which everything was sent.
    revision: u64,
    /// Events that are ready to be sent.
    ready: Vec<u8>,
    headings_sent: bool,
    ended: bool,
    bookmarks: Option<Interval>,
    deadline: Instant,
    writes: tokio::sync::watch::Receiver<u64>,
    generation: tokio::sync::watch::Receiver<u64>,
}

enum Woken {
    Written,
    BookmarkDue,
    Ended,
}

impl Watch {
    fn open(request: &Admitted, target: &Target) -> Result<Self, ApiError> {
        let parameters = &request.parameters;
        let from = revision(parameters.get("resourceVersion"))?;
        let list_first = parameters.is_true("sendInitialEvents");
        let seconds = parameters.get("timeoutSeconds").parse().ok().filter(|seconds| *seconds > 0);
        let state = request.shared.state.lock();
        let ahead = from.is_some_and(|from| from > state.store.revision());
        let longest = seconds.map_or(LONGEST, Duration::from_secs);
        let longest = if ahead { longest.min(UNTIL_FRESH) } else { longest };
        let mut watch = Self {
            shared: request.shared.clone(),
            target: target.clone(),
            selector: selector(request, target)?,
            shape: request.format.shape,
            rows_with: shown(request, target, state.now()).rows_with,
            revision: from.unwrap_or_else(|| state.store.revision()),
            ready: Vec::new(),
            headings_sent: false,
            ended: false,
            bookmarks: parameters.is_true("allowWatchBookmarks").then(|| bookmarks(&request.shared)),
            deadline: Instant::now() + longest,
            writes: state.store.subscribe(),
            generation: request.shared.watch_generation.subscribe(),
        };
        let present = match parameters.get("sendInitialEvents") {
            "" => from.is_none(),
            _ => list_first,
        };
        if present {
            let page = PageRequest { namespace: watch.namespace(), ..PageRequest::default() };
            let wanted = |object: &Object| watch.selector.matches(object.value());
            let page = state.store.page(&target.resource.table, &page, wanted);
            let page = page.map_err(|error| ApiError::expired(error.to_string()))?;
            watch.revision = state.store.revision();
            drop(state);
            for object in &page.objects {
                watch.push("ADDED", object);
            }
        } else {
            drop(state);
        }
        if list_first {
            watch.push_bookmark(true);
        }
        Ok(watch)
    }

    fn namespace(&self) -> Option<String> {
        (!self.target.namespace.is_empty()).then(|| self.target.namespace.clone())
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.ready.is_empty() {
                return Some(Bytes::from(std::mem::take(&mut self.ready)));
            }
            if self.ended {
                return None;
            }
            self.collect();
            if !self.ready.is_empty() {
                continue;
            }
            if !self.is_served() {
                return None;
            }
            match self.wait().await {
                Woken::Written => {}
                Woken::BookmarkDue => {
                    self.collect();
                    if !self.ended {
                        self.push_bookmark(false);
                    }
                }
                Woken::Ended => self.end(),
            }
        }
    }

    /// Ends the watch; one that waited for a revision which never came, as of another server's past, says so.
    fn end(&mut self) {
        self.ended = true;
        let current = self.shared.state.lock().store.revision();
        if self.revision > current {
            let status = too_large(self.revision, current).status().to_string();
            self.push_event("ERROR", status.as_bytes());
        }
    }

    async fn wait(&mut self) -> Woken {
        let paused = *self.shared.bookmarks_paused.borrow();
        let bookmarks = &mut self.bookmarks;
        let bookmark = async {
            match bookmarks {
                Some(interval) if !paused => {
                    interval.tick().await;
                }
                _ => std::future::pending().await,
            }
        };
        let mut pause = self.shared.bookmarks_paused.subscribe();
        tokio::select! {
            changed = self.writes.changed() => if changed.is_ok() { Woken::Written } else { Woken::Ended },
            () = bookmark => Woken::BookmarkDue,
            _ = pause.changed() => Woken::Written,
            _ = self.generation.changed() => Woken::Ended,
            () = tokio::time::sleep_until(self.deadline) => Woken::Ended,
            () = self.shared.stop.cancelled() => Woken::Ended,
        }
    }

    /// Takes over everything that was written since the last time.
    fn collect(&mut self) {
        self.writes.mark_unchanged();
        let state = self.shared.state.lock();
        let revision = state.store.revision();
        let changes = match state.store.table(&self.target.resource.table) {
            Some(table) => table.changes_since(self.revision),
            None => Ok(Vec::new()),
        };
        drop(state);
        match changes {
            Ok(changes) => {
                self.revision = self.revision.max(revision);
                for change in changes {
                    self.push_change(&change);
                }
            }
            Err(too_old) => {
                self.push_expired(too_old);
                self.ended = true;
            }
        }
    }

    fn is_served(&self) -> bool {
        let resource = &self.target.resource;
        let state = self.shared.state.lock();
        state.registry.find(&resource.group, &resource.version, &resource.plural).is_some()
    }

    fn push_change(&mut self, change: &Change) {
        if self.namespace().is_some_and(|namespace| namespace != change.key.namespace) {
            return;
        }
        let selected = |object: &Arc<Object>| self.selector.matches(object.value());
        let before = change.previous.as_ref().is_some_and(selected);
        let after = change.kind != ChangeKind::Deleted && selected(&change.object);
        match (before, after) {
            (false, false) => {}
            (false, true) => self.push("ADDED", &change.object),
            (true, true) => self.push("MODIFIED", &change.object),
            (true, false) if change.kind == ChangeKind::Deleted => self.push("DELETED", &change.object),
            (true, false) => {
                // It only left the selection: the client sees its last selected state, at the new revision.
                let Some(previous) = &change.previous else { return };
                let mut value = previous.value().clone();
                meta::set(&mut value, "resourceVersion", change.revision().to_string());
                self.push("DELETED", &Arc::new(Object::new(value, change.revision())));
            }
        }
    }

    fn push(&mut self, kind: &str, stored: &Arc<Object>) {
        let object = view(&self.target.resource, stored);
        let json = match self.shape {
            Shape::Table => Bytes::from(self.table_event(&object).to_string()),
            Shape::Partial => {
                Bytes::from(table::partial(object.value(), "PartialObjectMetadata").to_string())
            }
            _ => object.json().clone(),
        };
        self.push_event(kind, &json);
    }

    fn table_event(&mut self, object: &Object) -> Value {
        let resource: &Resource = &self.target.resource;
        let now = self.shared.state.lock().now();
        let row = table::row(resource, object.value(), self.rows_with, now);
        let headings = if self.headings_sent { Value::Null } else { table::columns(resource) };
        self.headings_sent = true;
        table::table(headings, vec![row], json!({ "resourceVersion": object.revision().to_string() }))
    }

    fn push_bookmark(&mut self, initial_events_end: bool) {
        let resource = &self.target.resource;
        let mut metadata = json!({"resourceVersion": self.revision.to_string(), "creationTimestamp": null});
        if initial_events_end {
            let annotations = json!({"k8s.io/initial-events-end": "true"});
            meta::root(&mut metadata).insert("annotations".into(), annotations);
        }
        let object = json!({
            "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata,
        });
        let json = match self.shape {
            Shape::Table => table::table(Value::Null, Vec::new(), metadata),
            Shape::Partial => table::partial(&object, "PartialObjectMetadata"),
            _ => object,
        };
        self.push_event("BOOKMARK", json.to_string().as_bytes());
    }

    fn push_expired(&mut self, too_old: Compacted) {
        let message = format!("too old resource version: {} ({})", too_old.wanted, too_old.oldest);
        let status = ApiError::expired(message).status().to_string();
        self.push_event("ERROR", status.as_bytes());
    }

    fn push_event(&mut self, kind: &str, json: &[u8]) {
        self.ready.extend_from_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
        self.ready.extend_from_slice(json);
        self.ready.extend_from_slice(b"}\n");
    }
}

fn bookmarks(shared: &Shared) -> Interval {
    let period = shared.bookmark_interval.max(Duration::from_millis(1));
    let mut interval = tokio::time::interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
