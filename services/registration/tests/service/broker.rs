//! A stand-in for token-broker.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use messina_control_api::token::v1::token_peer_service_server::{TokenPeerService, TokenPeerServiceServer};
use messina_control_api::token::v1::{
    GetFingerprintRequest, GetFingerprintResponse, ResolveTokenRequest, ResolveTokenResponse,
};
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_service_runtime::errors::fault_to_status;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tonic::{Request, Response, Status};

pub const TOKEN: &str = "bcdfghjklmnpqrstvwxz2456789bcdfg";

/// Hands out [`TOKEN`] for every cluster, unless told otherwise.
#[derive(Clone)]
pub struct Broker {
    address: SocketAddr,
    rules: Arc<Mutex<Rules>>,
}

#[derive(Default)]
struct Rules {
    tokens: BTreeMap<String, Option<String>>,
    down: bool,
    asked: usize,
}

impl Broker {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self { address: listener.local_addr().unwrap(), rules: Arc::default() };
        let server = tonic::transport::Server::builder()
            .add_service(TokenPeerServiceServer::new(this.clone()))
            .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
        tokio::spawn(async move { server.await.unwrap() });
        this
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token of a cluster; `None` for a Secret that does not exist.
    pub fn set(&self, name: &str, token: Option<&str>) {
        self.rules.lock().tokens.insert(name.to_owned(), token.map(str::to_owned));
    }

    pub fn down(&self, down: bool) {
        self.rules.lock().down = down;
    }

    /// How often it was asked for a token.
    pub fn asked(&self) -> usize {
        self.rules.lock().asked
    }

    fn token(&self, name: &str) -> Result<String, Status> {
        let rules = self.rules.lock();
        if rules.down {
            return Err(Status::unavailable("starting"));
        }
        match rules.tokens.get(name) {
            None => Ok(TOKEN.to_owned()),
            Some(Some(token)) => Ok(token.clone()),
            Some(None) => {
                let message = format!("the Secret '{name}-auth-token' does not exist");
                let fault = Fault::waiting(reason::TOKEN_SECRET_MISSING, message).hint("create it");
                Err(fault_to_status(&fault))
            }
        }
    }
}

fn fingerprint(token: &str) -> String {
    format!("fingerprint-{}", token.len())
}

#[tonic::async_trait]
impl TokenPeerService for Broker {
    async fn resolve_token(
        &self,
        request: Request<ResolveTokenRequest>,
    ) -> Result<Response<ResolveTokenResponse>, Status> {
        self.rules.lock().asked += 1;
        let name = request.into_inner().name;
        let token = self.token(&name)?;
        let (fingerprint, secret) = (fingerprint(&token), format!("{name}-auth-token"));
        Ok(Response::new(ResolveTokenResponse { token, fingerprint, secret }))
    }

    async fn get_fingerprint(
        &self,
        request: Request<GetFingerprintRequest>,
    ) -> Result<Response<GetFingerprintResponse>, Status> {
        let name = request.into_inner().name;
        let fingerprint = fingerprint(&self.token(&name)?);
        Ok(Response::new(GetFingerprintResponse { fingerprint, secret: format!("{name}-auth-token") }))
    }
}
