//! The contact host that Manager is given for a cluster, from a template per datacenter.

use std::collections::BTreeMap;

use crate::identity::ClusterKey;

/// The client Service that the ScyllaDB Operator makes for every cluster.
pub const DEFAULT_TEMPLATE: &str = "{name}-client.{namespace}.svc";

/// A host template that is known to be well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTemplate(String);

impl HostTemplate {
    /// Checks a template.
    ///
    /// # Errors
    /// A text that names the mistake: an unknown placeholder, or a host that could not be one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let template = Self(text.to_owned());
        let example = template.host(&ClusterKey::new("dc", "namespace", "name"));
        if example.contains(['{', '}']) {
            return Err(format!(
                "'{text}' holds a placeholder other than {{name}}, {{namespace}} and {{datacenter}}"
            ));
        }
        let valid = !example.is_empty()
            && example.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        if !valid {
            return Err(format!(
                "'{text}' gives '{example}', which is neither a host name nor an IPv4 address"
            ));
        }
        Ok(template)
    }

    /// The host of one cluster.
    pub fn host(&self, key: &ClusterKey) -> String {
        self.0
            .replace("{name}", &key.name)
            .replace("{namespace}", &key.namespace)
            .replace("{datacenter}", &key.datacenter)
    }
}

/// The templates of all datacenters.
#[derive(Debug, Clone, Default)]
pub struct HostTemplates(pub BTreeMap<String, HostTemplate>);

impl HostTemplates {
    /// The host of one cluster, by its datacenter's template or the default.
    pub fn host(&self, key: &ClusterKey) -> String {
        match self.0.get(&key.datacenter) {
            Some(template) => template.host(key),
            None => HostTemplate(DEFAULT_TEMPLATE.to_owned()).host(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_operators_client_service() {
        let host = HostTemplates::default().host(&ClusterKey::new("east", "prod", "orders"));
        assert_eq!(host, "orders-client.prod.svc");
    }

    #[test]
    fn a_template_is_checked_before_it_is_used() {
        let good = HostTemplate::parse("{name}.{namespace}.{datacenter}.example.com").unwrap();
        assert_eq!(good.host(&ClusterKey::new("east", "prod", "orders")), "orders.prod.east.example.com");
        for bad in ["", "{nmae}.svc", "http://{name}", "{name}:10001", "a..b", "{name}/x"] {
            assert!(HostTemplate::parse(bad).is_err(), "{bad}");
        }
    }
}
