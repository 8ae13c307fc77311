//! One pass of one key: the five steps, with panics caught step by step.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use messina_fault::Fault;

use crate::reconciler::{Next, Pass, Reconciler};

/// How a pass ended.
pub(crate) struct Ended {
    pub(crate) result: Result<(), Fault>,
    pub(crate) next: Next,
}

/// Runs all steps of one key and reports their outcome. Never panics itself.
pub(crate) async fn run<R: Reconciler>(reconciler: &R, key: &R::Key, cause: Option<&str>) -> Ended {
    let (mut desired, mut observed, mut changed) = (None, None, false);
    let steps = async {
        let desired = desired.insert(guarded(reconciler.desired(key)).await?);
        let observed = observed.insert(guarded(async { reconciler.observe(key, desired).await }).await?);
        if let Some(plan) = guarded(async { reconciler.plan(desired, observed) }).await? {
            changed = true;
            guarded(async { reconciler.apply(key, desired, plan).await }).await?;
        }
        Ok(())
    };
    let result = steps.await;
    log(&result, changed);
    let report = async {
        let pass = Pass {
            desired: desired.as_ref(),
            observed: observed.as_ref(),
            changed,
            result: result.as_ref().copied(),
            cause,
        };
        Ok(reconciler.report(key, pass).await)
    };
    match guarded(report).await {
        Ok(next) => Ended { result, next },
        Err(fault) => {
            log(&Err(fault.clone()), changed);
            Ended { result: Err(fault), next: Next::default() }
        }
    }
}

fn log(result: &Result<(), Fault>, changed: bool) {
    match result {
        Ok(()) => tracing::debug!(changed, "settled"),
        Err(fault) if fault.reason() == PANICKED => tracing::error!(%fault, "pass panicked"),
        Err(fault @ Fault::Transient(_)) => tracing::warn!(%fault, "pass failed, will be tried again"),
        Err(fault @ Fault::Waiting(_)) => tracing::debug!(%fault, "pass waits"),
        Err(fault @ Fault::Rejected(_)) => tracing::info!(%fault, "input rejected"),
    }
}

/// Reason of the fault that stands for a panic.
const PANICKED: &str = "Panicked";

/// The step, with a panic turned into a fault.
async fn guarded<T>(step: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    // What a step can leave broken behind it belongs to the reconciler, which is shared and guards itself.
    AssertUnwindSafe(step).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

/// The fault that stands for a panic.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Fault {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    Fault::transient(PANICKED, text).hint("this is a bug: report it with the log lines around it")
}
