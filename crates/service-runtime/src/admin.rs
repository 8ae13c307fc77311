//! The admin port: probes, metrics, log level. It serves nothing secret, so it may listen anywhere.
//!
//! | route | answer |
//! |---|---|
//! | `GET /livez` | 200 as long as the process serves at all |
//! | `GET /readyz` | 200 or 503, and one line per gate |
//! | `GET /metrics` | OpenMetrics text |
//! | `GET /log` | the log filter in force |
//! | `PUT /log` | a new one, from loopback only (`kubectl port-forward` is) |

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::AdminArgs;
use crate::config_error::ConfigErrors;
use crate::exit::Failure;
use crate::listen::bind;
use crate::metrics::{self, Metrics};
use crate::readiness::Readiness;
use crate::telemetry::LogLevel;

/// How long requests that are under way may take after the end.
const LINGER: Duration = Duration::from_secs(1);

/// The admin port, bound but not served yet.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    addr: SocketAddr,
}

/// What the admin port shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// For `/readyz`.
    pub readiness: Readiness,
    /// For `/metrics`.
    pub metrics: Metrics,
    /// For `/log`.
    pub log_level: LogLevel,
}

impl Admin {
    /// Binds the port.
    ///
    /// # Errors
    /// The address cannot be understood, or not be listened on.
    pub async fn bind(args: &AdminArgs) -> Result<Self, Failure> {
        let mut errors = ConfigErrors::new();
        let Some(addr) = args.check(&mut errors) else { return Err(errors.into()) };
        let (listener, addr) = bind("--admin-listen", addr).await?;
        Ok(Self { listener, addr })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until the end.
    ///
    /// # Errors
    /// The server cannot go on.
    pub async fn serve(self, shown: Shown, end: CancellationToken) -> io::Result<()> {
        let service = router(shown).into_make_service_with_connect_info::<SocketAddr>();
        let server =
            axum::serve(self.listener, service).with_graceful_shutdown(end.clone().cancelled_owned());
        let too_late = async {
            end.cancelled().await;
            tokio::time::sleep(LINGER).await;
        };
        tokio::select! {
            ended = server => ended,
            () = too_late => Ok(()),
        }
    }
}

fn router(shown: Shown) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .route("/log", get(show_log).put(set_log))
        .with_state(shown)
}

async fn readyz(State(shown): State<Shown>) -> (StatusCode, String) {
    let status = if shown.readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, shown.readiness.report())
}

async fn show_metrics(State(shown): State<Shown>) -> Response {
    match shown.metrics.encode() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn show_log(State(shown): State<Shown>) -> String {
    format!("{}\n", shown.log_level.current())
}

async fn set_log(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    State(shown): State<Shown>,
    filter: String,
) -> (StatusCode, String) {
    if !peer.ip().to_canonical().is_loopback() {
        let text = "the log level is changed from loopback only; use kubectl port-forward\n";
        return (StatusCode::FORBIDDEN, text.to_owned());
    }
    match shown.log_level.set(filter.trim()) {
        Ok(()) => {
            tracing::info!(filter = filter.trim(), "log filter changed");
            (StatusCode::OK, format!("{}\n", shown.log_level.current()))
        }
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")),
    }
}
