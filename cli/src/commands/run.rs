//! `messina run`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use k8s_watcher::selection::NamespaceSelector;
use messina_domain::feedback::Mode;
use messina_domain::host::{HostTemplate, HostTemplates};
use messina_service_runtime::args::LogArgs;
use messina_service_runtime::named;
use messina_service_runtime::{ConfigErrors, Failure, Shutdown, Telemetry};
use tokio::time::Instant;

use crate::client::Endpoints;
use crate::commands::plan;
use crate::kubeconfig;
use crate::output::{Format, Style, print, show};
use crate::stack::{Source, Stack, StackConfig};

/// Runs all four services in this process, in the foreground, against real Kubernetes contexts.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A datacenter and the context of the kubeconfig that leads to it; required, once for each datacenter.
    #[arg(long, env = "MESSINA_CONTEXTS", value_name = "DC=CONTEXT", value_delimiter = ',')]
    context: Vec<String>,
    /// Kubeconfig file; the usual places when absent.
    #[arg(long, env = "MESSINA_KUBECONFIG", value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// File with the key of the token fingerprints, for all datacenters; without it each has a key of its own,
    /// and fingerprints can be compared within a datacenter only.
    #[arg(long, env = "MESSINA_FINGERPRINT_KEY_FILE", value_name = "PATH")]
    fingerprint_key_file: Option<PathBuf>,
    /// REST API of ScyllaDB Manager; required.
    #[arg(
        long,
        env = "MESSINA_MANAGER_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    manager_url: String,
    /// Name of this Manager in spec.managerRef.
    #[arg(long, env = "MESSINA_MANAGER_NAME", value_name = "NAME", default_value = "default")]
    manager_name: String,
    /// How Manager reaches the clusters of a datacenter.
    #[arg(long, env = "MESSINA_HOST_TEMPLATE", value_name = "DC=TEMPLATE", value_delimiter = ',')]
    host_template: Vec<String>,
    /// Label selector of the namespaces whose ScyllaClusters are managed; all when absent.
    #[arg(long, env = "MESSINA_NAMESPACE_SELECTOR", value_name = "SEL", default_value = "")]
    namespace_selector: String,
    /// Mean pause between two looks at the tasks of a cluster in Manager.
    #[arg(long, env = "MESSINA_POLL_INTERVAL", value_name = "DURATION", default_value = "20s")]
    poll_interval: String,
    /// How often each cluster is compared with Manager.
    #[arg(long, env = "MESSINA_RESYNC", value_name = "DURATION", default_value = "120s")]
    resync: String,
    /// How run state reaches the status of ScyllaClusters: auto, direct, operator or off.
    #[arg(long, env = "MESSINA_FEEDBACK", value_name = "ROAD", default_value = "auto")]
    feedback: String,
    /// First of the ports on 127.0.0.1; free ones when 0.
    #[arg(long, env = "MESSINA_LISTEN_BASE", value_name = "PORT", default_value_t = 7400)]
    listen_base: u16,
    /// Only say what would be done, for the whole fleet, and end.
    #[arg(long, env = "MESSINA_READ_ONLY", value_parser = BoolishValueParser::new())]
    read_only: bool,
    /// How to print the plan of --read-only.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    log: LogArgs,
}

/// How long --read-only waits for the API servers.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two attempts.
const RETRY: Duration = Duration::from_millis(200);

impl RunArgs {
    /// Runs the command.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), Failure> {
        let config = self.config()?;
        let telemetry = Telemetry::init("messina", &self.log)?;
        let stack = Stack::start(config, &telemetry, shutdown.clone()).await?;
        let addresses = stack.addresses.clone();
        tracing::info!(registration = %addresses.registration, task_sync = %addresses.task_sync, "running; 'messina status' shows the fleet");
        let planning = async {
            if self.read_only {
                let planned = tokio::select! {
                    planned = self.print_plan(&addresses) => planned,
                    () = shutdown.begun() => Ok(()),
                };
                shutdown.begin();
                return planned;
            }
            Ok(())
        };
        let (planned, ended) = tokio::join!(planning, stack.run());
        telemetry.shutdown().await;
        planned.and(ended)
    }

    fn config(&self) -> Result<StackConfig, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        self.log.check(&mut errors);
        let contexts = named::by_name("--context", &self.context, &mut errors);
        if self.context.is_empty() {
            errors.add("--context", "", "no datacenter is named", "add --context DC=CONTEXT");
        }
        kubeconfig::check(self.kubeconfig.as_deref(), &contexts, &mut errors);
        let mut templates = HostTemplates::default();
        for (name, text) in named::by_name("--host-template", &self.host_template, &mut errors) {
            let Some(text) = text else { continue };
            if !contexts.contains_key(&name) {
                errors.add(
                    "--host-template",
                    format!("{name}={text}"),
                    "names no datacenter",
                    "use a name that --context gives",
                );
            }
            match HostTemplate::parse(&text) {
                Ok(template) => _ = templates.0.insert(name, template),
                Err(problem) => errors.add(
                    "--host-template",
                    text,
                    problem,
                    "write it like east={name}-client.{namespace}.svc",
                ),
            }
        }
        let namespaces = NamespaceSelector::parse(&self.namespace_selector).unwrap_or_else(|problem| {
            errors.add(
                "--namespace-selector",
                &self.namespace_selector,
                problem,
                "write it like env in (prod,stage)",
            );
            NamespaceSelector::default()
        });
        let feedback = self.feedback.parse().unwrap_or_else(|problem: String| {
            errors.add("--feedback", &self.feedback, problem, "use auto, direct, operator or off");
            Mode::default()
        });
        let poll_interval = duration("--poll-interval", &self.poll_interval, &mut errors);
        let resync = duration("--resync", &self.resync, &mut errors);
        let source = |(name, context)| Source { name, kubeconfig: self.kubeconfig.clone(), context };
        let config = StackConfig {
            datacenters: contexts.into_iter().map(source).collect(),
            manager_url: self.manager_url.clone(),
            manager_name: self.manager_name.clone(),
            host_templates: templates,
            namespaces,
            poll_interval,
            resync,
            feedback,
            listen_base: self.listen_base,
            read_only: self.read_only,
            fingerprint_key_file: self.fingerprint_key_file.clone(),
        };
        config.check(&mut errors);
        errors.into_result()?;
        Ok(config)
    }

    /// Waits until both services see all datacenters, then prints what they would do.
    async fn print_plan(&self, addresses: &crate::stack::Addresses) -> Result<(), Failure> {
        let endpoints = Endpoints::local(addresses);
        let mut clients = endpoints.clients()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match endpoints.within(PATIENCE, plan::fetch(&mut clients, "")).await {
                Ok(plan) => return show(self.output, &plan, || plan::text(&plan, Style::detect())),
                Err(failure) if Instant::now() > deadline => {
                    print("Nothing can be said yet:\n")?;
                    return Err(failure);
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }
}

/// Reads a duration of at least a second.
fn duration(flag: &str, text: &str, errors: &mut ConfigErrors) -> Duration {
    match messina_domain::task::duration::parse(text) {
        Ok(seconds) if seconds > 0 => Duration::from_secs(seconds),
        _ => {
            errors.add(flag, text, "is not a duration of a second or more", "write it like 20s or 2m");
            Duration::from_secs(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        run: RunArgs,
    }

    #[tokio::test]
    async fn all_mistakes_are_said_at_once_with_their_way_out() {
        messina_service_runtime::install_crypto();
        let line = "run --context east --context west=x --kubeconfig /nowhere --fingerprint-key-file /nowhere/key \
                    --manager-url ftp://x --resync 5x --host-template nowhere=x --log-level ==";
        let errors = Line::try_parse_from(line.split_whitespace()).unwrap().run.config().unwrap_err();
        let flags: std::collections::BTreeSet<_> =
            errors.entries().iter().map(|error| &*error.flag).collect();
        let expected = [
            "--context",
            "--fingerprint-key-file",
            "--host-template",
            "--kubeconfig",
            "--log-level",
            "--manager-url",
            "--resync",
        ];
        assert_eq!(flags.into_iter().collect::<Vec<_>>(), expected, "{errors}");
        assert!(errors.entries().iter().all(|error| !error.remedy.is_empty()));
    }
}
