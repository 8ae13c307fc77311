//! What a service implements, and what it is told about each pass.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::time::Duration;

use messina_fault::Fault;

/// Five steps that bring one keyed thing from what is observed to what is desired.
///
/// The steps run in the order of the methods, always for a whole key: a pass is not told what changed,
/// so there is one path through the code, and it is the one that runs all the time.
pub trait Reconciler: Sized + Send + Sync + 'static {
    /// Names the thing; what is queued.
    type Key: Clone + Eq + Hash + Display + Debug + Send + Sync + 'static;
    /// What should be.
    type Desired: Send + Sync;
    /// What is.
    type Observed: Send + Sync;
    /// What to do about the difference.
    type Plan: Send + Sync;

    /// Reads what should be.
    ///
    /// # Errors
    /// The fault decides when the key is looked at again; the later steps are skipped.
    fn desired(&self, key: &Self::Key) -> impl Future<Output = Result<Self::Desired, Fault>> + Send;

    /// Reads what is.
    ///
    /// # Errors
    /// The fault decides when the key is looked at again; the later steps are skipped.
    fn observe(
        &self,
        key: &Self::Key,
        desired: &Self::Desired,
    ) -> impl Future<Output = Result<Self::Observed, Fault>> + Send;

    /// Decides. Pure: no clock, no log, no I/O. `None` means that nothing is to be done.
    ///
    /// # Errors
    /// The fault decides when the key is looked at again; nothing is applied.
    fn plan(&self, desired: &Self::Desired, observed: &Self::Observed) -> Result<Option<Self::Plan>, Fault>;

    /// Does what the plan says, without deciding anything more. Must be safe to repeat.
    ///
    /// # Errors
    /// The fault decides when the key is looked at again.
    fn apply(
        &self,
        key: &Self::Key,
        desired: &Self::Desired,
        plan: Self::Plan,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Is told the outcome of every pass, also of failed ones, and answers when to look again.
    fn report(&self, key: &Self::Key, pass: Pass<'_, Self>) -> impl Future<Output = Next> + Send;
}

/// The outcome of one pass.
pub struct Pass<'a, R: Reconciler> {
    /// What should be, when the pass got that far.
    pub desired: Option<&'a R::Desired>,
    /// What was, before anything was applied, when the pass got that far.
    pub observed: Option<&'a R::Observed>,
    /// Whether a plan was handed to [`Reconciler::apply`]; it may have been carried out even when
    /// `result` is an error.
    pub changed: bool,
    /// How the pass ended.
    pub result: Result<(), &'a Fault>,
    /// The cause that the first trigger of this pass named (a W3C traceparent), if any did.
    pub cause: Option<&'a str>,
}

/// When to look at a key again. The default is: at the interval that fits the outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Next {
    /// The exact pause in place of the interval; not used after a transient fault, which always backs off.
    pub after: Option<Duration>,
    /// Nobody wants this key any more: no further look unless a trigger asks for one.
    pub forget: bool,
}

impl Next {
    /// Look again at the interval that fits the outcome.
    pub fn resync() -> Self {
        Self::default()
    }

    /// Look again after exactly this pause.
    pub fn after(pause: Duration) -> Self {
        Self { after: Some(pause), forget: false }
    }

    /// Do not look again until somebody asks.
    pub fn forget() -> Self {
        Self { after: None, forget: true }
    }
}
