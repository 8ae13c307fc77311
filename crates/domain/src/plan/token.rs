//! Which Secret a cluster's auth token comes from.

use messina_fault::Fault;

use crate::names::reason;
use crate::token::AuthToken;

/// What is known of one possible source: the name of its Secret and the token text in it, if any.
pub enum Source {
    /// The ScyllaCluster does not name such a Secret.
    NotNamed,
    /// The Secret is named but does not exist (yet).
    Missing(String),
    /// The Secret exists and does not set a token.
    NoToken(String),
    /// The Secret exists and cannot be understood; the text says why and holds nothing of its content.
    Unreadable(String, String),
    /// The Secret sets this token.
    Token(String, Result<AuthToken, Fault>),
}

/// Chooses the token: rack 0's agent config wins where it sets one, as in the ScyllaDB Operator; otherwise
/// the cluster's own Secret. Answers the Secret's name, too.
///
/// # Errors
/// `Waiting(TokenSecretMissing)` while a Secret has yet to appear, `Waiting(TokenUnreadable)` while its
/// content has to be mended by somebody.
pub fn choose(agent_config: Source, own_secret: Source) -> Result<(String, AuthToken), Fault> {
    match agent_config {
        Source::Token(..) | Source::Missing(_) | Source::Unreadable(..) => {
            read(agent_config, "scylla-manager-agent.yaml")
        }
        Source::NotNamed | Source::NoToken(_) => read(own_secret, "auth-token.yaml"),
    }
}

fn read(source: Source, key: &str) -> Result<(String, AuthToken), Fault> {
    match source {
        Source::Token(name, Ok(token)) => Ok((name, token)),
        Source::Token(name, Err(fault)) => {
            Err(unreadable(&name, key, &fault.detail().message).hint(fault.detail().hint.clone()))
        }
        Source::Unreadable(name, why) => Err(unreadable(&name, key, &why)),
        Source::NoToken(name) => Err(unreadable(&name, key, "it sets no auth_token")),
        Source::Missing(name) => Err(Fault::waiting(
            reason::TOKEN_SECRET_MISSING,
            format!("the Secret '{name}' does not exist"),
        )
        .hint(format!(
            "the ScyllaDB Operator makes it with the cluster; if it was deleted, create it with key '{key}' and content 'auth_token: TOKEN'"
        ))),
        Source::NotNamed => Err(Fault::waiting(reason::TOKEN_SECRET_MISSING, "no Secret is named")),
    }
}

fn unreadable(name: &str, key: &str, why: &str) -> Fault {
    Fault::waiting(
        reason::TOKEN_UNREADABLE,
        format!("no token can be read from key '{key}' of the Secret '{name}': {why}"),
    )
    .hint("write the key as YAML: 'auth_token: TOKEN'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, text: &str) -> Source {
        Source::Token(name.into(), AuthToken::parse(text))
    }

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn rack_zero_wins_where_it_sets_a_token() {
        let (name, chosen) = choose(token("config", A), token("own", B)).unwrap();
        assert!(name == "config" && chosen.matches(A));
        for silent in [Source::NotNamed, Source::NoToken("config".into())] {
            let (name, chosen) = choose(silent, token("own", B)).unwrap();
            assert!(name == "own" && chosen.matches(B));
        }
    }

    #[test]
    fn a_named_config_that_is_missing_is_waited_for() {
        // The Operator makes no token of its own then, so taking the cluster's Secret would be a guess.
        let fault = choose(Source::Missing("config".into()), token("own", B)).err().unwrap();
        assert_eq!((fault.class(), fault.reason()), ("waiting", reason::TOKEN_SECRET_MISSING));
        assert!(fault.to_string().contains("'config'"));
    }

    #[test]
    fn a_token_that_is_refused_keeps_its_own_way_out() {
        let fault = choose(Source::NotNamed, token("own", "short")).err().unwrap();
        assert!(fault.to_string().contains("16 or more printable"), "{fault}");
    }

    #[test]
    fn every_other_trouble_says_which_secret_and_what_to_do() {
        for (source, reason) in [
            (Source::Missing("own".into()), reason::TOKEN_SECRET_MISSING),
            (Source::NoToken("own".into()), reason::TOKEN_UNREADABLE),
            (Source::Unreadable("own".into(), "line 1: not a mapping".into()), reason::TOKEN_UNREADABLE),
        ] {
            let fault = choose(Source::NotNamed, source).err().unwrap();
            assert_eq!((fault.class(), fault.reason()), ("waiting", reason));
            assert!(
                fault.to_string().contains("'own'") && fault.to_string().contains("auth_token: TOKEN"),
                "{fault}"
            );
        }
    }
}
