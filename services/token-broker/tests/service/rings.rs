//! Rings with the fingerprints of their members.

use messina_control_api::token::v1 as wire;
use messina_control_api::watch::v1::object::Body;
use messina_control_api::watch::v1::{Member, ObjectKind, Ring, RingMember};
use tonic::Code;

use crate::world::{OTHER, TOKEN, World};

fn member(datacenter: &str, namespace: &str, name: &str) -> Member {
    Member { datacenter: datacenter.into(), namespace: namespace.into(), name: name.into() }
}

fn key(name: &str) -> Option<wire::RingKey> {
    Some(wire::RingKey { namespace: "prod".into(), name: name.into() })
}

async fn world() -> World {
    let world = World::new().await;
    world.cluster("orders", None);
    world.token("orders", TOKEN).await;
    let members = vec![member("west", "prod", "orders")];
    let ring = Ring { home: Some(member("", "prod", "orders")), members };
    world.put(ObjectKind::Ring, "prod", "everywhere", Body::Ring(ring));
    world.synced();
    world
}

#[tokio::test]
async fn a_ring_shows_the_home_fingerprint_and_who_knows_the_others() {
    let world = world().await;
    let mut service = world.start().await;
    let fingerprint = service.fingerprint("orders").await.unwrap();
    let rings = service.rings.list_rings(wire::ListRingsRequest {}).await.unwrap().into_inner().rings;
    assert_eq!(rings.len(), 1);
    let [home, other] = rings[0].members.as_slice() else { panic!("{rings:?}") };
    assert!(home.home && home.datacenter == "east" && home.token_fingerprint == fingerprint, "{home:?}");
    assert!(!other.home && other.token_fingerprint.is_empty(), "{other:?}");
    assert_eq!((other.datacenter.as_str(), other.reason.as_str()), ("west", "NotKnownHere"));
    let got = service.rings.get_ring(wire::GetRingRequest { key: key("everywhere") }).await.unwrap();
    assert_eq!(got.into_inner().ring.as_ref(), rings.first());
    let refused = service.rings.get_ring(wire::GetRingRequest { key: key("nowhere") }).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let refused = service.rings.get_ring(wire::GetRingRequest { key: None }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    service.stop().await;
}

#[tokio::test]
async fn a_ring_learns_nothing_about_clusters_that_do_not_agree() {
    let world = world().await;
    world.cluster("users", None);
    world.token("users", OTHER).await;
    // A tenant's ring names a cluster of another namespace as its home, and one as a member.
    let home = Some(member("", "prod", "orders"));
    let ring = Ring { home, members: vec![member("east", "prod", "users")] };
    world.put(ObjectKind::Ring, "tenant", "r", Body::Ring(ring));
    let mut service = world.start().await;
    let key = Some(wire::RingKey { namespace: "tenant".into(), name: "r".into() });
    let get = wire::GetRingRequest { key };
    let ring = service.rings.get_ring(get.clone()).await.unwrap().into_inner().ring.unwrap();
    for member in &ring.members {
        assert_eq!((member.token_fingerprint.as_str(), member.reason.as_str()), ("", "NotConsented"));
    }
    // The member agrees, and only it is shown.
    let agreement = RingMember { ring: Some(member("east", "tenant", "r")), cluster_name: "users".into() };
    world.put(ObjectKind::RingMember, "prod", "m", Body::RingMember(agreement));
    let members = loop {
        let ring = service.rings.get_ring(get.clone()).await.unwrap().into_inner().ring.unwrap();
        if ring.members[1].reason.is_empty() {
            break ring.members;
        }
    };
    assert_eq!(members[1].token_fingerprint, service.fingerprint("users").await.unwrap());
    assert_eq!(members[0].reason, "NotConsented");
    service.stop().await;
}

#[tokio::test]
async fn a_watch_follows_objects_and_secrets_and_ends() {
    let world = world().await;
    let mut service = world.start().await;
    let request = wire::WatchRingRequest { key: key("everywhere") };
    let mut stream = service.rings.watch_ring(request).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().ring.unwrap();
    assert!(!first.members[0].token_fingerprint.is_empty());
    world.token("orders", OTHER).await;
    // In between the Secret may be missing, since it is replaced in two steps.
    let second = loop {
        let next = stream.message().await.unwrap().unwrap().ring.unwrap();
        if next.members[0].reason.is_empty() {
            break next;
        }
    };
    assert_ne!(second.members[0].token_fingerprint, first.members[0].token_fingerprint);
    let home = Some(member("", "prod", "orders"));
    world.put(ObjectKind::Ring, "prod", "everywhere", Body::Ring(Ring { home, members: Vec::new() }));
    let third = stream.message().await.unwrap().unwrap().ring.unwrap();
    assert_eq!(third.members.len(), 1);
    world.remove(ObjectKind::Ring, "prod", "everywhere");
    assert_eq!(stream.message().await.unwrap_err().code(), Code::NotFound);
    service.stop().await;
}

#[tokio::test]
async fn a_watch_ends_with_the_service() {
    let world = world().await;
    let mut service = world.start().await;
    let request = wire::WatchRingRequest { key: key("everywhere") };
    let mut stream = service.rings.watch_ring(request).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    let ended = tokio::spawn(async move { stream.message().await });
    service.stop().await;
    let ended = ended.await.unwrap();
    assert!(matches!(ended, Ok(None)) || ended.is_err_and(|status| status.code() == Code::Unavailable));
}
