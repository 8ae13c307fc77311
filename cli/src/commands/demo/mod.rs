//! `messina demo`

mod cast;
mod progress;
mod tour;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use messina_domain::feedback::Mode;
use messina_domain::host::HostTemplates;
use messina_fake_manager::{FakeManager, RunScript};
use messina_service_runtime::args::LogArgs;
use messina_service_runtime::{Clock, Failure, Shutdown, Telemetry};
use messina_stage::{Datacenter, Ground};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::client::{Clients, Endpoints};
use crate::commands::status::{Fleet, fetch};
use crate::output::{Format, Style, print};
use crate::stack::{Addresses, Source, Stack, StackConfig};
use progress::Progress;

/// Runs everything on embedded API servers and an embedded ScyllaDB Manager, on loopback, and shows what it does.
/// Nothing outside this process is touched, and nothing is left behind.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many datacenters.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    datacenters: u16,
    /// How many ScyllaClusters in each.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=500))]
    clusters: u16,
    /// First of the gRPC ports on 127.0.0.1; free ones when 0.
    #[arg(long, value_name = "PORT", default_value_t = 7400)]
    listen_base: u16,
    /// Use real API servers: a folder with etcd and kube-apiserver, as KUBEBUILDER_ASSETS names one.
    #[arg(long, value_name = "DIR")]
    kube_assets: Option<PathBuf>,
    /// End as soon as everything is registered and synced.
    #[arg(long)]
    exit_when_converged: bool,
    /// How to print: a table, or json for one line of numbers at the end.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// What the services log, to standard error.
    #[arg(long, value_name = "FILTER", default_value = "error")]
    log_level: String,
}

/// How long the demo may take to converge.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often the demo looks.
const LOOK: Duration = Duration::from_millis(100);
/// The services look more often than they would in earnest, so that nobody has to wait for the show.
const POLL: Duration = Duration::from_secs(3);

/// The tokens of the stage are made up, so their fingerprints need no secret key; they need one for all datacenters.
const FINGERPRINT_KEY: &str = "one key for the whole stage";

/// Everything that is on the stage.
struct Demo {
    datacenters: Vec<Datacenter>,
    manager: FakeManager,
    addresses: Addresses,
    clients: Clients,
    style: Style,
    /// Holds the kubeconfigs; goes with the demo.
    _folder: TempDir,
}

impl DemoArgs {
    /// Runs the command.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), Failure> {
        let log = LogArgs { log_format: None, log_level: self.log_level.clone() };
        let telemetry = Telemetry::init("messina", &log)?;
        let result = self.perform(&telemetry, shutdown).await;
        telemetry.shutdown().await;
        result
    }

    async fn perform(&self, telemetry: &Telemetry, shutdown: Shutdown) -> Result<(), Failure> {
        let mut progress = Progress::new(self.output);
        let folder =
            tempfile::tempdir().map_err(|error| Failure::broken(format!("no temporary folder: {error}")))?;
        progress.say("setting the stage");
        let datacenters = self.set(&folder, &mut progress).await?;
        let manager = manager().await?;
        let began = Instant::now();
        let key_file = folder.path().join("fingerprint-key");
        std::fs::write(&key_file, FINGERPRINT_KEY).map_err(broken)?;
        let config = self.stack(&datacenters, manager.url(), &key_file);
        let stack = Stack::start(config, telemetry, shutdown.clone()).await?;
        let addresses = stack.addresses.clone();
        let clients = Endpoints::local(&addresses).clients()?;
        let style = if self.output == Format::Table { Style::detect() } else { Style::plain() };
        let mut demo = Demo { datacenters, manager, addresses, clients, style, _folder: folder };
        let show = async {
            let shown = tokio::select! {
                shown = self.show(&mut demo, began, &mut progress, &shutdown) => shown,
                () = shutdown.begun() => Ok(()),
            };
            shutdown.begin();
            shown
        };
        let (shown, ended) = tokio::join!(show, stack.run());
        for datacenter in demo.datacenters {
            datacenter.stop().await.map_err(broken)?;
        }
        demo.manager.shutdown().await;
        shown.and(ended)
    }

    /// Starts the API servers and puts the clusters on them.
    async fn set(&self, folder: &TempDir, progress: &mut Progress) -> Result<Vec<Datacenter>, Failure> {
        let ground = self.kube_assets.clone().map_or(Ground::Fake, Ground::Real);
        let mut datacenters = Vec::new();
        for name in cast::datacenters(self.datacenters) {
            progress.say(&format!("starting datacenter {name}"));
            let datacenter = Datacenter::start(&name, &ground, folder.path()).await.map_err(broken)?;
            datacenter.install_messina().await.map_err(broken)?;
            datacenter.install_operator().await.map_err(broken)?;
            for seed in cast::clusters(&name, self.clusters) {
                datacenter.seed(&seed).await.map_err(broken)?;
            }
            datacenters.push(datacenter);
        }
        Ok(datacenters)
    }

    fn stack(&self, datacenters: &[Datacenter], manager_url: &str, key_file: &Path) -> StackConfig {
        let source = |datacenter: &Datacenter| Source {
            name: datacenter.name().to_owned(),
            kubeconfig: Some(datacenter.kubeconfig().to_owned()),
            context: Some(datacenter.name().to_owned()),
        };
        StackConfig {
            datacenters: datacenters.iter().map(source).collect(),
            manager_url: manager_url.to_owned(),
            manager_name: "demo".into(),
            host_templates: HostTemplates::default(),
            namespaces: Default::default(),
            poll_interval: POLL,
            resync: POLL * 5,
            // No ScyllaDB Operator is on this stage, so nobody else writes backups and repairs of a status.
            feedback: Mode::Direct,
            listen_base: self.listen_base,
            read_only: false,
            fingerprint_key_file: Some(key_file.to_owned()),
        }
    }

    async fn show(
        &self,
        demo: &mut Demo,
        began: Instant,
        progress: &mut Progress,
        shutdown: &Shutdown,
    ) -> Result<(), Failure> {
        let fleet = self.converge(demo, progress).await?;
        let took = Instant::now().duration_since(began);
        let calls = demo.manager.calls();
        progress.done();
        if self.output == Format::Table || self.output == Format::Wide {
            print(&fleet.text(self.output == Format::Wide, demo.style, Clock::system().now()))?;
            print(&format!(
                "\n{} clusters and {} tasks of {} datacenters are in ScyllaDB Manager after {} ms and {} calls.\n\n",
                fleet.clusters.len(),
                fleet.tasks.len(),
                self.datacenters,
                took.as_millis(),
                calls.reads + calls.writes
            ))?;
            if !self.exit_when_converged {
                tour::take(demo).await?;
                print(&demo.ways_in())?;
                shutdown.begun().await;
            }
        }
        if self.output == Format::Json || self.output == Format::Yaml {
            if !self.exit_when_converged {
                shutdown.begun().await;
            }
            let numbers = json!({
                "datacenters": self.datacenters,
                "clusters": fleet.clusters.len(),
                "registered": fleet.clusters.iter().filter(|cluster| cluster.registered).count(),
                "tasks": fleet.tasks.len(),
                "synced": fleet.tasks.iter().filter(|task| task.synced).count(),
                "manager_calls": calls.reads + calls.writes,
                "converged_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            });
            print(&format!("{numbers}\n"))?;
        }
        Ok(())
    }

    async fn converge(&self, demo: &mut Demo, progress: &mut Progress) -> Result<Fleet, Failure> {
        let (clusters, deadline) = (usize::from(self.datacenters * self.clusters), Instant::now() + PATIENCE);
        let tasks = clusters * cast::TASKS;
        loop {
            // Right after the start a service may not answer yet; the deadline bounds how long that is believed.
            let fleet = fetch(&mut demo.clients, "").await;
            if let Ok(fleet) = &fleet {
                progress.fleet(fleet, clusters, tasks, Clock::system().now());
            }
            match fleet {
                Ok(fleet) if fleet.is_converged(clusters, tasks) => return Ok(fleet),
                Ok(fleet) if Instant::now() > deadline => {
                    print(&fleet.text(true, demo.style, Clock::system().now()))?;
                    return Err(Failure::broken(format!("not converged after {PATIENCE:?}")));
                }
                Err(failure) if Instant::now() > deadline => return Err(failure),
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

impl Fleet {
    fn is_converged(&self, clusters: usize, tasks: usize) -> bool {
        self.clusters.iter().filter(|cluster| cluster.registered).count() == clusters
            && self.tasks.iter().filter(|task| task.synced).count() == tasks
    }
}

impl Demo {
    /// Lines to paste into another terminal.
    fn ways_in(&self) -> String {
        let mut text = format!(
            "{}\n  messina status --registration http://{} --task-sync http://{}\n  grpcurl -plaintext {} list\n  \
             grpcurl -plaintext {} messina.task.v1.TaskService/ListTasks\n  \
             curl {}/api/v1/clusters   # what ScyllaDB Manager itself says\n",
            self.style.strong("Everything stays up until Ctrl-C. In another terminal:"),
            self.addresses.registration,
            self.addresses.task_sync,
            self.addresses.registration,
            self.addresses.task_sync,
            self.manager.url(),
        );
        for datacenter in &self.datacenters {
            let Some((watcher, broker)) = self.addresses.datacenters.get(datacenter.name()) else { continue };
            text.push_str(&format!(
                "\n  # datacenter {}\n  export KUBECONFIG={}\n  kubectl get scyllaclusters,mreg,mtask -A\n  \
                 grpcurl -plaintext -d '{{\"subscribe\":{{\"subscriber\":\"me\"}}}}' {watcher} messina.watch.v1.WatchService/Watch\n  \
                 grpcurl -plaintext {broker} describe messina.token.v1.TokenService\n",
                datacenter.name(),
                datacenter.kubeconfig().display(),
            ));
        }
        text
    }
}

async fn manager() -> Result<FakeManager, Failure> {
    let clock = Clock::system();
    let options = messina_fake_manager::Options {
        default_run: RunScript::success(Duration::from_secs(3)),
        ..messina_fake_manager::Options::new(std::sync::Arc::new(move || clock.now()))
    };
    FakeManager::start(options).await.map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::broken(error.to_string())
}
