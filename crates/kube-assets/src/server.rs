//! Starting and stopping one API server.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

use crate::KubeAssets;
use crate::certificates::Certificates;
use crate::kubeconfig;
use crate::probe::Probe;
use crate::process::{Process, free_ports};

/// How long the API server may take until it is ready; five seconds are usual on two idle cores.
const READY_WITHIN: Duration = Duration::from_secs(120);
const BETWEEN_PROBES: Duration = Duration::from_millis(100);
/// How often a start is tried when a port turns out to be taken.
const ATTEMPTS: usize = 5;

/// Settings of one API server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of cluster, user and context in the kubeconfig.
    pub context: String,
    /// Folder for data, keys and logs, made if it is missing and kept afterwards; none is a temporary one.
    pub dir: Option<PathBuf>,
    /// Users beside the administrator, without any rights until RBAC grants them some.
    pub users: Vec<User>,
}

impl Default for Options {
    fn default() -> Self {
        Self { context: "real".to_owned(), dir: None, users: Vec::new() }
    }
}

/// A user with a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// User name, as RBAC knows it.
    pub name: String,
    /// Bearer token, without commas and quotes.
    pub token: String,
}

/// Why an API server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file, a port or a process could not be had.
    #[error("preparing the API server: {0}")]
    Io(#[from] io::Error),
    /// Keys could not be made.
    #[error("making certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    /// A process ended before the server was ready.
    #[error("{name} ended with {status}; its last words:\n{last_words}")]
    Ended {
        /// Which one.
        name: &'static str,
        /// How.
        status: std::process::ExitStatus,
        /// End of its log.
        last_words: String,
    },
    /// It runs, but does not become ready.
    #[error("the API server is not ready after {READY_WITHIN:?}; its last words:\n{last_words}")]
    NotReady {
        /// End of its log.
        last_words: String,
    },
}

/// A running API server with its etcd. Dropping it kills both; [`RealApiServer::stop`] also waits for that.
#[derive(Debug)]
pub struct RealApiServer {
    context: String,
    port: u16,
    authority: String,
    token: String,
    // The API server goes first: without its etcd it would hang for a while before it ends.
    apiserver: Process,
    etcd: Process,
    _temporary: Option<TempDir>,
}

impl RealApiServer {
    /// Starts etcd and an API server on free ports of 127.0.0.1, and waits until it is ready.
    ///
    /// # Errors
    /// A process that ends early (after some attempts, if a port was taken) or never becomes ready.
    pub async fn start(assets: &KubeAssets, options: Options) -> Result<Self, StartError> {
        let (folder, temporary) = folder(&options)?;
        let certificates = Certificates::generate()?;
        certificates.write(&folder)?;
        let token = Uuid::new_v4().to_string();
        std::fs::write(folder.join("tokens.csv"), tokens(&token, &options.users))?;
        let mut attempt = 1;
        loop {
            match start_once(assets, &folder, &certificates.authority, &token).await {
                Ok((port, etcd, apiserver)) => {
                    return Ok(Self {
                        context: options.context,
                        port,
                        authority: certificates.authority,
                        token,
                        apiserver,
                        etcd,
                        _temporary: temporary,
                    });
                }
                Err(error) if attempt < ATTEMPTS && is_taken_port(&error) => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// `https://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that signed the server's own, in PEM.
    pub fn authority_pem(&self) -> &str {
        &self.authority
    }

    /// The administrator's bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A kubeconfig, as YAML, for the administrator; it stands alone, with certificate and token inside.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_with_token(&self.token)
    }

    /// The same for the user of another token.
    pub fn kubeconfig_with_token(&self, token: &str) -> String {
        kubeconfig::render(&self.context, &self.url(), &self.authority, token)
    }

    /// Ends both processes and waits until they are gone.
    ///
    /// # Errors
    /// A process that cannot be ended or waited for.
    pub async fn stop(mut self) -> io::Result<()> {
        self.apiserver.stop().await?;
        self.etcd.stop().await
    }
}

fn folder(options: &Options) -> io::Result<(PathBuf, Option<TempDir>)> {
    match &options.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir)?;
            Ok((dir.canonicalize()?, None))
        }
        None => {
            let temporary = TempDir::with_prefix("kube-assets-")?;
            Ok((temporary.path().to_owned(), Some(temporary)))
        }
    }
}

/// The file of static tokens: token, user, uid, groups.
fn tokens(admin: &str, users: &[User]) -> String {
    let mut lines = vec![format!("{admin},admin,admin,\"system:masters\"")];
    lines.extend(users.iter().map(|user| format!("{},{},{}", user.token, user.name, user.name)));
    lines.push(String::new());
    lines.join("\n")
}

async fn start_once(
    assets: &KubeAssets,
    folder: &Path,
    authority: &str,
    token: &str,
) -> Result<(u16, Process, Process), StartError> {
    let [etcd_port, peer_port, port] = free_ports()?;
    let mut etcd = Process::start(&assets.etcd(), &etcd_arguments(etcd_port, peer_port), folder, "etcd")?;
    let arguments = apiserver_arguments(etcd_port, port);
    let mut apiserver = Process::start(&assets.kube_apiserver(), &arguments, folder, "kube-apiserver")?;
    let probe = Probe::new(port, authority, token)?;
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        for (name, process) in [("etcd", &mut etcd), ("kube-apiserver", &mut apiserver)] {
            if let Some(status) = process.ended()? {
                let last_words = process.last_words();
                return Err(StartError::Ended { name, status, last_words });
            }
        }
        let asked = probe.clone();
        // A refused connection means that it does not listen yet.
        let ready = tokio::task::spawn_blocking(move || asked.is_ready().unwrap_or(false)).await;
        if ready.unwrap_or(false) {
            return Ok((port, etcd, apiserver));
        }
        if Instant::now() >= deadline {
            return Err(StartError::NotReady { last_words: apiserver.last_words() });
        }
        tokio::time::sleep(BETWEEN_PROBES).await;
    }
}

fn is_taken_port(error: &StartError) -> bool {
    matches!(error, StartError::Ended { last_words, .. } if last_words.contains("address already in use"))
}

fn etcd_arguments(port: u16, peer_port: u16) -> Vec<String> {
    let client = format!("http://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    vec![
        "--data-dir=etcd".to_owned(),
        "--unsafe-no-fsync".to_owned(),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
    ]
}

fn apiserver_arguments(etcd_port: u16, port: u16) -> Vec<String> {
    let mut arguments =
        vec![format!("--etcd-servers=http://127.0.0.1:{etcd_port}"), format!("--secure-port={port}")];
    let fixed = [
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--client-ca-file=ca.crt",
        "--service-account-key-file=service-accounts.pub",
        "--service-account-signing-key-file=service-accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--api-audiences=https://kubernetes.default.svc",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        "--allow-privileged=true",
        "--cert-dir=.",
    ];
    arguments.extend(fixed.map(str::to_owned));
    arguments
}
