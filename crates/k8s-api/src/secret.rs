//! The Secrets that may hold a cluster's auth token. Nothing of their content ever reaches a message.

use messina_domain::plan::token::Source;
use messina_domain::token::AuthToken;
use serde::Deserialize;

/// Key of the Operator's own token Secret.
pub const TOKEN_KEY: &str = "auth-token.yaml";
/// Key of a custom agent configuration.
pub const AGENT_CONFIG_KEY: &str = "scylla-manager-agent.yaml";

/// Name of the Secret that the Operator makes for a cluster.
pub fn token_secret(cluster: &str) -> String {
    format!("{cluster}-auth-token")
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    auth_token: Option<String>,
}

/// What one Secret says about the token. `data` is its decoded content under `key`, if it has that key.
pub fn read(name: &str, key: &str, data: Option<&[u8]>) -> Source {
    let Some(bytes) = data else { return Source::Unreadable(name.into(), format!("it has no key '{key}'")) };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Source::Unreadable(name.into(), "its content is not UTF-8".into());
    };
    if text.len() > MAX_CONTENT {
        return Source::Unreadable(name.into(), format!("its content is longer than {MAX_CONTENT} bytes"));
    }
    // The parser's own words may quote the content, so they stay here.
    match serde_saphyr::from_str::<Content>(text) {
        Ok(Content { auth_token: Some(token) }) => Source::Token(name.into(), AuthToken::parse(&token)),
        Ok(Content { auth_token: None }) => Source::NoToken(name.into()),
        Err(_) => Source::Unreadable(
            name.into(),
            "its content is not a YAML mapping with a text 'auth_token'".into(),
        ),
    }
}

/// Longer than any agent configuration, shorter than what makes a parser sweat.
const MAX_CONTENT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "bcdfghjklmnpqrstvwxz2456789bcdfg";

    #[test]
    fn a_token_is_read_from_yaml() {
        let text = format!("https: 10.0.0.1:10001\nauth_token: {TOKEN}\n");
        let Source::Token(name, Ok(token)) = read("s", TOKEN_KEY, Some(text.as_bytes())) else { panic!() };
        assert!(name == "s" && token.matches(TOKEN));
    }

    #[test]
    fn everything_else_says_what_is_wrong_and_quotes_nothing() {
        let bomb = format!("a: &a [{TOKEN}]\nb: &b [*a,*a]\nauth_token: [*b,*b]\n");
        let long = "#".repeat(MAX_CONTENT + 1);
        for (data, expected) in [
            (None, "no key"),
            (Some(TOKEN.as_bytes()), "not a YAML mapping"),
            (Some(b"auth_token: [1".as_slice()), "not a YAML mapping"),
            (Some(bomb.as_bytes()), "not a YAML mapping"),
            (Some(b"\xff\xfe".as_slice()), "UTF-8"),
            (Some(long.as_bytes()), "longer"),
        ] {
            let Source::Unreadable(_, why) = read("s", TOKEN_KEY, data) else { panic!("{expected}") };
            assert!(why.contains(expected) && !why.contains(TOKEN), "{why}");
        }
        assert!(matches!(read("s", TOKEN_KEY, Some(b"other: 1")), Source::NoToken(_)));
        assert!(matches!(read("s", TOKEN_KEY, Some(b"auth_token: ''")), Source::Token(_, Err(_))));
    }
}
