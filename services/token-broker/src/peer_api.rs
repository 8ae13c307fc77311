//! `TokenPeerService`: what brokers and registration ask.

use messina_control_api::token::v1 as wire;
use messina_service_runtime::errors::{fault_to_status, field_violation};
use tonic::{Request, Response, Status};
use wire::token_peer_service_server::TokenPeerService;

use crate::tokens::{Found, NotFound, Tokens};

/// The service behind the API.
pub(crate) struct PeerApi {
    pub(crate) tokens: Tokens,
}

impl PeerApi {
    async fn find(&self, namespace: &str, name: &str) -> Result<Found, Status> {
        for (field, value) in [("namespace", namespace), ("name", name)] {
            if value.is_empty() {
                return Err(field_violation(field, "is empty"));
            }
        }
        self.tokens.find(namespace, name).await.map_err(|not_found| match not_found {
            NotFound::Fault(fault) => fault_to_status(&fault),
            NotFound::Cluster => Status::not_found(format!(
                "datacenter '{}' has no ScyllaCluster '{namespace}/{name}'",
                self.tokens.mirror.datacenter()
            )),
        })
    }
}

#[tonic::async_trait]
impl TokenPeerService for PeerApi {
    async fn resolve_token(
        &self,
        request: Request<wire::ResolveTokenRequest>,
    ) -> Result<Response<wire::ResolveTokenResponse>, Status> {
        let wire::ResolveTokenRequest { namespace, name } = request.into_inner();
        let Found { token, secret, fingerprint } = self.find(&namespace, &name).await?;
        Ok(Response::new(wire::ResolveTokenResponse {
            token: token.expose().to_owned(),
            fingerprint: fingerprint.0,
            secret,
        }))
    }

    async fn get_fingerprint(
        &self,
        request: Request<wire::GetFingerprintRequest>,
    ) -> Result<Response<wire::GetFingerprintResponse>, Status> {
        let wire::GetFingerprintRequest { namespace, name } = request.into_inner();
        let Found { secret, fingerprint, .. } = self.find(&namespace, &name).await?;
        Ok(Response::new(wire::GetFingerprintResponse { fingerprint: fingerprint.0, secret }))
    }
}
