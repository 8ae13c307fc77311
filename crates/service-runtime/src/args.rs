//! The flags that all services have. Flatten these structs into a clap parser.
//!
//! The default ports fit a service that is alone on its machine; one that is not sets its own with clap's
//! `mut_arg("listen", |arg| arg.default_value("127.0.0.1:7071"))`.

use std::net::SocketAddr;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::config_error::ConfigErrors;
use crate::transport::{self, Transport};

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
    pub admin_listen: SocketAddr,
}

/// The gRPC port.
#[derive(Debug, Clone, Args)]
pub struct GrpcArgs {
    /// Address of the gRPC port
    #[arg(long, env = "MESSINA_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,

    /// Allow gRPC in plain text on loopback addresses
    #[arg(long, env = "MESSINA_INSECURE_LOOPBACK", value_parser = BoolishValueParser::new())]
    pub insecure_loopback: bool,
}

impl GrpcArgs {
    /// Decides how the server may listen; what is not allowed goes to `errors`.
    pub fn check(&self, errors: &mut ConfigErrors) -> Option<Transport> {
        transport::listener(self.listen, self.insecure_loopback, errors)
    }
}
