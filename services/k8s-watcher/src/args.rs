//! The command line of the service.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::BoolishValueParser;
use kube::config::Kubeconfig;
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
    #[arg(long, env = "MESSINA_READ_ONLY", value_parser = BoolishValueParser::new())]
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
        self.check_kubeconfig(&mut errors);
        self.grpc.check(&mut errors);
        self.admin.check(&mut errors);
        self.log.check(&mut errors);
        errors.into_result()?;
        Ok(Config {
            datacenter: self.datacenter.clone(),
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            namespaces: selector,
            read_only: self.read_only,
        })
    }

    /// Whether the file can be read and holds the context. Without either flag there is nothing to check: the
    /// connection finds its own way.
    fn check_kubeconfig(&self, errors: &mut ConfigErrors) {
        let context = self.context.as_deref();
        let file = match (&self.kubeconfig, context) {
            (Some(path), _) => Kubeconfig::read_from(path).map_err(|error| {
                let remedy = "name a kubeconfig file that this process may read";
                errors.add("--kubeconfig", path.display(), causes(&error), remedy);
            }),
            (None, Some(context)) => Kubeconfig::read().map_err(|error| {
                let remedy = "name the file that holds it with --kubeconfig, or leave the context out";
                errors.add("--context", context, causes(&error), remedy);
            }),
            (None, None) => return,
        };
        let Ok(file) = file else { return };
        let known: Vec<&str> = file.contexts.iter().map(|context| context.name.as_str()).collect();
        match (context, file.current_context.as_deref().filter(|name| !name.is_empty()), &self.kubeconfig) {
            (Some(context), ..) if !known.contains(&context) => {
                let remedy = format!("name one of its contexts: {}", known.join(", "));
                errors.add("--context", context, "is not in the kubeconfig", remedy);
            }
            (None, None, Some(path)) => errors.add(
                "--kubeconfig",
                path.display(),
                "has no current context",
                format!("add --context with one of its contexts: {}", known.join(", ")),
            ),
            (None, Some(current), Some(path)) if !known.contains(&current) => errors.add(
                "--kubeconfig",
                path.display(),
                format!("has no context '{current}', though it is the current one"),
                format!("add --context with one of its contexts: {}", known.join(", ")),
            ),
            _ => {}
        }
    }
}

/// An error with what is behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let behind = error.to_string();
        if !text.contains(&behind) {
            text = format!("{text}: {behind}");
        }
        cause = error.source();
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(flags: &[&str]) -> Vec<(String, String)> {
        let command_line = ["k8s-watcher", "--datacenter", "east", "--insecure-loopback"];
        let args = Args::try_parse_from(command_line.iter().chain(flags)).unwrap();
        let Err(errors) = args.config() else { return Vec::new() };
        assert_eq!(errors.exit_code(), 64);
        assert!(errors.entries().iter().all(|error| !error.remedy.is_empty()));
        errors.entries().iter().map(|error| (error.flag.clone(), error.to_string())).collect()
    }

    #[test]
    fn a_kubeconfig_is_read_before_anything_else_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let contexts =
            "apiVersion: v1\nkind: Config\ncontexts:\n- name: west\n  context: {cluster: w, user: w}\n";
        let current = |name: &str| format!("{contexts}current-context: {name}\n");
        let (good, lost) = (write("good", &current("west")), write("lost", &current("north")));
        let none = write("none", contexts);
        let absent = folder.path().join("absent").display().to_string();
        assert_eq!(mistakes(&["--kubeconfig", &good]), []);
        assert_eq!(mistakes(&["--kubeconfig", &lost, "--context", "west"]), []);
        for (flags, flag, said) in [
            (vec!["--kubeconfig", &absent], "--kubeconfig", "absent"),
            (vec!["--kubeconfig", &write("text", "{")], "--kubeconfig", "text"),
            (vec!["--kubeconfig", &good, "--context", "south"], "--context", "contexts: west"),
            (vec!["--kubeconfig", &lost], "--kubeconfig", "'north'"),
            (vec!["--kubeconfig", &none], "--kubeconfig", "no current context"),
        ] {
            let found = mistakes(&flags);
            assert_eq!(found.len(), 1, "{flags:?}: {found:?}");
            assert!(found[0].0 == flag && found[0].1.contains(said), "{flags:?}: {found:?}");
        }
    }
}
