//! Kubeconfig files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A kubeconfig whose context, cluster and user have one name; the authority is part of it,
/// so that the file stands alone.
pub fn render(context: &str, server: &str, authority_pem: &str, token: &str) -> String {
    let authority = STANDARD.encode(authority_pem);
    let context = quoted(context);
    let token = quoted(token);
    [
        "apiVersion: v1".to_owned(),
        "kind: Config".to_owned(),
        "preferences: {}".to_owned(),
        format!("current-context: {context}"),
        "clusters:".to_owned(),
        format!("- name: {context}"),
        format!("  cluster: {{server: \"{server}\", certificate-authority-data: {authority}}}"),
        "users:".to_owned(),
        format!("- name: {context}"),
        format!("  user: {{token: {token}}}"),
        "contexts:".to_owned(),
        format!("- name: {context}"),
        format!("  context: {{cluster: {context}, user: {context}}}"),
        String::new(),
    ]
    .join("\n")
}

/// A text in double quotes, as YAML reads it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
