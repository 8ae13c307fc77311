//! Tokens and fingerprints of single clusters.

use messina_domain::token::FingerprintKey;
use messina_fake_apiserver::{Access, Account, Fault, FaultAnswer, Grant, Options};
use messina_fault::Fault as Trouble;
use messina_service_runtime::errors::status_to_fault;
use token_broker::Config;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{OTHER, TOKEN, World};

/// The fault behind a status: reason, message, hint.
fn fault(status: &tonic::Status) -> Trouble {
    status_to_fault(status, &["TokenSecretMissing", "TokenUnreadable", "Forbidden", "WatcherUnreachable"])
}

#[tokio::test]
async fn the_clusters_own_secret_is_read() {
    let world = World::new().await;
    world.cluster("orders", None);
    world.token("orders", TOKEN).await;
    world.synced();
    let service = world.start().await;
    let answer = service.resolve("orders").await.unwrap();
    assert!(answer.token == TOKEN);
    assert_eq!(answer.secret, "orders-auth-token");
    assert_eq!(answer.fingerprint.len(), 16);
    assert_eq!(service.fingerprint("orders").await.unwrap(), answer.fingerprint);
    // Nothing is kept: a new token is seen at once.
    world.token("orders", OTHER).await;
    assert!(service.resolve("orders").await.unwrap().token == OTHER);
    assert_ne!(service.fingerprint("orders").await.unwrap(), answer.fingerprint);
    let counts = world.kubernetes.counts();
    assert_eq!((counts.of("list", "secrets"), counts.of("watch", "secrets")), (0, 0), "{counts:?}");
    assert_eq!(counts.of("get", "secrets"), 4);
    service.stop().await;
}

#[tokio::test]
async fn the_agent_config_of_rack_zero_wins_where_it_sets_a_token() {
    let world = World::new().await;
    world.token("orders", TOKEN).await;
    world.secret("config", "scylla-manager-agent.yaml", &format!("auth_token: {OTHER}\n")).await;
    world.secret("silent", "scylla-manager-agent.yaml", "https: 0.0.0.0:10001\n").await;
    world.cluster("orders", Some("config"));
    world.synced();
    let service = world.start().await;
    let answer = service.resolve("orders").await.unwrap();
    assert!(answer.token == OTHER && answer.secret == "config");
    assert_eq!(world.kubernetes.counts().of("get", "secrets"), 1, "no Secret is read that does not count");
    world.token("users", TOKEN).await;
    world.cluster("users", Some("silent"));
    let answer = loop {
        match service.resolve("users").await {
            Ok(answer) => break answer,
            Err(status) => assert_eq!(status.code(), Code::NotFound, "{status:?}"),
        }
    };
    assert!(answer.token == TOKEN && answer.secret == "users-auth-token");
    service.stop().await;
}

#[tokio::test]
async fn a_missing_or_broken_secret_is_a_precondition_with_the_way_out() {
    let world = World::new().await;
    world.cluster("missing", None);
    world.cluster("broken", None);
    world.cluster("config", Some("nowhere"));
    world.cluster("path", Some("../configmaps/x"));
    world.secret("broken-auth-token", "auth-token.yaml", &format!("auth_token: [{TOKEN}")).await;
    world.token("path", TOKEN).await;
    world.synced();
    let service = world.start().await;
    for (name, reason, names) in [
        ("missing", "TokenSecretMissing", "'missing-auth-token'"),
        ("broken", "TokenUnreadable", "'broken-auth-token'"),
        ("config", "TokenSecretMissing", "'nowhere'"),
        ("path", "TokenUnreadable", "no Secret can have this name"),
    ] {
        let status = service.resolve(name).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "messina.dev"));
        assert!(status.message().contains(names), "{status:?}");
        assert!(info.metadata["hint"].contains("auth_token: TOKEN"), "{info:?}");
        assert!(!format!("{status:?}").contains(TOKEN));
        assert_eq!(service.fingerprint(name).await.unwrap_err().code(), Code::FailedPrecondition);
    }
    service.stop().await;
}

#[tokio::test]
async fn what_the_feed_does_not_show_is_not_found() {
    let world = World::new().await;
    world.token("orders", TOKEN).await;
    world.synced();
    let service = world.start().await;
    let status = service.resolve("orders").await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "a Secret without its cluster is nobody's business");
    let status = service.resolve("").await.unwrap_err();
    assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "name");
    assert_eq!(world.kubernetes.counts().of("get", "secrets"), 0);
    service.stop().await;
}

#[tokio::test]
async fn before_the_feed_is_whole_nobody_knows() {
    let world = World::new().await;
    world.token("orders", TOKEN).await;
    world.cluster("orders", None);
    let service = world.start_with(world.config()).await;
    let status = service.resolve("orders").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(fault(&status).reason(), "WatcherUnreachable");
    assert!(!service.readiness.is_ready());
    world.synced();
    service.ready().await;
    assert!(service.resolve("orders").await.unwrap().token == TOKEN);
    service.stop().await;
}

#[tokio::test]
async fn a_forbidden_get_names_the_rule_that_lacks() {
    let all =
        Account { token: "admin".into(), user: "admin".into(), grants: vec![Grant::new("*", "*", "*")] };
    let mut broker = Account { token: "broker".into(), user: "broker".into(), grants: Vec::new() };
    broker.grants.push(Grant::new("list", "", "secrets"));
    let access = Access::Accounts(vec![all, broker]);
    let options = Options { context: "east".into(), access, ..Options::default() };
    let world = World::with_options(options, Some("admin")).await;
    world.token("orders", TOKEN).await;
    world.cluster("orders", None);
    world.synced();
    std::fs::write(world.kubeconfig(), world.kubernetes.kubeconfig_with_token("broker")).unwrap();
    let service = world.start().await;
    let status = service.resolve("orders").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(fault(&status).reason(), "Forbidden");
    for part in ["get secrets", "'prod'", r#"{apiGroups: [""], resources: ["secrets"], verbs: ["get"]}"#] {
        assert!(status.message().contains(part), "{part} is not in {status:?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn an_api_server_in_trouble_is_a_matter_of_time() {
    let world = World::new().await;
    world.token("orders", TOKEN).await;
    world.cluster("orders", None);
    world.synced();
    let service = world.start().await;
    let trouble = FaultAnswer::Status { code: 500, reason: "InternalError".into(), message: "x".into() };
    for answer in [trouble, FaultAnswer::Garbage, FaultAnswer::Empty, FaultAnswer::Hang] {
        world.kubernetes.inject(Fault::on("get", "secrets", 1, answer));
        let status = service.resolve("orders").await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert!(status.message().contains("prod/orders-auth-token"), "{status:?}");
    }
    assert!(service.resolve("orders").await.unwrap().token == TOKEN);
    service.stop().await;
}

#[tokio::test]
async fn the_key_of_the_fingerprints_comes_from_the_file_or_from_kubernetes() {
    let world = World::new().await;
    world.token("orders", TOKEN).await;
    world.cluster("orders", None);
    world.synced();
    let expected = |key: &str| {
        let token = messina_domain::token::AuthToken::parse(TOKEN).unwrap();
        token.fingerprint(&FingerprintKey::new(key)).0
    };
    let service = world.start().await;
    let of_kubernetes = "4f0e7bd4-5bd4-4d5c-9d8b-000000000001";
    assert_eq!(service.fingerprint("orders").await.unwrap(), expected(of_kubernetes));
    service.stop().await;
    let key = "0123456789abcdef0123456789abcdef";
    let config = Config { fingerprint_key: Some(FingerprintKey::new(key)), ..world.config() };
    let service = world.start_with(config).await;
    service.ready().await;
    assert_eq!(service.fingerprint("orders").await.unwrap(), expected(key));
    service.stop().await;
}
