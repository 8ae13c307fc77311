//! The flags that all services have. Flatten these structs into a clap parser.
//!
//! The default ports fit a service that is alone on its machine; one that is not sets its own with clap's
//! `mut_arg("listen", |arg| arg.default_value("127.0.0.1:7071"))`.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::config_error::ConfigErrors;
use crate::{telemetry, transport};

/// How and how much to log.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// Form of the log lines [default: text on a terminal, else json]
    #[arg(long, env = "MESSINA_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// What to log: a level, or directives such as "info,h2=warn"
    #[arg(long, env = "MESSINA_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    pub log_level: String,
}

impl Default for LogArgs {
    /// What the flags default to.
    fn default() -> Self {
        Self { log_format: None, log_level: "info".to_owned() }
    }
}

impl LogArgs {
    /// Notes a filter that cannot be understood.
    pub fn check(&self, errors: &mut ConfigErrors) {
        telemetry::filter(&self.log_level, errors);
    }
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The port for probes, metrics and the log level.
#[derive(Debug, Clone, Args)]
pub struct AdminArgs {
    /// Address of the admin port: /livez, /readyz, /metrics, /log
    #[arg(long, env = "MESSINA_ADMIN_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:9990")]
    pub admin_listen: ListenAddr,
}

impl AdminArgs {
    /// Where the port listens; what cannot be understood goes to `errors`.
    pub fn check(&self, errors: &mut ConfigErrors) -> Option<SocketAddr> {
        self.admin_listen.read("--admin-listen", errors)
    }
}

/// The gRPC port.
#[derive(Debug, Clone, Args)]
pub struct GrpcArgs {
    /// Address of the gRPC port
    #[arg(long, env = "MESSINA_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:7070")]
    pub listen: ListenAddr,

    /// Allow gRPC in plain text on loopback addresses
    #[arg(long, env = "MESSINA_INSECURE_LOOPBACK", value_parser = BoolishValueParser::new())]
    pub insecure_loopback: bool,
}

impl GrpcArgs {
    /// Where the server may listen; what is not allowed goes to `errors`.
    pub fn check(&self, errors: &mut ConfigErrors) -> Option<SocketAddr> {
        let addr = self.listen.read("--listen", errors)?;
        transport::listener(addr, self.insecure_loopback, errors).map(|_| addr)
    }
}

/// An address to listen on, as it was written. Parsing never fails, so that a mistake is said together with
/// all others and not by clap alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddr(Result<SocketAddr, String>);

impl ListenAddr {
    fn read(&self, flag: &str, errors: &mut ConfigErrors) -> Option<SocketAddr> {
        match &self.0 {
            Ok(addr) => Some(*addr),
            Err(text) => {
                errors.add(flag, text, "not an IP address with a port", "write it like 127.0.0.1:7070");
                None
            }
        }
    }
}

impl FromStr for ListenAddr {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.parse().map_err(|_| text.to_owned())))
    }
}

impl From<SocketAddr> for ListenAddr {
    fn from(addr: SocketAddr) -> Self {
        Self(Ok(addr))
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(addr) => addr.fmt(f),
            Err(text) => text.fmt(f),
        }
    }
}
