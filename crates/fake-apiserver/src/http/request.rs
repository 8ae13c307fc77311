//! What a request asks for, read off its method, path and query.

use axum::extract::Query;
use http::{Method, Uri};

use crate::access::Attributes;
use crate::faults::RequestKey;

/// Query parameters in order.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query; a query that cannot be decoded counts as none.
    pub fn of(uri: &Uri) -> Self {
        Self(Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default())
    }

    /// The first value of a parameter, empty where it is not given.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a parameter is set to something true.
    pub fn is_true(&self, name: &str) -> bool {
        self.0.iter().any(|(key, value)| key == name && matches!(value.as_str(), "" | "1" | "true" | "True"))
    }
}

/// A path that names a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// API group, empty for core.
    pub group: String,
    /// Version.
    pub version: String,
    /// Namespace, empty where the path has none.
    pub namespace: String,
    /// Plural name.
    pub resource: String,
    /// Name, or nothing.
    pub name: String,
    /// Subresource, or nothing.
    pub subresource: String,
    /// Verb, as in permissions.
    pub verb: &'static str,
}

impl Route {
    /// Reads a path below `/api/v1` or `/apis/<group>/<version>`; none where it names no resource.
    pub fn parse(method: &Method, path: &str, parameters: &Parameters) -> Option<Self> {
        let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, inside @ ..] if !inside.is_empty() => (*namespace, inside),
            _ => ("", rest),
        };
        let (resource, name, subresource) = match rest {
            [resource] => (*resource, "", String::new()),
            [resource, name] => (*resource, *name, String::new()),
            [resource, name, subresource @ ..] => (*resource, *name, subresource.join("/")),
            [] => return None,
        };
        let mut route = Self {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            subresource,
            verb: "",
        };
        route.verb = route.verb_of(method, parameters);
        Some(route)
    }

    fn verb_of(&self, method: &Method, parameters: &Parameters) -> &'static str {
        let collection = self.name.is_empty();
        match *method {
            Method::GET | Method::HEAD if parameters.is_true("watch") => "watch",
            Method::GET | Method::HEAD if collection => "list",
            Method::GET | Method::HEAD => "get",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if collection => "deletecollection",
            Method::DELETE => "delete",
            _ => "",
        }
    }

    /// What permissions decide on.
    pub fn attributes(&self) -> Attributes<'_> {
        // A namespace counts as being in itself.
        let namespace =
            if self.group.is_empty() && self.resource == "namespaces" { &self.name } else { &self.namespace };
        Attributes {
            verb: self.verb,
            group: &self.group,
            resource: &self.resource,
            subresource: &self.subresource,
            namespace,
            name: &self.name,
        }
    }

    /// What faults and counts tell apart; an apply has a verb of its own there.
    pub fn key(&self, is_apply: bool) -> RequestKey {
        let verb = if is_apply { "apply" } else { self.verb };
        RequestKey {
            verb: verb.to_owned(),
            group: self.group.clone(),
            resource: self.resource.clone(),
            subresource: self.subresource.clone(),
        }
    }
}

/// A path segment without percent signs.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, uri: &str) -> Option<Route> {
        let uri: Uri = uri.parse().unwrap();
        Route::parse(&method, uri.path(), &Parameters::of(&uri))
    }

    fn parts(route: &Route) -> [&str; 7] {
        [
            route.verb,
            &route.group,
            &route.version,
            &route.namespace,
            &route.resource,
            &route.name,
            &route.subresource,
        ]
    }

    #[test]
    fn paths_and_verbs() {
        let cases = [
            (Method::GET, "/api/v1/namespaces", ["list", "", "v1", "", "namespaces", "", ""]),
            (Method::GET, "/api/v1/namespaces/a", ["get", "", "v1", "", "namespaces", "a", ""]),
            (
                Method::PUT,
                "/api/v1/namespaces/a/status",
                ["update", "", "v1", "", "namespaces", "a", "status"],
            ),
            (
                Method::GET,
                "/api/v1/namespaces/a/secrets?watch=1",
                ["watch", "", "v1", "a", "secrets", "", ""],
            ),
            (
                Method::PATCH,
                "/apis/g/v1/namespaces/a/ws/n/status",
                ["patch", "g", "v1", "a", "ws", "n", "status"],
            ),
            (Method::DELETE, "/apis/g/v1/ws", ["deletecollection", "g", "v1", "", "ws", "", ""]),
            (Method::DELETE, "/apis/g/v1/ws/a%2Eb", ["delete", "g", "v1", "", "ws", "a.b", ""]),
        ];
        for (method, uri, expected) in cases {
            let route = route(method, uri).unwrap();
            assert_eq!(parts(&route), expected, "{uri}");
        }
        for uri in ["/api", "/apis/g", "/apis/g/v1", "/version"] {
            assert_eq!(route(Method::GET, uri), None, "{uri}");
        }
    }
}
