//! The loop of Messina: it brings what is observed to what is desired, one key at a time.
//!
//! A service implements [`Reconciler`] (five steps, of which only [`Reconciler::plan`] decides), wraps
//! it in a [`Loop`] and wakes keys through a [`Trigger`]:
//!
//! ```
//! # use std::sync::Arc;
//! # use messina_fault::Fault;
//! # use messina_reconcile::{Loop, Next, Pass, Reconciler, Settings};
//! # use tokio_util::sync::CancellationToken;
//! struct Lamps;
//! impl Reconciler for Lamps {
//!     type Key = String;
//!     type Desired = bool;
//!     type Observed = bool;
//!     type Plan = bool;
//!     async fn desired(&self, _: &String) -> Result<bool, Fault> { Ok(true) }
//!     async fn observe(&self, _: &String, _: &bool) -> Result<bool, Fault> { Ok(true) }
//!     fn plan(&self, desired: &bool, observed: &bool) -> Result<Option<bool>, Fault> {
//!         Ok((desired != observed).then_some(*desired))
//!     }
//!     async fn apply(&self, _: &String, _: &bool, _: bool) -> Result<(), Fault> { Ok(()) }
//!     async fn report(&self, _: &String, _: Pass<'_, Self>) -> Next { Next::forget() }
//! }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let lamps = Loop::new(Arc::new(Lamps), Settings::default());
//! let trigger = lamps.handle();
//! let shutdown = CancellationToken::new();
//! let running = tokio::spawn(lamps.run(shutdown.clone()));
//! trigger.now("hall".to_owned(), None);
//! # while trigger.stats().passes.settled == 0 { tokio::task::yield_now().await; }
//! shutdown.cancel();
//! # running.await.unwrap();
//! # });
//! ```
//!
//! # Guarantees
//!
//! * A key runs at most once at a time, and at most [`Settings::workers`] keys run at once.
//! * Any number of changes during a pass cause exactly one more pass of that key.
//! * A change ends a backoff or a wait at once. It does not reset the count of failures, so a key that
//!   both changes and fails does not start its backoff over and over.
//! * No key is forgotten while it is wanted: a change, or [`Trigger::after`], that comes in during a pass
//!   outlives a [`Next::forget`] of that pass. [`Trigger::forget`] undoes the wishes that came before it.
//! * Keys run in the order in which they became due; a key that changes all the time queues up behind
//!   all the others after each pass.
//! * A panic in a pass is a `Fault::Transient` with the reason `Panicked`; the loop and the other keys go on.
//! * After the shutdown no pass begins; running passes get [`Settings::grace`] and are then dropped at
//!   their next await.
//!
//! # When a key is looked at again
//!
//! | outcome of the pass | pause |
//! |---|---|
//! | settled (also when something was applied) | [`Next::after`], else [`Settings::resync`] ± 10 % |
//! | `Waiting` | [`Next::after`], else [`Settings::waiting`] ± 10 % |
//! | `Rejected` | [`Next::after`], else [`Settings::resync`] ± 10 % |
//! | `Transient` | random between zero and `base_backoff` · 2ⁿ (at most `max_backoff`), n failures in a row before |
//!
//! A `retry_after` of the fault is a minimum in every row. Every outcome but `Transient` ends the row of
//! failures.
//!
//! # Assumptions
//!
//! A pass may be dropped at any await (hard end of a shutdown), so every step has to be safe to repeat. All
//! time is tokio's.

mod backoff;
mod pass;
mod queue;
mod reconciler;
mod run;
mod settings;
mod stats;
mod trigger;

pub use backoff::Jitter;
pub use reconciler::{Next, Pass, Reconciler};
pub use run::Loop;
pub use settings::{MakeSpan, Settings};
pub use stats::{Passes, Stats};
pub use trigger::Trigger;
