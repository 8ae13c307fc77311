//! `TokenService`: the rings whose home is here.

use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use messina_control_api::token::v1 as wire;
use messina_domain::names::reason;
use messina_domain::ring::Ring;
use messina_feed::View;
use messina_service_runtime::Shutdown;
use messina_service_runtime::errors::{fault_to_status, field_violation};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use wire::token_service_server::TokenService;

use crate::tokens::{NotFound, Tokens};

/// Why the fingerprint of a member in another datacenter is not said: its own broker knows it.
const NOT_KNOWN_HERE: &str = reason::NOT_KNOWN_HERE;
/// Why the fingerprint of a member is not said that does not agree to be one.
const NOT_CONSENTED: &str = reason::NOT_CONSENTED;

/// How many rings are looked at at once.
const AT_ONCE: usize = 8;

/// The service behind the API.
#[derive(Clone)]
pub(crate) struct RingApi {
    pub(crate) tokens: Tokens,
    pub(crate) shutdown: Shutdown,
    /// Changes with the view.
    pub(crate) changes: watch::Receiver<u64>,
    pub(crate) poll: Duration,
}

impl RingApi {
    fn ring(&self, key: Option<wire::RingKey>) -> Result<Ring, Status> {
        let key = key.ok_or_else(|| field_violation("key", "is missing"))?;
        for (field, value) in [("key.namespace", &key.namespace), ("key.name", &key.name)] {
            if value.is_empty() {
                return Err(field_violation(field, "is empty"));
            }
        }
        let wire::RingKey { namespace, name } = key;
        let missing =
            format!("datacenter '{}' has no Ring '{namespace}/{name}'", self.tokens.mirror.datacenter());
        let ring = self.tokens.with(|view| view.rings.get(&(namespace, name)).cloned());
        ring.map_err(|fault| fault_to_status(&fault))?.ok_or_else(|| Status::not_found(missing))
    }

    /// A ring with the fingerprints that are known here.
    async fn describe(&self, ring: Ring) -> wire::Ring {
        let here = self.tokens.mirror.datacenter().to_owned();
        let home = (here.clone(), ring.home.0.clone(), ring.home.1.clone());
        let mut members = vec![self.member(&ring, &home, true).await];
        for member in &ring.members {
            members.push(self.member(&ring, member, false).await);
        }
        let key = Some(wire::RingKey { namespace: ring.namespace, name: ring.name });
        wire::Ring { key, members }
    }

    async fn member(
        &self,
        ring: &Ring,
        (datacenter, namespace, name): &(String, String, String),
        home: bool,
    ) -> wire::RingMember {
        let (token_fingerprint, reason) = if datacenter != self.tokens.mirror.datacenter() {
            (String::new(), NOT_KNOWN_HERE.to_owned())
        } else if !self.consents(ring, namespace, name, home) {
            (String::new(), NOT_CONSENTED.to_owned())
        } else {
            match self.tokens.find(namespace, name).await {
                Ok(found) => (found.fingerprint.0, String::new()),
                Err(NotFound::Cluster) => (String::new(), reason::CLUSTER_GONE.to_owned()),
                Err(NotFound::Fault(fault)) => (String::new(), fault.reason().to_owned()),
            }
        };
        wire::RingMember {
            datacenter: datacenter.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            home,
            token_fingerprint,
            reason,
        }
    }

    /// A ring speaks for its own namespace; elsewhere a RingMember has to agree.
    fn consents(&self, ring: &Ring, namespace: &str, name: &str, home: bool) -> bool {
        if home {
            return ring.namespace == namespace;
        }
        let this = (ring.datacenter.clone(), ring.namespace.clone(), ring.name.clone());
        let agrees = |view: &View| {
            view.ring_members.values().any(|member| {
                member.namespace == namespace && member.cluster_name == name && member.ring == this
            })
        };
        self.tokens.with(agrees).unwrap_or_default()
    }

    /// The next state of a ring that differs from `sent`; nothing when the service shuts down.
    async fn next(
        &mut self,
        key: &wire::RingKey,
        sent: Option<&wire::Ring>,
    ) -> Option<Result<wire::Ring, Status>> {
        loop {
            self.changes.mark_unchanged();
            let ring = match self.ring(Some(key.clone())) {
                Ok(ring) => self.describe(ring).await,
                Err(status) => return Some(Err(status)),
            };
            if sent != Some(&ring) {
                return Some(Ok(ring));
            }
            tokio::select! {
                () = self.shutdown.begun() => return None,
                () = tokio::time::sleep(self.poll) => {}
                changed = self.changes.changed() => {
                    changed.ok()?;
                }
            }
        }
    }
}

#[tonic::async_trait]
impl TokenService for RingApi {
    type WatchRingStream = BoxStream<'static, Result<wire::WatchRingResponse, Status>>;

    async fn list_rings(
        &self,
        _: Request<wire::ListRingsRequest>,
    ) -> Result<Response<wire::ListRingsResponse>, Status> {
        let rings: Vec<Ring> = self
            .tokens
            .with(|view| view.rings.values().cloned().collect())
            .map_err(|fault| fault_to_status(&fault))?;
        let rings = stream::iter(rings).map(|ring| self.describe(ring)).buffered(AT_ONCE).collect().await;
        Ok(Response::new(wire::ListRingsResponse { rings }))
    }

    async fn get_ring(
        &self,
        request: Request<wire::GetRingRequest>,
    ) -> Result<Response<wire::GetRingResponse>, Status> {
        let ring = self.ring(request.into_inner().key)?;
        Ok(Response::new(wire::GetRingResponse { ring: Some(self.describe(ring).await) }))
    }

    async fn watch_ring(
        &self,
        request: Request<wire::WatchRingRequest>,
    ) -> Result<Response<Self::WatchRingStream>, Status> {
        let key = request.into_inner().key;
        self.ring(key.clone())?;
        let start = (self.clone(), key.unwrap_or_default(), None);
        let rings = stream::try_unfold(start, |(mut api, key, sent)| async move {
            match api.next(&key, sent.as_ref()).await.transpose()? {
                Some(ring) => Ok::<_, Status>(Some((ring.clone(), (api, key, Some(ring))))),
                None => Ok(None),
            }
        });
        Ok(Response::new(rings.map_ok(|ring| wire::WatchRingResponse { ring: Some(ring) }).boxed()))
    }
}
