//! A cluster: what is sent, and what is read back.

use std::collections::BTreeMap;
use std::fmt;

use messina_domain::manager::{ClusterBody, ManagerCluster};
use messina_domain::token::AuthToken;
use messina_fault::Fault;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{nullable, to_json};

/// Agent port that Manager uses when it is told none.
const DEFAULT_PORT: i64 = 10_001;

/// What is sent. Replaces everything but the credentials for CQL and Alternator, which stay as they are
/// when they are not sent, and are never ours.
#[derive(Serialize)]
struct ClusterRequest<'a> {
    id: Uuid,
    name: &'a str,
    labels: &'a BTreeMap<String, String>,
    host: &'a str,
    auth_token: &'a str,
    // Manager needs no CQL over TLS for what it does for us, and clusters differ in what they offer.
    force_tls_disabled: bool,
    force_non_ssl_session_port: bool,
    // Manager's own weekly repair would stand beside, or in the place of, what is declared.
    without_repair: bool,
}

/// The body of a registration or of its replacement.
pub(crate) fn encode(body: &ClusterBody) -> Result<Zeroizing<Vec<u8>>, Fault> {
    to_json(&ClusterRequest {
        id: body.id,
        name: &body.name,
        labels: &body.labels,
        host: &body.host,
        auth_token: body.token.expose(),
        force_tls_disabled: true,
        force_non_ssl_session_port: true,
        without_repair: true,
    })
}

/// What is read.
#[derive(Deserialize)]
pub(crate) struct ClusterJson {
    id: Uuid,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "nullable")]
    host: String,
    #[serde(default, deserialize_with = "nullable")]
    port: i64,
    #[serde(default)]
    auth_token: HeldToken,
    #[serde(default, deserialize_with = "nullable")]
    force_tls_disabled: bool,
    #[serde(default, deserialize_with = "nullable")]
    force_non_ssl_session_port: bool,
}

impl From<ClusterJson> for ManagerCluster {
    fn from(json: ClusterJson) -> Self {
        let port = match json.port {
            DEFAULT_PORT => 0,
            port => u16::try_from(port).unwrap_or(u16::MAX),
        };
        Self {
            id: json.id,
            name: json.name,
            host: json.host,
            port,
            labels: json.labels,
            force_tls_disabled: json.force_tls_disabled,
            force_non_ssl_session_port: json.force_non_ssl_session_port,
            token: json.auth_token.0,
        }
    }
}

/// A token goes from the answer into its type without a stop in between, and whatever else stands there is
/// no token; in neither case can it get into an error.
#[derive(Default)]
struct HeldToken(Option<AuthToken>);

impl<'de> Deserialize<'de> for HeldToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = HeldToken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E>(self, text: &str) -> Result<HeldToken, E> {
        Ok(HeldToken(AuthToken::parse(text).ok()))
    }

    fn visit_unit<E>(self) -> Result<HeldToken, E> {
        Ok(HeldToken(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<HeldToken, E> {
        Ok(HeldToken(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<HeldToken, E> {
        Ok(HeldToken(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<HeldToken, E> {
        Ok(HeldToken(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<HeldToken, E> {
        Ok(HeldToken(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<HeldToken, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(HeldToken(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<HeldToken, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(HeldToken(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "bcdfghjklmnpqrstvwxz";

    fn read(json: &str) -> ManagerCluster {
        serde_json::from_str::<ClusterJson>(json).unwrap().into()
    }

    #[test]
    fn what_is_sent_is_the_whole_registration() {
        let body = ClusterBody {
            id: Uuid::from_u128(7),
            name: "east/prod/orders".into(),
            host: "orders-client.prod.svc".into(),
            labels: BTreeMap::from([("owner".into(), "us".into())]),
            token: AuthToken::parse(TOKEN).unwrap(),
        };
        let sent: serde_json::Value = serde_json::from_slice(&encode(&body).unwrap()).unwrap();
        let expected = serde_json::json!({
            "id": "00000000-0000-0000-0000-000000000007",
            "name": "east/prod/orders",
            "labels": {"owner": "us"},
            "host": "orders-client.prod.svc",
            "auth_token": TOKEN,
            "force_tls_disabled": true,
            "force_non_ssl_session_port": true,
            "without_repair": true,
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn what_is_missing_or_null_is_empty() {
        let id = "00000000-0000-0000-0000-000000000007";
        for json in [
            format!(r#"{{"id":"{id}"}}"#),
            format!(
                r#"{{"id":"{id}","name":null,"labels":null,"host":null,"port":null,"auth_token":null,"Name":"x","new":[1]}}"#
            ),
        ] {
            let cluster = read(&json);
            assert_eq!((cluster.name.as_str(), cluster.host.as_str(), cluster.port), ("", "", 0), "{json}");
            assert!(cluster.token.is_none() && cluster.labels.is_empty() && !cluster.force_tls_disabled);
        }
        assert!(serde_json::from_str::<ClusterJson>("{}").is_err(), "an id is needed");
    }

    #[test]
    fn the_default_port_is_no_port() {
        for (port, expected) in [(0, 0), (10_001, 0), (10_002, 10_002), (70_000, u16::MAX), (-1, u16::MAX)] {
            let json = format!(r#"{{"id":"00000000-0000-0000-0000-000000000007","port":{port}}}"#);
            assert_eq!(read(&json).port, expected, "{port}");
        }
    }

    #[test]
    fn a_token_is_held_or_not_but_never_shown() {
        for (value, held) in [
            (format!("\"{TOKEN}\""), true),
            (format!("\"\\u0062{}\"", &TOKEN[1..]), true),
            ("\"short\"".into(), false),
            ("\"\"".into(), false),
            ("1234567890123456".into(), false),
            ("-5".into(), false),
            ("1.5".into(), false),
            ("true".into(), false),
            ("[\"a\",{}]".into(), false),
            ("{\"a\":[1]}".into(), false),
        ] {
            let json = format!(r#"{{"id":"00000000-0000-0000-0000-000000000007","auth_token":{value}}}"#);
            let cluster = read(&json);
            assert_eq!(cluster.token.as_ref().is_some_and(|token| token.matches(TOKEN)), held, "{value}");
            assert!(!format!("{cluster:?}").contains("bcdf"));
        }
    }
}
