//! What the API server refused, in words that say the way out.

use kube::core::Status;
use messina_domain::names::reason;
use messina_fault::Fault;

/// Explains an error of one request. `resource` is `plural.group`.
pub fn explain(error: &kube::Error, verb: &str, resource: &str, namespace: Option<&str>) -> String {
    match error {
        kube::Error::Api(status) => explain_status(status, verb, resource, namespace),
        other => format!("{verb} {resource}: {}", root_cause(other)),
    }
}

/// Explains a refusal.
pub fn explain_status(status: &Status, verb: &str, resource: &str, namespace: Option<&str>) -> String {
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let place = namespace.map(|namespace| format!(" in the namespace '{namespace}'")).unwrap_or_default();
    match status.code {
        403 => format!(
            "forbidden to {verb} {resource}{place}: the service account lacks the RBAC rule \
             {{apiGroups: [\"{group}\"], resources: [\"{plural}\"], verbs: [\"{verb}\"]}}"
        ),
        401 => {
            format!("the API server does not accept the credentials ({verb} {resource}{place}): renew them")
        }
        404 if !is_object_missing(status) => {
            format!("the resource {resource} is not served: install its CustomResourceDefinition")
        }
        code => format!("{verb} {resource}{place}: {code} {}", status.message),
    }
}

/// Whether a 404 says that the object does not exist. An API server that does not serve the whole kind answers a
/// 404, too, but knows no name to speak of.
pub fn is_object_missing(status: &Status) -> bool {
    status.code == 404 && status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

/// The fault behind an error of a write.
pub fn fault(error: &kube::Error, verb: &str, resource: &str, namespace: Option<&str>) -> Fault {
    let text = explain(error, verb, resource, namespace);
    match error {
        kube::Error::Api(status) => match status.code {
            400 | 413 | 422 => Fault::rejected(reason::KUBERNETES_REFUSED, text),
            404 if is_object_missing(status) => Fault::waiting(reason::OBJECT_GONE, text),
            _ => Fault::transient(reason::KUBERNETES_REFUSED, text),
        },
        _ => Fault::transient(reason::WATCHER_UNREACHABLE, text),
    }
}

/// The innermost source: `kube::Error` itself says only that something went wrong.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::response::StatusDetails;

    fn status(code: u16, name: &str) -> kube::Error {
        let details: StatusDetails = serde_json::from_value(serde_json::json!({"name": name})).unwrap();
        kube::Error::Api(Box::new(Status {
            code,
            message: "said so".into(),
            details: Some(details),
            ..Status::default()
        }))
    }

    #[test]
    fn a_forbidden_verb_names_the_rule_that_lacks() {
        let text = explain(&status(403, ""), "watch", "scyllaclusters.scylla.scylladb.com", None);
        assert!(
            text.contains(
                r#"{apiGroups: ["scylla.scylladb.com"], resources: ["scyllaclusters"], verbs: ["watch"]}"#
            ),
            "{text}"
        );
        let text = explain(&status(403, ""), "list", "namespaces", None);
        assert!(text.contains(r#"apiGroups: [""], resources: ["namespaces"]"#), "{text}");
    }

    #[test]
    fn a_missing_kind_is_not_a_missing_object() {
        let text = explain(&status(404, ""), "list", "rings.messina.dev", None);
        assert!(text.contains("install its CustomResourceDefinition"), "{text}");
        let text = explain(&status(404, "orders"), "get", "rings.messina.dev", Some("prod"));
        assert!(text.contains("404 said so") && text.contains("'prod'"), "{text}");
    }

    #[test]
    fn only_input_that_cannot_work_is_rejected() {
        for (code, name, class) in [
            (422, "x", "rejected"),
            (409, "x", "transient"),
            (404, "x", "waiting"),
            (404, "", "transient"),
            (500, "", "transient"),
            (403, "", "transient"),
        ] {
            assert_eq!(
                fault(&status(code, name), "patch", "rings.messina.dev", None).class(),
                class,
                "{code}"
            );
        }
    }
}
