//! Asking a token-broker for the token of one cluster.

use messina_control_api::token::v1::token_peer_service_client::TokenPeerServiceClient;
use messina_control_api::token::v1::{GetFingerprintRequest, GetFingerprintResponse, ResolveTokenRequest};
use messina_domain::identity::ClusterKey;
use messina_domain::names::reason;
use messina_domain::token::AuthToken;
use messina_fault::Fault;
use messina_service_runtime::errors::status_to_fault;
use messina_service_runtime::grpc::Channel;
use std::time::Duration;
use tonic::{Code, Request, Status};

/// How long a broker may take; it asks the API server for one or two Secrets.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reasons of a broker that pass on as they are.
const REASONS: [&str; 3] = [reason::TOKEN_SECRET_MISSING, reason::TOKEN_UNREADABLE, reason::FORBIDDEN];

/// The token-broker of one datacenter.
pub(crate) struct Broker {
    client: TokenPeerServiceClient<Channel>,
    datacenter: String,
}

/// A token and the name under which it may be talked about.
#[derive(Clone)]
pub(crate) struct Resolved {
    pub(crate) token: AuthToken,
    pub(crate) fingerprint: String,
}

impl Broker {
    pub(crate) fn new(client: TokenPeerServiceClient<Channel>, datacenter: &str) -> Self {
        Self { client, datacenter: datacenter.to_owned() }
    }

    /// The token of a cluster.
    ///
    /// # Errors
    /// `Transient(BrokerUnreachable)`, or what the broker waits for.
    pub(crate) async fn resolve(&self, key: &ClusterKey) -> Result<Resolved, Fault> {
        let (namespace, name) = (key.namespace.clone(), key.name.clone());
        let request = patient(ResolveTokenRequest { namespace, name });
        let answer = self.client.clone().resolve_token(request).await;
        let answer = answer.map_err(|status| self.fault(&status))?.into_inner();
        Ok(Resolved { token: AuthToken::parse(&answer.token)?, fingerprint: answer.fingerprint })
    }

    /// The fingerprint of a cluster's token and the Secret that it comes from.
    ///
    /// # Errors
    /// As [`Broker::resolve`].
    pub(crate) async fn fingerprint(&self, key: &ClusterKey) -> Result<GetFingerprintResponse, Fault> {
        let (namespace, name) = (key.namespace.clone(), key.name.clone());
        let request = patient(GetFingerprintRequest { namespace, name });
        let answer = self.client.clone().get_fingerprint(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| self.fault(&status))
    }

    fn fault(&self, status: &Status) -> Fault {
        let datacenter = &self.datacenter;
        let fault = status_to_fault(status, &REASONS);
        match (&fault, status.code()) {
            // Its feed is behind ours, or it sees another Kubernetes cluster: a matter of time or of flags.
            (_, Code::NotFound) => Fault::waiting(
                reason::BROKER_UNREACHABLE,
                format!("token-broker of '{datacenter}' does not know the cluster: {}", status.message()),
            )
            .hint("see that it follows the same k8s-watcher, and that this one is ready"),
            (Fault::Transient(_), _) => Fault::transient(
                reason::BROKER_UNREACHABLE,
                format!("token-broker of '{datacenter}' cannot be asked: {}", status.message()),
            )
            .hint("see that it runs, and that it is ready"),
            _ => fault,
        }
    }
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}
