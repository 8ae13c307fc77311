//! Faults as gRPC statuses and back.
//!
//! | fault | code | details |
//! |---|---|---|
//! | `Transient` | `UNAVAILABLE` | `ErrorInfo`, `RetryInfo` |
//! | `Waiting` | `FAILED_PRECONDITION` | `ErrorInfo` (`RetryInfo` when a pause is known) |
//! | `Rejected` | `INVALID_ARGUMENT` | `ErrorInfo` (`RetryInfo` when a pause is known) |
//!
//! The reason of the `ErrorInfo` is the fault's; its metadata holds the `hint`, when there is one.

use std::collections::HashMap;

use messina_fault::{Detail, Fault};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The `ErrorInfo.domain` of all our errors.
pub const DOMAIN: &str = "messina.dev";

const HINT: &str = "hint";

/// The status that carries a fault.
pub fn fault_to_status(fault: &Fault) -> Status {
    let Detail { reason, message, hint, retry_after } = fault.detail();
    let code = match fault {
        Fault::Transient(_) => Code::Unavailable,
        Fault::Waiting(_) => Code::FailedPrecondition,
        Fault::Rejected(_) => Code::InvalidArgument,
    };
    let mut details = info(reason, hint);
    if retry_after.is_some() || matches!(fault, Fault::Transient(_)) {
        details.set_retry_info(*retry_after);
    }
    Status::with_error_details(code, message.as_str(), details)
}

/// The status that refuses one field of a request: `INVALID_ARGUMENT` with a `BadRequest`. `field` is its
/// path in the request, `spec.schedule.cron`.
pub fn field_violation(field: &str, description: &str) -> Status {
    let mut details = info("InvalidField", "");
    details.add_bad_request_violation(field, description);
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {description}"), details)
}

/// The fault that a peer's status means for us. `reasons` are those that the caller knows: a reason of the
/// peer that is not among them stays in the message, and the code gives the reason.
pub fn status_to_fault(status: &Status, reasons: &[&'static str]) -> Fault {
    let (make, fallback): (fn(&'static str, String) -> Fault, _) = match status.code() {
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => (Fault::transient, "PeerFailed"),
        Code::Unavailable | Code::Cancelled | Code::Aborted => (Fault::transient, "PeerUnavailable"),
        Code::DeadlineExceeded => (Fault::transient, "PeerTimeout"),
        Code::ResourceExhausted => (Fault::transient, "PeerBusy"),
        Code::FailedPrecondition => (Fault::waiting, "PeerNotReady"),
        // Somebody has to grant something, or a rolling update has to end; our input is not at fault.
        Code::PermissionDenied | Code::Unauthenticated => (Fault::waiting, "PeerRefused"),
        Code::Unimplemented => (Fault::waiting, "PeerTooOld"),
        Code::NotFound => (Fault::rejected, "PeerNotFound"),
        Code::InvalidArgument | Code::OutOfRange | Code::AlreadyExists => (Fault::rejected, "PeerRejected"),
    };
    let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN);
    let theirs = info.as_ref().map(|info| info.reason.as_str());
    let known = reasons.iter().find(|reason| Some(**reason) == theirs).copied();
    let message = match (known, theirs) {
        (None, Some(theirs)) => format!("{theirs}: {}", status.message()),
        _ => status.message().to_owned(),
    };
    let mut fault = make(known.unwrap_or(fallback), message);
    if let Some(hint) = info.as_ref().and_then(|info| info.metadata.get(HINT)) {
        fault = fault.hint(hint.as_str());
    }
    match status.get_details_retry_info().and_then(|retry| retry.retry_delay) {
        Some(pause) => fault.after(pause),
        None => fault,
    }
}

fn info(reason: &str, hint: &str) -> ErrorDetails {
    let hint = (!hint.is_empty()).then(|| (HINT.to_owned(), hint.to_owned()));
    ErrorDetails::with_error_info(reason, DOMAIN, HashMap::from_iter(hint))
}

#[cfg(test)]
mod tests;
