//! The command line of the service.

use std::path::PathBuf;

use clap::Parser;
use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::{ConfigErrors, Failure, Runtime, Shutdown, named};

use crate::Config;
use crate::selection::NamespaceSelector;

/// Streams what changes in one Kubernetes cluster (a datacenter) over gRPC, and writes statuses back.
#[derive(Debug, Parser)]
#[command(name = "k8s-watcher", version)]
pub struct Args {
    /// Name of this datacenter, unique among all datacenters of one Manager.
    #[arg(long, env = "MESSINA_DATACENTER", value_name = "NAME")]
    datacenter: String,
    /// Kubeconfig file; the usual places and then the pod's own ServiceAccount when absent.
    #[arg(long, env = "MESSINA_KUBECONFIG", value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; its current one when absent.
    #[arg(long, env = "MESSINA_CONTEXT", value_name = "NAME")]
    context: Option<String>,
    /// Label selector of the namespaces whose ScyllaClusters are managed; all when absent.
    #[arg(long, env = "MESSINA_NAMESPACE_SELECTOR", value_name = "SEL")]
    namespace_selector: Option<String>,
    /// Refuse every write to Kubernetes.
    #[arg(long, env = "MESSINA_READ_ONLY")]
    read_only: bool,
    #[command(flatten)]
    grpc: GrpcArgs,
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    log: LogArgs,
}

impl Args {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All mistakes, each with flag, value and remedy.
    pub fn config(&self) -> Result<Config, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if !named::is_label(&self.datacenter) {
            errors.add(
                "--datacenter",
                &self.datacenter,
                "is not a name",
                "use lower-case letters, digits and '-', like eu-west-1",
            );
        }
        let text = self.namespace_selector.as_deref().unwrap_or_default();
        let selector = NamespaceSelector::parse(text).unwrap_or_else(|problem| {
            errors.add(
                "--namespace-selector",
                text,
                problem,
                "write it like managed=true or env in (prod,stage)",
            );
            NamespaceSelector::default()
        });
        self.grpc.check(&mut errors);
        errors.into_result()?;
        Ok(Config {
            datacenter: self.datacenter.clone(),
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            namespaces: selector,
            read_only: self.read_only,
        })
    }
}

/// Runs the service from its command line.
///
/// # Errors
/// A flag that is refused, a port that is taken, or a part of the service that broke.
pub async fn run(args: Args, shutdown: Shutdown) -> Result<(), Failure> {
    let config = args.config()?;
    let builder = Runtime::builder("k8s-watcher", env!("CARGO_PKG_VERSION"));
    let runtime = builder.log(&args.log).admin(&args.admin).grpc(&args.grpc).bind(shutdown).await?;
    crate::run(config, runtime).await
}
