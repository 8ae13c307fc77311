//! The flags, and what they amount to.

use std::path::PathBuf;

use clap::Parser;
use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::transport::peer_at;
use messina_service_runtime::{ConfigErrors, named};

use crate::config::{Config, read_fingerprint_key};

// The flags are plain text, and none is required by clap: `config` tells all mistakes at once.
/// Knows the agent auth tokens of one datacenter's ScyllaDB clusters: hands out fingerprints to those who
/// compare, and tokens to registration alone.
#[derive(Debug, Parser)]
#[command(name = "token-broker", version)]
pub struct Args {
    /// Name of this datacenter, as its k8s-watcher has it; required
    #[arg(
        long,
        env = "MESSINA_DATACENTER",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub datacenter: String,

    /// Kubeconfig file; the usual places and then the pod's own ServiceAccount when absent
    #[arg(long, env = "MESSINA_KUBECONFIG", value_name = "PATH")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig; its current one when absent
    #[arg(long, env = "MESSINA_CONTEXT", value_name = "NAME")]
    pub context: Option<String>,

    /// k8s-watcher of this datacenter; required
    #[arg(long, env = "MESSINA_WATCHER", value_name = "URL", default_value = "", hide_default_value = true)]
    pub watcher: String,

    /// File with the key of the fingerprints, the same in all datacenters. Without it the key is the UID of
    /// the namespace kube-system: no secret, and another one in every datacenter, so that fingerprints can
    /// be compared within this one only
    #[arg(long, env = "MESSINA_FINGERPRINT_KEY_FILE", value_name = "PATH")]
    pub fingerprint_key_file: Option<PathBuf>,

    /// Logs.
    #[command(flatten)]
    pub log: LogArgs,

    /// Admin port.
    #[command(flatten)]
    pub admin: AdminArgs,

    /// gRPC port.
    #[command(flatten)]
    pub grpc: GrpcArgs,
}

impl Args {
    /// Checks everything.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn config(&self) -> Result<Config, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        self.grpc.check(&mut errors);
        self.admin.check(&mut errors);
        self.log.check(&mut errors);
        if !named::is_label(&self.datacenter) {
            let remedy = "use lower-case letters, digits and '-', like eu-west-1";
            errors.add("--datacenter", &self.datacenter, "is not a name", remedy);
        }
        let watcher = peer_at("--watcher", &self.watcher, self.grpc.insecure_loopback, &mut errors);
        let key_file = self.fingerprint_key_file.as_deref();
        let fingerprint_key = key_file.and_then(|path| read_fingerprint_key(path, &mut errors));
        let config = watcher.map(|watcher| Config {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            fingerprint_key,
            ..Config::new(&self.datacenter, watcher)
        });
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(errors),
        }
    }
}
