//! Whether the process can do its work: one gate per thing that has to be in place.

use std::fmt::Write as _;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// All gates of a process. Cheap to clone. Ready when every gate is; without gates, ready.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    gates: Mutex<Vec<GateState>>,
    ready: watch::Sender<bool>,
}

#[derive(Debug)]
struct GateState {
    name: String,
    /// Why the gate is shut; `None` when it is open.
    reason: Option<String>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl Readiness {
    /// No gates yet.
    pub fn new() -> Self {
        Self(Arc::new(Shared { gates: Mutex::new(Vec::new()), ready: watch::Sender::new(true) }))
    }

    /// Adds a gate, shut with the reason `starting`. It stays as it was last set when its handle is dropped.
    pub fn gate(&self, name: impl Into<String>) -> Gate {
        let mut gates = self.0.gates.lock();
        gates.push(GateState { name: name.into(), reason: Some("starting".to_owned()) });
        self.0.publish(&gates);
        Gate { shared: Arc::clone(&self.0), index: gates.len() - 1 }
    }

    /// Whether every gate is open.
    pub fn is_ready(&self) -> bool {
        *self.0.ready.borrow()
    }

    /// Follows [`Readiness::is_ready`].
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.0.ready.subscribe()
    }

    /// One line per gate: `[+]name ok` or `[-]name reason`.
    pub fn report(&self) -> String {
        self.0.gates.lock().iter().fold(String::new(), |mut text, gate| {
            let line = match &gate.reason {
                None => writeln!(text, "[+]{} ok", gate.name),
                Some(reason) => writeln!(text, "[-]{} {}", gate.name, reason.replace(['\n', '\r'], " ")),
            };
            // Writing into a String cannot fail.
            line.ok();
            text
        })
    }
}

impl Shared {
    fn publish(&self, gates: &[GateState]) {
        let ready = gates.iter().all(|gate| gate.reason.is_none());
        self.ready.send_if_modified(|was| std::mem::replace(was, ready) != ready);
    }
}

/// The handle of the component that opens and shuts one gate.
#[derive(Debug, Clone)]
pub struct Gate {
    shared: Arc<Shared>,
    index: usize,
}

impl Gate {
    /// Opens the gate.
    pub fn ready(&self) {
        self.set(None);
    }

    /// Shuts the gate; the reason is shown by `/readyz`.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    fn set(&self, reason: Option<String>) {
        let mut gates = self.shared.gates.lock();
        if let Some(gate) = gates.get_mut(self.index) {
            gate.reason = reason;
        }
        self.shared.publish(&gates);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_every_gate_is_open() {
        let readiness = Readiness::new();
        assert!(readiness.is_ready());
        let (feed, manager) = (readiness.gate("feed"), readiness.gate("manager"));
        assert_eq!(readiness.report(), "[-]feed starting\n[-]manager starting\n");
        feed.ready();
        assert!(!readiness.is_ready());
        manager.ready();
        assert!(readiness.is_ready());
        manager.not_ready("connection\nrefused");
        drop(manager);
        assert!(!readiness.is_ready());
        assert_eq!(readiness.report(), "[+]feed ok\n[-]manager connection refused\n");
    }

    #[test]
    fn followers_hear_of_changes_only() {
        let readiness = Readiness::new();
        let gate = readiness.gate("feed");
        let mut follower = readiness.subscribe();
        follower.borrow_and_update();
        gate.not_ready("still starting");
        assert!(!follower.has_changed().expect("the sender lives"));
        gate.ready();
        assert!(follower.has_changed().expect("the sender lives"));
        assert!(*follower.borrow());
    }
}
