//! Whether Manager answers at the moment, from how the last calls ended.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::call::Outage;
use crate::settings::{BreakerSettings, WallClock};

/// What one call shows about Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It answered, if only with a refusal.
    Alive,
    /// It did not, for this reason.
    Dead(String),
    /// Nothing: the call was given up, or Manager may have been busy with the agents.
    Unclear(String),
}

/// Remembers how calls end. Closed, calls pass; after enough failures in a row it opens and calls are
/// refused, until a pause is over and one call may probe.
pub(crate) struct Circuit {
    settings: BreakerSettings,
    now: WallClock,
    state: Mutex<State>,
}

enum State {
    Closed { failures: u32 },
    Open { outage: Outage, pause: Duration, until: Instant, probing: bool },
}

impl Circuit {
    pub(crate) fn new(settings: BreakerSettings, now: WallClock) -> Self {
        Self { settings, now, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a call would be refused now. Reserves nothing.
    pub(crate) fn outage(&self) -> Option<Outage> {
        match &*self.state.lock() {
            State::Closed { .. } => None,
            State::Open { outage, until, probing, pause } => {
                let left = until.saturating_duration_since(Instant::now());
                let left = if *probing { left.max(*pause) } else { left };
                (!left.is_zero()).then(|| Outage { pause: left, ..outage.clone() })
            }
        }
    }

    /// Lets a call pass, or not.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Pass, Outage> {
        if let Some(outage) = self.outage() {
            return Err(outage);
        }
        let probe = match &mut *self.state.lock() {
            State::Closed { .. } => false,
            State::Open { probing: true, outage, pause, .. } => {
                // Somebody else was quicker.
                return Err(Outage { pause: *pause, ..outage.clone() });
            }
            State::Open { probing, .. } => {
                *probing = true;
                true
            }
        };
        Ok(Pass {
            circuit: Arc::clone(self),
            probe,
            evidence: Evidence::Unclear("the call was given up".into()),
        })
    }

    fn note(&self, probe: bool, evidence: Evidence) {
        let mut state = self.state.lock();
        match (evidence, &mut *state) {
            (Evidence::Alive, open @ State::Open { .. }) => {
                *open = State::Closed { failures: 0 };
                tracing::info!("ScyllaDB Manager answers again");
            }
            (Evidence::Alive, State::Closed { failures }) => *failures = 0,
            (Evidence::Dead(cause), State::Closed { failures }) => {
                *failures += 1;
                if *failures >= self.settings.failures {
                    tracing::warn!(failures, cause, "ScyllaDB Manager does not answer; calls are held back");
                    let pause = self.settings.first_pause;
                    let outage = Outage { since: (self.now)(), cause, pause };
                    *state = State::Open {
                        outage,
                        pause,
                        until: Instant::now() + jittered(pause),
                        probing: false,
                    };
                }
            }
            (Evidence::Dead(cause), State::Open { outage, pause, until, probing }) if probe => {
                *pause = pause.saturating_mul(2).min(self.settings.longest_pause);
                (outage.cause, *until, *probing) = (cause, Instant::now() + jittered(*pause), false);
            }
            // A probe that shows nothing makes room for the next one.
            (Evidence::Unclear(_), State::Open { probing, .. }) if probe => *probing = false,
            (Evidence::Dead(_) | Evidence::Unclear(_), _) => {}
        }
    }
}

/// Within a tenth, so that several processes do not probe in step.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.9 + 0.2 * fastrand::f64())
}

/// A call that was let through; says what it showed when it is dropped.
pub(crate) struct Pass {
    circuit: Arc<Circuit>,
    probe: bool,
    evidence: Evidence,
}

impl Pass {
    /// The call has ended.
    pub(crate) fn ended(mut self, evidence: Evidence) {
        self.evidence = match evidence {
            // A probe has to settle the question, or a Manager that takes connections and never answers
            // would be probed without a pause.
            Evidence::Unclear(cause) if self.probe => Evidence::Dead(cause),
            evidence => evidence,
        };
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let evidence = std::mem::replace(&mut self.evidence, Evidence::Alive);
        self.circuit.note(self.probe, evidence);
    }
}
