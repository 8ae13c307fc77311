//! The flags, and what they amount to.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Parser;
use clap::builder::BoolishValueParser;
use jiff::SignedDuration;
use messina_domain::feedback::Mode;
use messina_service_runtime::ConfigErrors;
use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::named::by_name;
use messina_service_runtime::transport::{Peer, peer_at};

use crate::config::Config;

// The flags are plain text, and none is required by clap: `config` tells all mistakes at once.
/// Keeps backup and repair tasks in ScyllaDB Manager equal to what is declared, and brings their runs back.
#[derive(Debug, Parser)]
#[command(name = "task-sync", version)]
pub struct Args {
    /// k8s-watcher of each datacenter; required, once per datacenter
    #[arg(long, env = "MESSINA_WATCHER", value_name = "DC=URL", value_delimiter = ',')]
    pub watcher: Vec<String>,

    /// REST API of ScyllaDB Manager; required; /api/v1 is added where there is no path
    #[arg(
        long,
        env = "MESSINA_MANAGER_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    pub manager_url: String,

    /// How often the tasks of a cluster are looked at in Manager, give or take a quarter; at least 1s
    #[arg(long, env = "MESSINA_POLL_INTERVAL", value_name = "DURATION", default_value = "20s")]
    pub poll_interval: String,

    /// How run state reaches ScyllaCluster.status.backups and .repairs: auto (the road that fights nobody),
    /// direct, operator (through the ScyllaDB Operator's task objects), off
    #[arg(long, env = "MESSINA_FEEDBACK", value_name = "MODE", default_value = "auto")]
    pub feedback: String,

    /// Change nothing anywhere; say through PlanTasks what would be done
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
        let poll_interval = poll_interval(&self.poll_interval, &mut errors);
        let feedback = self.feedback.parse::<Mode>().unwrap_or_else(|problem| {
            errors.add("--feedback", &self.feedback, problem, "write auto unless you know better");
            Mode::default()
        });
        let watchers = self.watchers(&mut errors);
        let config = Config {
            poll_interval: poll_interval.unwrap_or(Config::POLL_INTERVAL),
            feedback,
            read_only: self.read_only,
            ..Config::new(watchers, self.manager_url)
        };
        config.check_manager(&mut errors);
        errors.into_result().map(|()| config)
    }

    fn watchers(&self, errors: &mut ConfigErrors) -> BTreeMap<String, Peer> {
        const FLAG: &str = "--watcher";
        if self.watcher.is_empty() {
            errors.add(FLAG, "", "no datacenter is named", "add --watcher DC=http://HOST:PORT");
        }
        let insecure_loopback = self.grpc.insecure_loopback;
        let urls = by_name(FLAG, &self.watcher, errors).into_iter();
        urls.filter_map(|(name, url)| Some((name, peer_at(FLAG, &url?, insecure_loopback, errors)?)))
            .collect()
    }
}

fn poll_interval(text: &str, errors: &mut ConfigErrors) -> Option<Duration> {
    const FLAG: &str = "--poll-interval";
    let parsed = text.parse::<SignedDuration>().map_err(|error| error.to_string());
    let interval =
        parsed.and_then(|duration| Duration::try_from(duration).map_err(|_| "it is negative".to_owned()));
    match interval {
        Ok(interval) if interval >= Duration::from_secs(1) => Some(interval),
        Ok(_) => {
            errors.add(FLAG, text, "shorter than a second", "write a duration of at least 1s, such as 20s");
            None
        }
        Err(problem) => {
            errors.add(FLAG, text, problem, "write a duration such as 20s or 1m");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(flags: &[&str]) -> Result<Config, ConfigErrors> {
        messina_service_runtime::install_crypto();
        Args::try_parse_from(["task-sync"].iter().chain(flags)).unwrap().config()
    }

    const GOOD: [&str; 4] = ["--watcher", "east=http://127.0.0.1:1", "--manager-url", "http://manager:5080"];

    #[tokio::test]
    async fn what_is_not_said_is_assumed() {
        let config = config(&[&GOOD[..], &["--insecure-loopback"]].concat()).unwrap();
        assert_eq!((config.poll_interval, config.feedback), (Duration::from_secs(20), Mode::Auto));
        assert!(!config.read_only);
        assert_eq!(config.watchers.keys().collect::<Vec<_>>(), ["east"]);
    }

    #[tokio::test]
    async fn all_mistakes_are_said_at_once_with_their_way_out() {
        let flags = ["--poll-interval", "900ms", "--feedback", "sometimes", "--listen", "nonsense"];
        let more = ["--admin-listen", "9990", "--log-level", "==", "--watcher", "west"];
        let watcher = ["--watcher", "east=http://10.0.0.1:1", "--watcher", "east=http://127.0.0.1:1"];
        let errors = config(&[&watcher[..], &["--manager-url", "x"], &flags, &more].concat()).unwrap_err();
        let said = errors.to_string();
        for flag in [
            "--manager-url \"x\"",
            "--poll-interval \"900ms\"",
            "--feedback \"sometimes\"",
            "--listen \"nonsense\"",
            "--admin-listen \"9990\"",
            "--log-level \"==\"",
            "--watcher \"http://10",
            "--watcher \"west\"",
        ] {
            assert!(said.contains(flag), "{flag}: {said}");
        }
        assert!(errors.entries().iter().all(|error| !error.remedy.is_empty()));
        assert_eq!(errors.exit_code(), 64);
    }

    #[tokio::test]
    async fn what_is_missing_is_a_mistake_like_any_other() {
        let said = config(&["--listen", "x"]).unwrap_err().to_string();
        for flag in ["--watcher \"\"", "--manager-url \"\"", "--listen \"x\""] {
            assert!(said.contains(flag), "{flag}: {said}");
        }
    }

    #[tokio::test]
    async fn the_urls_are_checked() {
        let flags =
            ["--watcher", "east=http://127.0.0.1:1", "--insecure-loopback", "--manager-url", "ftp://x"];
        assert!(config(&flags).unwrap_err().to_string().contains("--manager-url"));
        for bad in ["soon", "-5s"] {
            let interval = format!("--poll-interval={bad}");
            let flags = [&GOOD[..], &["--insecure-loopback", &interval]].concat();
            assert!(config(&flags).unwrap_err().to_string().contains(bad), "{bad}");
        }
    }
}
