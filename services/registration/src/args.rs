//! The flags, and what they amount to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Parser;
use clap::builder::BoolishValueParser;
use jiff::SignedDuration;
use messina_domain::host::{DEFAULT_TEMPLATE, HostTemplate, HostTemplates};
use messina_service_runtime::ConfigErrors;
use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::named::by_name;
use messina_service_runtime::transport::{Peer, peer_at};

use crate::config::{Config, DatacenterPeers};

// The flags are plain text, and none is required by clap: `config` tells all mistakes at once.
/// Keeps every ScyllaDB cluster of all datacenters registered in ScyllaDB Manager.
#[derive(Debug, Parser)]
#[command(name = "registration", version)]
pub struct Args {
    /// k8s-watcher of each datacenter; required, once per datacenter
    #[arg(long, env = "MESSINA_WATCHER", value_name = "DC=URL", value_delimiter = ',')]
    pub watcher: Vec<String>,

    /// token-broker of each datacenter; required, once per datacenter
    #[arg(long, env = "MESSINA_BROKER", value_name = "DC=URL", value_delimiter = ',')]
    pub broker: Vec<String>,

    /// REST API of ScyllaDB Manager; required; /api/v1 is added where there is no path
    #[arg(
        long,
        env = "MESSINA_MANAGER_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    pub manager_url: String,

    /// Name of this Manager in spec.managerRef of the registration objects
    #[arg(long, env = "MESSINA_MANAGER_NAME", value_name = "NAME", default_value = "default")]
    pub manager_name: String,

    /// Contact host that Manager is given for the clusters of a datacenter, with {name}, {namespace} and
    /// {datacenter} [default: {name}-client.{namespace}.svc]
    #[arg(long, env = "MESSINA_HOST_TEMPLATE", value_name = "DC=TEMPLATE", value_delimiter = ',')]
    pub host_template: Vec<String>,

    /// How often each cluster is compared with what Manager holds, give or take a tenth
    #[arg(long, env = "MESSINA_RESYNC", value_name = "DURATION", default_value = "120s")]
    pub resync: String,

    /// Change nothing anywhere; say through PlanRegistrations what would be done
    #[arg(long, env = "MESSINA_READ_ONLY", value_parser = BoolishValueParser::new())]
    pub read_only: bool,

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
    pub fn config(self) -> Result<Config, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        self.grpc.check(&mut errors);
        self.admin.check(&mut errors);
        self.log.check(&mut errors);
        let datacenters = self.datacenters(&mut errors);
        let host_templates = self.host_templates(&datacenters, &mut errors);
        let resync = duration("--resync", &self.resync, &mut errors);
        if self.manager_name.is_empty() {
            errors.add("--manager-name", "", "the name is empty", "give Manager a name, such as default");
        }
        let datacenters = datacenters.into_iter().filter_map(|(name, peers)| Some((name, peers?))).collect();
        let config = Config {
            manager_name: self.manager_name,
            host_templates,
            resync: resync.unwrap_or(Config::RESYNC),
            read_only: self.read_only,
            ..Config::new(datacenters, self.manager_url)
        };
        config.check(&mut errors);
        errors.into_result().map(|()| config)
    }

    /// The peers by datacenter; nothing for one that is named and not complete.
    fn datacenters(&self, errors: &mut ConfigErrors) -> BTreeMap<String, Option<DatacenterPeers>> {
        let watchers = peers("--watcher", &self.watcher, self.grpc.insecure_loopback, errors);
        let brokers = peers("--broker", &self.broker, self.grpc.insecure_loopback, errors);
        if self.watcher.is_empty() && self.broker.is_empty() {
            errors.add(
                "--watcher",
                "",
                "no datacenter is named",
                "add --watcher and --broker DC=http://HOST:PORT",
            );
        }
        let names: BTreeSet<&String> = watchers.keys().chain(brokers.keys()).collect();
        let mut datacenters = BTreeMap::new();
        for name in names {
            for (flag, known, other) in
                [("--watcher", &watchers, "--broker"), ("--broker", &brokers, "--watcher")]
            {
                if !known.contains_key(name) {
                    let problem = format!("datacenter '{name}' has a {other} and no {flag}");
                    let remedy = format!("add {flag} {name}=http://HOST:PORT");
                    errors.add(flag, format!("{name}=?"), problem, remedy);
                }
            }
            let both = (watchers.get(name).cloned().flatten(), brokers.get(name).cloned().flatten());
            let peers = match both {
                (Some(watcher), Some(broker)) => Some(DatacenterPeers { watcher, broker }),
                _ => None,
            };
            datacenters.insert(name.clone(), peers);
        }
        datacenters
    }

    fn host_templates<T>(
        &self,
        datacenters: &BTreeMap<String, T>,
        errors: &mut ConfigErrors,
    ) -> HostTemplates {
        const FLAG: &str = "--host-template";
        let mut templates = BTreeMap::new();
        for (name, text) in by_name(FLAG, &self.host_template, errors) {
            let Some(text) = text else { continue };
            if !datacenters.contains_key(&name) {
                let remedy = format!("name a datacenter that has a --watcher, or add --watcher {name}=URL");
                errors.add(FLAG, format!("{name}={text}"), "this datacenter is not known", remedy);
            }
            match HostTemplate::parse(&text) {
                Ok(template) => drop(templates.insert(name, template)),
                Err(problem) => {
                    let remedy = format!("write a host such as '{DEFAULT_TEMPLATE}'");
                    errors.add(FLAG, format!("{name}={text}"), problem, remedy);
                }
            }
        }
        HostTemplates(templates)
    }
}

fn peers(
    flag: &str,
    values: &[String],
    insecure_loopback: bool,
    errors: &mut ConfigErrors,
) -> BTreeMap<String, Option<Peer>> {
    let urls = by_name(flag, values, errors).into_iter();
    urls.map(|(name, url)| (name, url.and_then(|url| peer_at(flag, &url, insecure_loopback, errors))))
        .collect()
}

fn duration(flag: &str, text: &str, errors: &mut ConfigErrors) -> Option<Duration> {
    let parsed = text.parse::<SignedDuration>().map_err(|error| error.to_string());
    match parsed.and_then(|duration| Duration::try_from(duration).map_err(|_| "it is negative".to_owned())) {
        Ok(duration) => Some(duration),
        Err(problem) => {
            errors.add(flag, text, problem, "write a duration such as 120s or 2m");
            None
        }
    }
}
