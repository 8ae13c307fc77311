//! A registered cluster, and the body that registers it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::ApiError,
    wire::decode::{DecodeError, Object},
};

/// A stored cluster. Holds secrets in clear, as the real server does; they are left out of `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The id, chosen by the client or by the server.
    pub id: Uuid,
    /// The name; empty when there is none.
    pub name: String,
    /// The labels; `None` when there are none, an empty map does not exist.
    pub labels: Option<BTreeMap<String, String>>,
    /// The contact point.
    pub host: String,
    /// The agents' port; 0 stands for the default.
    pub port: i64,
    /// The agents' token.
    pub auth_token: String,
    /// Never use TLS for CQL.
    pub force_tls_disabled: bool,
    /// Use the plain CQL port even with TLS.
    pub force_non_ssl_session_port: bool,
    /// The nodes found when connectivity was last checked.
    pub known_hosts: Vec<String>,
    /// CQL user and password.
    pub cql: Option<Credentials>,
    /// Alternator key id and secret.
    pub alternator: Option<Credentials>,
    /// Whether a TLS identity is stored.
    pub tls_identity: bool,
}

/// A name and its secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// User name or key id.
    pub name: String,
    /// Password or secret key.
    pub secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("labels", &self.labels)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("known_hosts", &self.known_hosts)
            .finish_non_exhaustive()
    }
}

/// A body of `POST /clusters` or `PUT /cluster/{c}`.
#[derive(Default)]
pub struct ParsedCluster {
    /// The fields that are stored in the cluster's row, and the credentials that were sent.
    pub cluster: Cluster,
    /// Do not create the weekly repair.
    pub without_repair: bool,
    cert: String,
    key: String,
}

/// A cluster as an answer shows it.
#[derive(Serialize)]
struct Wire<'a> {
    id: Uuid,
    name: &'a str,
    labels: Option<&'a BTreeMap<String, String>>,
    host: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    port: i64,
    auth_token: &'a str,
    force_tls_disabled: bool,
    force_non_ssl_session_port: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    password: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    alternator_access_key_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    alternator_secret_access_key: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    ssl_user_cert_file: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    ssl_user_key_file: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    without_repair: bool,
}

fn is_zero(port: &i64) -> bool {
    *port == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Cluster {
    fn wire(&self) -> Wire<'_> {
        Wire {
            id: self.id,
            name: &self.name,
            labels: self.labels.as_ref(),
            host: &self.host,
            port: self.port,
            auth_token: &self.auth_token,
            force_tls_disabled: self.force_tls_disabled,
            force_non_ssl_session_port: self.force_non_ssl_session_port,
            username: "",
            password: "",
            alternator_access_key_id: "",
            alternator_secret_access_key: "",
            ssl_user_cert_file: "",
            ssl_user_key_file: "",
            without_repair: false,
        }
    }

    /// As `GET /cluster/{c}` shows it: the token in clear, no trace of credentials.
    pub fn single(&self) -> impl Serialize + '_ {
        self.wire()
    }

    /// As `GET /clusters` shows it: stored credentials are marked `set`.
    pub fn listed(&self) -> impl Serialize + '_ {
        let mut wire = self.wire();
        if self.cql.is_some() {
            (wire.username, wire.password) = ("set", "set");
        }
        if self.alternator.is_some() {
            (wire.alternator_access_key_id, wire.alternator_secret_access_key) = ("set", "set");
        }
        wire
    }
}

impl ParsedCluster {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 when it cannot be read.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let fields = Object::parse("cluster.Cluster", text)?;
        let pair = |name: &str, secret: &str| -> Result<Option<Credentials>, DecodeError> {
            let pair = Credentials { name: fields.string(name)?, secret: fields.string(secret)? };
            Ok((pair != Credentials::default()).then_some(pair))
        };
        Ok(Self {
            cluster: Cluster {
                id: fields.uuid("id")?,
                name: fields.string("name")?,
                labels: fields.string_map("labels")?,
                host: fields.string("host")?,
                port: fields.integer("port")?,
                auth_token: fields.string("auth_token")?,
                force_tls_disabled: fields.boolean("force_tls_disabled")?,
                force_non_ssl_session_port: fields.boolean("force_non_ssl_session_port")?,
                known_hosts: Vec::new(),
                cql: pair("username", "password")?,
                alternator: pair("alternator_access_key_id", "alternator_secret_access_key")?,
                tls_identity: false,
            },
            without_repair: fields.boolean("without_repair")?,
            cert: fields.string("ssl_user_cert_file")?,
            key: fields.string("ssl_user_key_file")?,
        })
    }

    /// The checks that need neither the database nor the agents.
    ///
    /// # Errors
    /// 400 with the reason.
    pub fn validate(&mut self) -> Result<(), ApiError> {
        let refuse = |reason: &str| Err(ApiError::invalid(format!("invalid cluster: {reason}")));
        if Uuid::parse_str(&self.cluster.name).is_ok() {
            return refuse("name cannot be an UUID");
        }
        if half(self.cluster.cql.as_ref()) {
            return refuse("missing username or password");
        }
        if half(self.cluster.alternator.as_ref()) {
            return refuse("missing alternator access key id or secret access key");
        }
        if self.cert.is_empty() != self.key.is_empty() {
            return refuse("missing SSL user cert or key");
        }
        self.cluster.tls_identity = !self.cert.is_empty();
        if self.cluster.tls_identity && !(is_pem(&self.cert) && is_pem(&self.key)) {
            return refuse(
                "invalid SSL user key pair: tls: failed to find any PEM data in certificate input",
            );
        }
        Ok(())
    }

    /// As `PUT /cluster/{c}` echoes it: the request, secrets in clear, under the id of the path.
    pub fn echo(&self) -> impl Serialize + '_ {
        let mut wire = self.cluster.wire();
        if let Some(pair) = &self.cluster.cql {
            (wire.username, wire.password) = (&pair.name, &pair.secret);
        }
        if let Some(pair) = &self.cluster.alternator {
            (wire.alternator_access_key_id, wire.alternator_secret_access_key) = (&pair.name, &pair.secret);
        }
        (wire.ssl_user_cert_file, wire.ssl_user_key_file) = (&self.cert, &self.key);
        wire.without_repair = self.without_repair;
        wire
    }
}

fn half(pair: Option<&Credentials>) -> bool {
    pair.is_some_and(|pair| pair.name.is_empty() || pair.secret.is_empty())
}

/// Base64 of a text that begins like a PEM block; the pair itself is not verified.
fn is_pem(base64: &str) -> bool {
    base64.starts_with("LS0tLS1CRUdJTi")
}
