//! Alone in its process: here nobody has chosen a TLS provider.
#![allow(clippy::unwrap_used, reason = "a failed step of a test should stop it")]

use std::sync::Arc;

use messina_manager_client::{ManagerClient, Settings};

#[test]
fn a_process_without_a_tls_provider_is_told_and_does_not_panic() {
    let settings = Settings::new("http://127.0.0.1:5080", Arc::new(|| jiff::Timestamp::UNIX_EPOCH));
    let error = ManagerClient::new(&settings).err().unwrap();
    assert!(
        error.to_string().contains("install_default") || error.to_string().contains("default_provider"),
        "{error}"
    );
    rustls::crypto::ring::default_provider().install_default().unwrap();
    assert!(ManagerClient::new(&settings).is_ok());
}
