//! Reading Secrets: one at a time by name, never a list, never kept.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::ByteString;
use kube::Client;
use messina_domain::names::reason;
use messina_domain::plan::token::Source;
use messina_fault::Fault;
use messina_k8s_api::secret;
use serde::Deserialize;
use tokio::time::timeout;
use zeroize::{Zeroize as _, Zeroizing};

/// Reason of the fault when RBAC does not allow to read a Secret.
pub(crate) const FORBIDDEN: &str = reason::FORBIDDEN;
/// Reason of the fault when the API server cannot be asked.
const KUBERNETES_UNREACHABLE: &str = reason::KUBERNETES_UNREACHABLE;

/// How long one read may take; shorter than the patience of those who ask.
const PATIENCE: Duration = Duration::from_secs(4);

/// Reads the Secrets of one API server.
#[derive(Clone)]
pub(crate) struct Secrets {
    client: Client,
}

/// The part of a Secret that is looked at.
#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    data: BTreeMap<String, ByteString>,
}

impl Drop for Content {
    fn drop(&mut self) {
        self.data.values_mut().for_each(|value| value.0.zeroize());
    }
}

impl Secrets {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// What one Secret says about a token under `key`.
    ///
    /// # Errors
    /// `Waiting(Forbidden)`, or `Transient` when the API server cannot be asked.
    pub(crate) async fn read(&self, namespace: &str, name: &str, key: &str) -> Result<Source, Fault> {
        if !is_object_name(name) {
            return Ok(Source::Unreadable(name.to_owned(), "no Secret can have this name".to_owned()));
        }
        // Not through `Api<Secret>`: kube logs an answer that it cannot decode, with everything in it.
        let request = http::Request::get(format!("/api/v1/namespaces/{namespace}/secrets/{name}"));
        let request = request.body(Vec::new()).map_err(|error| unreachable(namespace, name, &error))?;
        // kube tries again by itself, for as long as the API server's Retry-After says.
        let Ok(answer) = timeout(PATIENCE, self.client.request_text(request)).await else {
            let message = format!("the API server did not answer for the Secret '{namespace}/{name}'");
            return Err(Fault::transient(KUBERNETES_UNREACHABLE, message));
        };
        let text = match answer {
            Ok(text) => Zeroizing::new(text),
            Err(kube::Error::Api(status)) if status.code == 404 => {
                return Ok(Source::Missing(name.to_owned()));
            }
            Err(kube::Error::Api(status)) if status.code == 403 => return Err(forbidden(namespace, name)),
            Err(kube::Error::Api(status)) => return Err(refused(namespace, name, status.code)),
            // Its bytes are not told apart from the answer that they were in.
            Err(kube::Error::FromUtf8(_)) => return Err(garbled(namespace, name)),
            Err(error) => return Err(unreachable(namespace, name, &error)),
        };
        // The parser's words may quote the content, so they stay here.
        let content: Content = serde_json::from_str(&text).map_err(|_| garbled(namespace, name))?;
        Ok(secret::read(name, key, content.data.get(key).map(|bytes| bytes.0.as_slice())))
    }
}

fn forbidden(namespace: &str, name: &str) -> Fault {
    Fault::waiting(
        FORBIDDEN,
        format!(
            "forbidden to get secrets in the namespace '{namespace}' (Secret '{name}'): the service account of \
             token-broker lacks the RBAC rule {{apiGroups: [\"\"], resources: [\"secrets\"], verbs: [\"get\"]}}"
        ),
    )
    .hint(format!("grant it by a Role and a RoleBinding in the namespace '{namespace}'"))
}

fn refused(namespace: &str, name: &str, code: u16) -> Fault {
    let message = format!("the API server answered {code} to 'get' of the Secret '{namespace}/{name}'");
    let fault = Fault::transient(KUBERNETES_UNREACHABLE, message);
    if code == 401 { fault.hint("renew the credentials of token-broker") } else { fault }
}

fn garbled(namespace: &str, name: &str) -> Fault {
    let message = format!("the API server answered something else than a Secret for '{namespace}/{name}'");
    Fault::transient(KUBERNETES_UNREACHABLE, message)
}

fn unreachable(namespace: &str, name: &str, error: &dyn std::error::Error) -> Fault {
    let message =
        format!("the Secret '{namespace}/{name}' cannot be read from the API server: {}", innermost(error));
    Fault::transient(KUBERNETES_UNREACHABLE, message)
}

/// The innermost cause: the outer ones say only that something went wrong.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Whether a Secret can have this name. What a ScyllaCluster names is put into a path.
fn is_object_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (1..=253).contains(&bytes.len())
        && bytes.iter().all(|byte| inner(*byte) || matches!(byte, b'-' | b'.'))
        && bytes.first().copied().is_some_and(inner)
        && bytes.last().copied().is_some_and(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_elsewhere_in_the_api() {
        for good in ["orders-auth-token", "a", "a.b-c.9"] {
            assert!(is_object_name(good), "{good}");
        }
        for bad in ["", ".", "..", "../configmaps/x", "a/b", "a?watch=true", "A", "a%2fb", "-a", "a."] {
            assert!(!is_object_name(bad), "{bad}");
        }
    }
}
