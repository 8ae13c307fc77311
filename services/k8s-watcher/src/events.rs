//! Kubernetes events: what a person reads in `kubectl describe`.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use messina_domain::names::EVENT_CONTROLLER;
use messina_k8s_api::kinds::Kind;

/// Longest note that the API server takes.
const MAX_NOTE: usize = 1024;

/// What an event says.
#[derive(Debug, Clone)]
pub struct Note {
    /// Whether somebody should look at it.
    pub warning: bool,
    /// CamelCase reason.
    pub reason: String,
    /// CamelCase action.
    pub action: String,
    /// For a person.
    pub text: String,
}

/// The object that an event is about.
#[derive(Debug, Clone)]
pub struct About {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
}

/// Records events under one reporter.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
    read_only: bool,
}

impl Events {
    /// A recorder for one API server.
    pub fn new(client: Client, datacenter: &str, read_only: bool) -> Self {
        let reporter =
            Reporter { controller: EVENT_CONTROLLER.into(), instance: Some(datacenter.to_owned()) };
        Self { recorder: Recorder::new(client, reporter), read_only }
    }

    /// Records one event.
    ///
    /// # Errors
    /// What the API server said.
    pub async fn record(&self, about: &About, note: &Note) -> Result<(), kube::Error> {
        if self.read_only {
            return Ok(());
        }
        let resource = about.kind.resource();
        let reference = ObjectReference {
            api_version: Some(resource.api_version),
            kind: Some(resource.kind),
            namespace: Some(about.namespace.clone()),
            name: Some(about.name.clone()),
            uid: Some(about.uid.clone()),
            ..ObjectReference::default()
        };
        let event = Event {
            type_: if note.warning { EventType::Warning } else { EventType::Normal },
            reason: note.reason.clone(),
            note: Some(cut(&note.text)),
            action: note.action.clone(),
            secondary: None,
        };
        self.recorder.publish(&event, &reference).await
    }
}

/// The text without control characters and short enough for the API server.
fn cut(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.get(..clean.floor_char_boundary(MAX_NOTE)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_fits_and_stays_on_its_line() {
        assert_eq!(cut("a\nb\u{1b}[31m"), "a b [31m");
        assert_eq!(cut(&"ä".repeat(1000)).len(), MAX_NOTE);
    }
}
