use std::time::Duration;

use super::*;

const KNOWN: &[&str] = &["ManagerBusy", "AwaitingToken", "InvalidCron"];

#[test]
fn a_fault_survives_the_wire_when_its_reason_is_known() {
    let faults = [
        Fault::transient("ManagerBusy", "429 from Manager").after(Duration::from_secs(7)),
        Fault::transient("ManagerBusy", "connection refused"),
        Fault::waiting("AwaitingToken", "Secret is missing").hint("create it"),
        Fault::rejected("InvalidCron", "minute 61").hint("use 0 to 59"),
    ];
    for fault in faults {
        assert_eq!(status_to_fault(&fault_to_status(&fault), KNOWN), fault);
    }
}

#[test]
fn codes_and_details_follow_the_table() {
    let status = fault_to_status(&Fault::transient("ManagerBusy", "busy"));
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "busy"));
    assert!(status.get_details_retry_info().is_some(), "a transient status always has RetryInfo");
    let status = fault_to_status(&Fault::waiting("AwaitingToken", "no token").hint("create it"));
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.get_details_retry_info().is_none());
    let info = status.get_details_error_info().expect("ErrorInfo");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("AwaitingToken", "messina.dev"));
    assert_eq!(info.metadata.get("hint").map(String::as_str), Some("create it"));
    assert_eq!(fault_to_status(&Fault::rejected("InvalidCron", "bad")).code(), Code::InvalidArgument);
}

#[test]
fn an_unknown_reason_stays_readable() {
    let status = fault_to_status(&Fault::waiting("FromTheFuture", "look"));
    let fault = status_to_fault(&status, KNOWN);
    assert_eq!(fault, Fault::waiting("PeerNotReady", "FromTheFuture: look"));
}

#[test]
fn plain_statuses_are_classified_by_code() {
    let class = |code| status_to_fault(&Status::new(code, "m"), KNOWN).class();
    for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Internal, Code::Unknown, Code::Cancelled] {
        assert_eq!(class(code), "transient", "{code:?}");
    }
    for code in [Code::PermissionDenied, Code::Unauthenticated, Code::Unimplemented] {
        assert_eq!(class(code), "waiting", "{code:?}");
    }
    for code in [Code::NotFound, Code::InvalidArgument, Code::AlreadyExists] {
        assert_eq!(class(code), "rejected", "{code:?}");
    }
}

#[test]
fn a_refused_field_is_named() {
    let status = field_violation("spec.schedule.cron", "minute 61 is out of range");
    assert_eq!(status.code(), Code::InvalidArgument);
    let request = status.get_details_bad_request().expect("BadRequest");
    let [violation] = request.field_violations.as_slice() else { panic!("one violation: {request:?}") };
    assert_eq!(violation.field, "spec.schedule.cron");
    assert_eq!(violation.description, "minute 61 is out of range");
    assert_eq!(status_to_fault(&status, &["InvalidField"]).reason(), "InvalidField");
}
