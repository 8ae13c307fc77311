//! What the service has to know before it starts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use messina_domain::token::FingerprintKey;
use messina_service_runtime::ConfigErrors;
use messina_service_runtime::transport::Peer;
use zeroize::Zeroizing;

/// Everything that the service has to know. [`Config::new`] gives what can be assumed.
#[derive(Clone)]
pub struct Config {
    /// Name of this datacenter.
    pub datacenter: String,
    /// Kubeconfig file; the usual places and then the pod's own ServiceAccount when absent.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    pub context: Option<String>,
    /// Its k8s-watcher.
    pub watcher: Peer,
    /// Key of the fingerprints; the UID of kube-system when absent.
    pub fingerprint_key: Option<FingerprintKey>,
    /// How often a ring that somebody watches is looked at: nobody says when a Secret changes.
    pub watch_poll: Duration,
}

impl Config {
    /// A configuration with everything that can be assumed.
    pub fn new(datacenter: impl Into<String>, watcher: Peer) -> Self {
        Self {
            datacenter: datacenter.into(),
            kubeconfig: None,
            context: None,
            watcher,
            fingerprint_key: None,
            watch_poll: Duration::from_secs(15),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("datacenter", &self.datacenter)
            .field("kubeconfig", &self.kubeconfig)
            .field("context", &self.context)
            .field("watcher", &self.watcher)
            .field("has_fingerprint_key", &self.fingerprint_key.is_some())
            .finish_non_exhaustive()
    }
}

/// A shorter key could be guessed, and with it every token that is weak.
const MIN_KEY_CHARACTERS: usize = 16;

/// Reads the key of the fingerprints; what is wrong with it goes to `errors`.
pub fn read_fingerprint_key(path: &Path, errors: &mut ConfigErrors) -> Option<FingerprintKey> {
    const FLAG: &str = "--fingerprint-key-file";
    let remedy = "make one with 'openssl rand -hex 32', the same for all datacenters";
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) if text.trim().chars().count() >= MIN_KEY_CHARACTERS => Some(FingerprintKey::new(&text)),
        Ok(_) => {
            let problem = format!("holds fewer than {MIN_KEY_CHARACTERS} characters");
            errors.add(FLAG, path.display(), problem, remedy);
            None
        }
        Err(error) => {
            errors.add(FLAG, path.display(), format!("cannot be read: {error}"), remedy);
            None
        }
    }
}
