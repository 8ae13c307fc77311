//! The way to Manager's socket.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tower::Service;
use zeroize::Zeroizing;

use crate::base_url::BaseUrl;
use crate::settings::ConfigError;

/// Largest answer that is read. Thousands of tasks fit; what is larger is not Manager.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Time to make a connection, whatever the call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The body of an answer: not shown, and wiped after use, because Manager answers tokens in clear.
#[derive(Default)]
pub struct AnswerBody(Zeroizing<Vec<u8>>);

impl AnswerBody {
    /// Takes over what was read.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// Why a transport has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection; nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke after that; Manager may have done what was asked.
    #[error("{0}")]
    Broken(String),
    /// The answer exceeds [`MAX_ANSWER_BYTES`].
    #[error("the answer is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
}

/// Calls over real HTTP.
#[derive(Clone)]
pub(crate) struct HttpTransport(reqwest::Client);

impl HttpTransport {
    pub(crate) fn new(base: &BaseUrl) -> Result<Self, ConfigError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // reqwest would panic.
            return Err(ConfigError::new(
                "the process has no TLS provider",
                "install rustls::crypto::ring::default_provider() at the start of main",
            ));
        }
        let mut builder = reqwest::Client::builder()
            // A redirect of a POST with a token goes nowhere.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // Proxies of the environment are for the way out of the cluster, which a token must not take.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT);
        if !base.is_https() {
            // Plain HTTP must work in an image without CA certificates.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map(Self).map_err(|error| {
            ConfigError::new(
                format!("the HTTP client cannot be made: {}", cause(error)),
                "see that the CA certificates of the system are there",
            )
        })
    }
}

impl Service<http::Request<Bytes>> for HttpTransport {
    type Response = http::Response<AnswerBody>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|error| TransportError::Unreachable(cause(error)))?;
            let mut response = client.execute(request).await.map_err(transport_error)?;
            let body = read(&mut response).await?;
            let mut answer = http::Response::new(AnswerBody(body));
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            Ok(answer)
        })
    }
}

async fn read(response: &mut reqwest::Response) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    let announced = response.content_length().unwrap_or_default();
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > MAX_ANSWER_BYTES {
        return Err(TransportError::TooLarge);
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced));
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn transport_error(error: reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Unreachable(cause(error))
    } else {
        TransportError::Broken(cause(error))
    }
}

/// The innermost cause: what the layers above it add is that an HTTP request was being made.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
