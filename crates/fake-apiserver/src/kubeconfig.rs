//! Kubeconfig files that lead to this server.

use serde_json::{Value, json};

/// A kubeconfig with one context of the given name, as YAML (which JSON is a part of).
pub fn render(context: &str, server: &str, token: Option<&str>) -> String {
    let user = token.map_or_else(|| json!({}), |token| json!({ "token": token }));
    let lines = [
        "apiVersion: v1".to_owned(),
        "kind: Config".to_owned(),
        "preferences: {}".to_owned(),
        format!("current-context: {}", Value::from(context)),
        "clusters:".to_owned(),
        format!("- {}", json!({"name": context, "cluster": {"server": server}})),
        "users:".to_owned(),
        format!("- {}", json!({"name": context, "user": user})),
        "contexts:".to_owned(),
        format!("- {}", json!({"name": context, "context": {"cluster": context, "user": context}})),
        String::new(),
    ];
    lines.join("\n")
}
