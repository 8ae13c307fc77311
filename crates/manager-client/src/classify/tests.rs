use messina_domain::names::reason::*;

use super::*;
use crate::operation::Operation as O;

fn verdict(operation: Operation, status: u16, message: &str) -> (&'static str, &'static str) {
    match classify(operation, StatusCode::from_u16(status).unwrap(), Some(message)) {
        Gone => ("gone", ""),
        Transient(reason, _) => ("transient", reason),
        Waiting(reason, _) => ("waiting", reason),
        Rejected(reason, _) => ("rejected", reason),
    }
}

/// Status, words and meaning of what Manager was seen to answer.
#[rustfmt::skip]
#[test]
fn every_known_answer_has_its_meaning() {
    for (operation, status, message, expected) in [
        // Creating and updating clusters.
        (O::PutNewCluster,  400, "invalid cluster: name \"x\" is already taken", ("waiting", NAME_TAKEN)),
        (O::PutNewCluster,  500, "multiple clusters share the same name \"x\"", ("rejected", NAME_AMBIGUOUS)),
        (O::GetCluster,     500, "multiple clusters share the same name \"x\"", ("rejected", NAME_AMBIGUOUS)),
        (O::PutNewCluster,  500, "create cluster: unable to connect to any of cluster's known hosts - make sure the IP is correct and access to port 10001 is unblocked", ("transient", NODES_UNREACHABLE)),
        (O::ReplaceCluster, 500, "unable to connect to any of cluster's known hosts", ("transient", NODES_UNREACHABLE)),
        (O::PutNewCluster,  500, "connectivity check: 10.0.0.2: giving up after 2 attempts", ("transient", NODES_UNREACHABLE)),
        (O::ReplaceCluster, 400, "invalid cluster: connectivity check: 10.0.0.2: agent [HTTP 401] unauthorized", ("transient", NODES_UNREACHABLE)),
        (O::PutNewCluster,  400, "malformed request: json: cannot unmarshal number into Go struct field", ("rejected", MANAGER_REFUSED)),
        (O::PutNewCluster,  400, "invalid cluster: name cannot be a UUID", ("rejected", MANAGER_REFUSED)),
        // Gone clusters.
        (O::GetCluster,     404, "get resource: load cluster \"7f\": not found", ("gone", "")),
        (O::DeleteCluster,  404, "get resource: load cluster \"7f\": not found", ("gone", "")),
        (O::ReplaceCluster, 404, "get resource: load cluster \"7f\": not found", ("gone", "")),
        (O::ListTasks,      404, "get resource: load cluster \"7f\": not found", ("transient", CLUSTER_UNKNOWN)),
        (O::CreateTask,     404, "get resource: load cluster \"7f\": not found", ("transient", CLUSTER_UNKNOWN)),
        (O::GetTarget,      404, "get resource: load cluster \"7f\": not found", ("transient", CLUSTER_UNKNOWN)),
        (O::GetSuspended,   404, "get resource: load cluster \"7f\": not found", ("transient", CLUSTER_UNKNOWN)),
        // An address that is not the API's must never look like something gone.
        (O::DeleteCluster,  404, "find endpoint for path /cluster/7f - make sure api-url is correct", ("transient", MANAGER_GARBAGE)),
        (O::GetCluster,     404, "no Route matched with those values", ("transient", MANAGER_GARBAGE)),
        (O::DeleteTask,     404, "not here", ("transient", MANAGER_GARBAGE)),
        // Gone tasks.
        (O::DeleteTask,     404, "get resource: load task \"7f\": not found", ("gone", "")),
        (O::DeleteTask,     500, "load task \"7f\": task 7f is deleted", ("gone", "")),
        (O::ReplaceTask,    500, "load task \"7f\": task 7f is deleted", ("gone", "")),
        (O::GetHistory,     404, "get resource: load task \"7f\": not found", ("gone", "")),
        (O::GetProgress,    400, "unsupported task type healthcheck", ("gone", "")),
        // Creating and updating tasks.
        (O::CreateTask,     500, "create task: task name daily is already used", ("waiting", NAME_TAKEN)),
        (O::ReplaceTask,    500, "update task \"7f\": task name daily is already used", ("waiting", NAME_TAKEN)),
        (O::ReplaceTask,    500, "update task \"7f\": task name what is deleted is already used", ("waiting", NAME_TAKEN)),
        (O::CreateTask,     400, "create task: cluster is suspended, scheduling tasks is not allowed", ("waiting", CLUSTER_SUSPENDED)),
        (O::StartTask,      400, "start task \"7f\": cluster is suspended", ("waiting", CLUSTER_SUSPENDED)),
        (O::CreateTask,     400, "malformed request: cron: failed to parse int from L", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     400, "unexpected ID \"7f\"", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     400, "malformed request: unrecognized TaskType \"x\"", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     400, "create repair target: unexpected end of JSON input", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     400, "create repair target: no matching DCs found", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "start date of scheduled task cannot be in the past", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "create repair target: no keyspace matched criteria", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "create backup target: negative retention", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "create backup target: unknown Method \"x\"", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "choose EXACTLY ONE restore type", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "allowed task type cannot be suspend", ("rejected", MANAGER_REFUSED)),
        (O::CreateTask,     500, "can't use startTasks without a duration", ("rejected", MANAGER_REFUSED)),
        (O::ReplaceTask,    500, "create repair target: ensure nodes are up: 10.0.0.3 is down", ("transient", NODES_UNREACHABLE)),
        (O::CreateTask,     500, "create backup target: not enough live nodes to backup keyspace x", ("transient", NODES_UNREACHABLE)),
        (O::StopTask,       409, "not allowed when tasks are running", ("waiting", TASK_RUNNING)),
        // Locations.
        (O::CreateTask,     500, "create backup target: missing location", ("rejected", LOCATION_REFUSED)),
        (O::CreateTask,     500, "create backup target: invalid location: missing object for datacenter dc1", ("rejected", LOCATION_REFUSED)),
        (O::CreateTask,     400, "create backup target: invalid location \"s4:x\", the format is [dc:]<provider>:<name>", ("rejected", LOCATION_REFUSED)),
        (O::CreateTask,     400, "create backup target: location is not accessible: 10.0.0.1: giving up after 2 attempts", ("transient", LOCATION_REFUSED)),
        (O::GetTarget,      500, "get backup target: specified bucket does not exist", ("transient", LOCATION_REFUSED)),
        // Manager in trouble.
        (O::ListTasks,      500, "list cluster tasks: gocql: no hosts available in the pool", ("transient", MANAGER_UNAVAILABLE)),
        (O::CreateTask,     500, "get client: giving up after 2 attempts", ("transient", NODES_UNREACHABLE)),
        (O::CreateTask,     500, "context deadline exceeded", ("transient", MANAGER_UNAVAILABLE)),
        (O::CreateTask,     500, "read tcp: i/o timeout", ("transient", MANAGER_UNAVAILABLE)),
        (O::CreateTask,     500, "something that nobody has seen yet", ("transient", MANAGER_REFUSED)),
    ] {
        assert_eq!(verdict(operation, status, message), expected, "{operation:?} {status} {message}");
    }
}

#[test]
fn an_answer_without_managers_words_is_never_final() {
    for (status, expected) in [
        (302, MANAGER_GARBAGE),
        (400, MANAGER_GARBAGE),
        (401, MANAGER_REFUSED),
        (403, MANAGER_REFUSED),
        (404, MANAGER_GARBAGE),
        (405, MANAGER_GARBAGE),
        (429, MANAGER_UNAVAILABLE),
        (500, MANAGER_GARBAGE),
        (502, MANAGER_UNAVAILABLE),
        (503, MANAGER_UNAVAILABLE),
        (504, MANAGER_UNAVAILABLE),
        (520, MANAGER_GARBAGE),
    ] {
        for operation in Operation::ALL {
            let verdict = classify(operation, StatusCode::from_u16(status).unwrap(), None);
            assert!(
                matches!(verdict, Transient(reason, _) if reason == expected),
                "{operation:?} {status}: {verdict:?}"
            );
        }
    }
}

/// Every text in the table is met by some line above; a row that no line reaches is a row nobody checked.
#[test]
fn every_row_can_be_reached() {
    for (position, row) in TABLE.iter().enumerate() {
        let status = match row.on {
            Status(code) => code,
            Any => 500,
        };
        let operation = Operation::ALL
            .into_iter()
            .find(|operation| match row.about {
                Whatever => true,
                Thing(subject) => operation.subject() == subject,
            })
            .unwrap();
        let reached = TABLE.iter().position(|other| {
            let about = match other.about {
                Whatever => true,
                Thing(subject) => operation.subject() == subject,
            };
            let on = match other.on {
                Any => true,
                Status(code) => code == status,
            };
            about && on && row.says.contains(other.says)
        });
        assert_eq!(reached, Some(position), "{:?}", row.says);
    }
}

#[test]
fn what_is_gone_is_no_fault_and_all_else_keeps_its_words() {
    assert!(Gone.fault("x".into()).is_none());
    let fault = Waiting(NAME_TAKEN, "way out").fault("words".into()).unwrap();
    assert_eq!((fault.class(), fault.to_string().as_str()), ("waiting", "NameTaken: words (way out)"));
}
