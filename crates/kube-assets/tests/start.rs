//! Starts and stops a real API server, where there is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed step of a test should stop it, and a skipped one should say so"
)]

use std::io::Write;
use std::net::TcpStream;

use messina_kube_assets::{KubeAssets, Options, RealApiServer};

/// The assets, or none after saying loudly that the test is skipped.
fn assets(test: &str) -> Option<KubeAssets> {
    let assets = KubeAssets::from_env();
    if assets.is_none() {
        let required = std::env::var("MESSINA_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|one| one == "kube"),
            "KUBEBUILDER_ASSETS is required but not usable"
        );
        eprintln!("SKIPPED {test}: KUBEBUILDER_ASSETS is not set");
        if let Some(path) = std::env::var_os("MESSINA_SKIPS_FILE") {
            let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
            writeln!(file, "{test}: KUBEBUILDER_ASSETS").unwrap();
        }
    }
    assets
}

#[tokio::test]
async fn two_servers_start_side_by_side_and_stop() {
    let Some(assets) = assets("two_servers_start_side_by_side_and_stop") else { return };
    let options = |context: &str| Options { context: context.to_owned(), ..Options::default() };
    let (one, other) = tokio::join!(
        RealApiServer::start(&assets, options("one")),
        RealApiServer::start(&assets, options("other"))
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.url(), other.url());
    assert!(one.kubeconfig().contains("current-context: \"one\""));
    assert!(one.kubeconfig().contains(&one.url()));
    let address = one.url().trim_start_matches("https://").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    one.stop().await.unwrap();
    assert!(TcpStream::connect(&address).is_err(), "nothing listens after stop");
    other.stop().await.unwrap();
}
