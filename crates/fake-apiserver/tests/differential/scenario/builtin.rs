//! Built-in kinds.

use serde_json::json;

use super::TABLE;
use crate::step::{Compare, Step, apply, delete, get, merge, post, put, strategic};

const SECRETS: &str = "/api/v1/namespaces/diff/secrets";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/diff/leases";

pub(super) fn secrets() -> Vec<Step> {
    let at = format!("{SECRETS}/s");
    let applied = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"y": "Zg=="},
        "stringData": {"z": "1"},
    });
    let bare = |step: Step| step.compare(Compare::WithoutManagers);
    vec![
        bare(post(
            SECRETS,
            201,
            &json!({
                "metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="},
            }),
        )),
        post(SECRETS, 400, &json!({"metadata": {"name": "t"}, "data": {"c": "%%"}})).compare(Compare::Code),
        bare(merge(&at, 200, &json!({"stringData": {"a": "c"}}))),
        bare(strategic(
            &at,
            200,
            &json!({"data": {"c": null, "e": "Zg=="}, "metadata": {"labels": {"x": "y"}}}),
        )),
        bare(strategic(&at, 200, &json!({"metadata": {"finalizers": ["diff.dev/a"]}}))),
        bare(strategic(&at, 200, &json!({"metadata": {"finalizers": ["diff.dev/b"]}}))),
        bare(strategic(
            &at,
            200,
            &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["diff.dev/a"]}}),
        )),
        bare(strategic(&at, 200, &json!({"metadata": {"finalizers": null}}))),
        merge(&at, 422, &json!({"type": "other"})),
        bare(put(&at, 200, &json!({"metadata": {"name": "s"}, "type": "Opaque", "data": {"z": "Zg=="}}))),
        bare(apply(format!("{at}?fieldManager=ap"), 200, &applied)),
        apply(
            format!("{at}?fieldManager=ap"),
            500,
            &json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "bogus": 1,
            }),
        ),
        bare(get(SECRETS, 200)),
        bare(get(SECRETS, 200).accept(TABLE)),
        delete(&at, 200),
    ]
}

pub(super) fn leases_and_events() -> Vec<Step> {
    let lease = format!("{LEASES}/l");
    let events = "/apis/events.k8s.io/v1/namespaces/diff/events";
    let core_events = "/api/v1/namespaces/diff/events";
    let bare = |step: Step| step.compare(Compare::WithoutManagers);
    vec![
        bare(post(
            LEASES,
            201,
            &json!({
                "metadata": {"name": "l"},
                "spec": {"holderIdentity": "me", "leaseDurationSeconds": 10, "renewTime": "2026-01-01T00:00:00.123456Z"},
            }),
        )),
        merge(&lease, 422, &json!({"spec": {"leaseDurationSeconds": 0}})),
        put(&lease, 422, &json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "you"}})),
        bare(get(LEASES, 200).accept(TABLE)),
        delete(&lease, 200),
        bare(post(
            events,
            201,
            &json!({
                "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"}, "action": "Act",
                "eventTime": "2026-01-01T00:00:00.123456Z", "note": "hello", "reason": "R", "type": "Normal",
                "regarding": {"kind": "Widget", "name": "w", "namespace": "diff", "apiVersion": "diff.dev/v1"},
                "reportingController": "diff.dev/test", "reportingInstance": "i",
            }),
        )),
        bare(get(format!("{core_events}/e"), 200)),
        bare(post(
            core_events,
            201,
            &json!({
                "metadata": {"name": "f"}, "involvedObject": {"namespace": "diff", "name": "w"}, "message": "m", "reason": "r",
            }),
        )),
        bare(get(format!("{events}/f"), 200)),
        bare(get(format!("{core_events}?fieldSelector=involvedObject.name%3Dw,reason%3DR"), 200)),
    ]
}
