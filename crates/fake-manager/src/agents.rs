//! The simulated agents: which hosts answer, to which token, and what they see.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Deserialize;

use crate::error::ApiError;

/// After this long, the discovery of a cluster's nodes gives up on a host.
pub const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(5);

const UNREACHABLE: &str = "unable to connect to any of cluster's known hosts";
const CHECK_PORT: &str = "make sure the IP is correct and access to port 10001 is unblocked";

/// One host with an agent. The default answers to every token but the empty one, is alone in its cluster, and can
/// reach every backup location.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// Whether it answers at all.
    pub reachable: bool,
    /// Whether the other nodes report it as down, so that nobody tries to reach it.
    pub gossip_down: bool,
    /// The tokens it accepts.
    pub tokens: AcceptedTokens,
    /// How long it takes to answer; above [`DISCOVERY_TIMEOUT`] it counts as not answering.
    #[serde(deserialize_with = "crate::wire::duration::deserialize")]
    pub latency: Duration,
    /// The datacenters of its cluster; `None` takes any name for one.
    pub dcs: Option<Vec<String>>,
    /// The other nodes of its cluster.
    pub peers: Vec<String>,
    /// The backup locations it can reach, as `s3:bucket` or `dc1:s3:bucket`; `None` is all.
    pub locations: Option<Vec<String>>,
    /// Backup locations it cannot reach, in the same form.
    pub refused_locations: Vec<String>,
    /// The keyspaces of its cluster; `None` takes any name for one.
    pub keyspaces: Option<Vec<String>>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            reachable: true,
            gossip_down: false,
            tokens: AcceptedTokens(None),
            latency: Duration::ZERO,
            dcs: None,
            peers: Vec::new(),
            locations: None,
            refused_locations: Vec::new(),
            keyspaces: None,
        }
    }
}

/// The tokens an agent accepts; `None` is every one but the empty. Left out of `Debug`.
#[derive(Clone, Default, Deserialize)]
pub struct AcceptedTokens(pub Option<Vec<String>>);

impl fmt::Debug for AcceptedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(tokens) => write!(f, "[{} tokens]", tokens.len()),
            None => f.write_str("any"),
        }
    }
}

impl AcceptedTokens {
    fn accepts(&self, token: &str) -> bool {
        match &self.0 {
            Some(tokens) => tokens.iter().any(|accepted| accepted == token),
            None => !token.is_empty(),
        }
    }
}

/// What an agent makes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    Answers,
    Unauthorized,
    Silent,
}

/// All hosts.
#[derive(Clone, Debug, Default)]
pub struct Agents {
    fallback: Agent,
    by_host: BTreeMap<String, Agent>,
}

impl Agents {
    /// Sets one host, or with `*` what every host without its own entry is like.
    pub fn set(&mut self, host: &str, agent: Agent) {
        if host == "*" {
            self.fallback = agent;
        } else {
            self.by_host.insert(host.to_owned(), agent);
        }
    }

    /// Back to the permissive default everywhere.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The agent of a host.
    pub fn of(&self, host: &str) -> &Agent {
        self.by_host.get(host).unwrap_or(&self.fallback)
    }

    /// How long a call to `host` keeps its caller waiting.
    pub fn patience(&self, host: &str) -> Duration {
        self.of(host).latency.min(DISCOVERY_TIMEOUT)
    }

    fn contact(&self, host: &str, token: &str) -> Contact {
        let agent = self.of(host);
        if host.is_empty() || !agent.reachable || agent.latency >= DISCOVERY_TIMEOUT {
            Contact::Silent
        } else if agent.tokens.accepts(token) {
            Contact::Answers
        } else {
            Contact::Unauthorized
        }
    }

    /// Finds the live nodes of a cluster through its contact point or, failing that, through any known host.
    ///
    /// # Errors
    /// 500 that says the same for a wrong token and for a host that does not answer.
    pub fn discover(&self, host: &str, known: &[String], token: &str) -> Result<Vec<String>, ApiError> {
        let through = std::iter::once(host).chain(known.iter().map(String::as_str));
        let Some(through) = through.into_iter().find(|host| self.contact(host, token) == Contact::Answers)
        else {
            return Err(ApiError::internal(format!("discover cluster hosts: {UNREACHABLE}")));
        };
        let mut nodes = vec![through.to_owned()];
        nodes.extend(self.of(through).peers.iter().filter(|peer| !self.of(peer).gossip_down).cloned());
        nodes.dedup();
        Ok(nodes)
    }

    /// What creating or changing a cluster checks: nodes can be found, and each live one answers.
    ///
    /// # Errors
    /// 500 with the hint of the real server.
    pub fn check(&self, host: &str, known: &[String], token: &str) -> Result<Vec<String>, ApiError> {
        let nodes = self.discover(host, known, token).map_err(|mut error| {
            if let Some(body) = &mut error.body {
                body.message = format!("{} - {CHECK_PORT}", body.message);
            }
            error
        })?;
        for node in &nodes {
            let (fault, hint) = match self.contact(node, token) {
                Contact::Answers => continue,
                Contact::Silent => ("giving up after 2 attempts: connect: connection refused", CHECK_PORT),
                Contact::Unauthorized => (
                    "agent [HTTP 401] unauthorized",
                    "make sure auth_token config option on nodes is set correctly",
                ),
            };
            return Err(ApiError::internal(format!("connectivity check: {node}: {fault} - {hint}")));
        }
        Ok(nodes)
    }

    /// The first live node that does not answer.
    pub fn down_node<'a>(&self, nodes: &'a [String], token: &str) -> Option<&'a str> {
        nodes
            .iter()
            .map(String::as_str)
            .find(|node| self.of(node).gossip_down || self.contact(node, token) != Contact::Answers)
    }

    /// Whether `node` can reach a location that is meant for `dc`.
    pub fn reaches(&self, node: &str, dc: &str, location: &str) -> bool {
        let agent = self.of(node);
        let names = |list: &[String]| {
            list.iter().any(|entry| {
                entry == location
                    || (!dc.is_empty()
                        && entry.split_once(':').is_some_and(|(d, rest)| d == dc && rest == location))
            })
        };
        agent.locations.as_deref().is_none_or(names) && !names(&agent.refused_locations)
    }
}
