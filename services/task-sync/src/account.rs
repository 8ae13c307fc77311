//! What is to be said about one task after a pass.

use std::collections::BTreeMap;

use messina_domain::names::reason;
use messina_domain::plan::task::Plan;
use messina_domain::task::{TaskObject, TaskStatus};
use messina_fault::Fault;

use crate::decide::{Decision, decide};
use crate::memory::fresh;
use crate::reconciler::{Done, Seen, Wanted};
use crate::status::compose;

/// What is to be said about one task after a pass.
pub(crate) struct Account<'a> {
    pub(crate) object: &'a TaskObject,
    /// What was decided, with the task in Manager as it is after what was done.
    pub(crate) decision: Decision,
    /// What holds it up now.
    pub(crate) fault: Option<Fault>,
    /// What was done, when something was.
    pub(crate) done: Option<Done>,
    /// Its status from now on; nothing for one that is about to go.
    pub(crate) status: Option<TaskStatus>,
}

impl Account<'_> {
    /// Whether work goes on in Manager.
    pub(crate) fn is_active(&self) -> bool {
        self.decision.current.as_ref().is_some_and(|task| task.state.is_active())
    }
}

type Deeds = BTreeMap<String, Result<Done, Fault>>;

/// Accounts for every task object of the pass, in order.
pub(crate) fn accounts<'a>(wanted: &'a Wanted, seen: &Seen) -> Vec<Account<'a>> {
    let done = wanted.done.lock().clone();
    let refused = wanted.refused.lock().clone();
    let decisions = decide(&wanted.desired, &seen.held);
    let pairs = decisions.into_iter().zip(&wanted.desired.tasks);
    pairs.map(|(decision, object)| account(object, decision, (&done, &refused), seen)).collect()
}

fn account<'a>(
    object: &'a TaskObject,
    mut decision: Decision,
    (done, refused): (&Deeds, &BTreeMap<String, Fault>),
    seen: &Seen,
) -> Account<'a> {
    let name = &object.key.name;
    let done = done.get(name);
    let mut fault =
        decision.next.as_ref().err().or_else(|| done.and_then(|done| done.as_ref().err())).cloned();
    let done = done.and_then(|done| done.as_ref().ok()).cloned();
    if let (Ok(Some(plan)), Some(done)) = (&decision.next, &done) {
        match (plan, done) {
            (Plan::Create(body), Done::Created(id)) => decision.current = Some(fresh(*id, body.clone())),
            (Plan::Update { body, .. }, Done::Updated) => {
                if let Some(current) = &mut decision.current {
                    current.body = body.clone();
                }
            }
            (_, Done::Stopping) => {
                let ends = "its run is asked to end, so that the task can be deleted";
                fault = Some(Fault::waiting(reason::TASK_RUNNING, ends));
            }
            _ => {}
        }
    }
    let fault = fault.or_else(|| refused.get(name).cloned());
    // What leaves Manager or Kubernetes in this pass is looked at again at once.
    let goes = matches!(done, Some(Done::Deleted | Done::Released));
    let status = (!goes).then(|| compose(object, &decision, fault.as_ref(), seen.news.get(name)));
    Account { object, decision, fault, done, status }
}
