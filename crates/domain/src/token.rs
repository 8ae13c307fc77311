//! The Manager agent's auth token: held, compared, fingerprinted, never shown.

use hmac::{Hmac, Mac};
use messina_fault::Fault;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::names::reason;

/// The bearer token of a cluster's Manager agents. It cannot be printed, serialised or compared with `==`;
/// the plain text leaves through [`AuthToken::expose`] only, which is easy to search for.
#[derive(Clone)]
pub struct AuthToken(SecretString);

/// Shortest token that Messina hands on. An agent with an empty token serves everybody, and a short one
/// is a typing error rather than a secret.
pub const MIN_TOKEN_CHARACTERS: usize = 16;

impl AuthToken {
    /// Accepts a token as it was found.
    ///
    /// # Errors
    /// `Rejected(TokenUnreadable)` when it is empty, short, or holds a character that cannot stand in an
    /// HTTP header. The message never repeats the token.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let length = text.chars().count();
        let refuse = |message: String| {
            Err(Fault::rejected(reason::TOKEN_UNREADABLE, message)
                .hint("write a token of 16 or more printable ASCII characters"))
        };
        if text.is_empty() {
            return refuse("the auth token is empty".into());
        }
        if length < MIN_TOKEN_CHARACTERS {
            return refuse(format!(
                "the auth token has {length} characters, fewer than {MIN_TOKEN_CHARACTERS}"
            ));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("the auth token holds a space or a character outside printable ASCII".into());
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The plain text: for `PutToken`, `ResolveToken`, the Secret and Manager's request body, nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether a token found elsewhere is this one, in constant time for equal lengths.
    pub fn matches(&self, other: &str) -> bool {
        self.expose().as_bytes().ct_eq(other.as_bytes()).into()
    }

    /// The keyed fingerprint under which the token may be talked about.
    pub fn fingerprint(&self, key: &FingerprintKey) -> TokenFingerprint {
        // HMAC takes a key of any length, so this cannot fail; a fingerprint of nothing is the honest
        // answer if that ever changed.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.0.expose_secret().as_bytes()) else {
            return TokenFingerprint(String::new());
        };
        mac.update(self.expose().as_bytes());
        let digest = mac.finalize().into_bytes();
        TokenFingerprint(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Key of the fingerprints of one installation.
#[derive(Clone)]
pub struct FingerprintKey(SecretString);

impl FingerprintKey {
    /// A key from its text (the content of a file, without surrounding white space).
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text.trim()))
    }
}

/// The first 64 bits of HMAC-SHA256 over a token: equal for equal tokens under one key, and useless to
/// whoever wants the token back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFingerprint(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "bcdfghjklmnpqrstvwxz2456789bcdfg";

    #[test]
    fn empty_short_and_odd_tokens_are_refused_without_being_repeated() {
        for bad in [
            "",
            "short",
            "has a space in the middle of it",
            "line\nbreak-line-break-line",
            "ünïcödé-ünïcödé-ünïcödé",
        ] {
            let fault = AuthToken::parse(bad).err().expect(bad);
            assert_eq!(fault.reason(), reason::TOKEN_UNREADABLE);
            assert!(bad.is_empty() || !fault.to_string().contains(bad), "{fault}");
        }
    }

    #[test]
    fn a_fingerprint_depends_on_token_and_key() {
        let (a, b) = (AuthToken::parse(TOKEN).unwrap(), AuthToken::parse(&TOKEN.replace('b', "z")).unwrap());
        let (key, other) = (FingerprintKey::new("k1"), FingerprintKey::new("k2"));
        assert_eq!(a.fingerprint(&key), AuthToken::parse(TOKEN).unwrap().fingerprint(&key));
        assert_ne!(a.fingerprint(&key), b.fingerprint(&key));
        assert_ne!(a.fingerprint(&key), a.fingerprint(&other));
        assert_eq!(a.fingerprint(&key).0.len(), 16);
    }

    #[test]
    fn comparing_needs_the_whole_token() {
        let token = AuthToken::parse(TOKEN).unwrap();
        assert!(token.matches(TOKEN));
        assert!(!token.matches(&TOKEN[1..]));
        assert!(!token.matches(""));
    }
}
