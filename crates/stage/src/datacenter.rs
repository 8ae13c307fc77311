//! One datacenter: an API server with everything installed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::DynamicObject;
use kube::{Client, ResourceExt};
use messina_fake_apiserver::FakeApiServer;
use messina_k8s_api::kinds::Kind;
use messina_kube_assets::{KubeAssets, RealApiServer};

/// What carries a datacenter.
#[derive(Debug, Clone)]
pub enum Ground {
    /// The embedded API server.
    Fake,
    /// Real ones, from a folder with `etcd` and `kube-apiserver`.
    Real(PathBuf),
}

/// Why the stage is not set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// An API server did not start.
    #[error("the API server of datacenter '{0}' did not start: {1}")]
    Start(String, String),
    /// An API server refused something.
    #[error("Kubernetes refused: {0}")]
    Kubernetes(#[from] kube::Error),
    /// A kubeconfig could not be read or written.
    #[error("kubeconfig: {0}")]
    Kubeconfig(String),
    /// A definition of the repository cannot be read.
    #[error("definition: {0}")]
    Definition(String),
}

#[allow(clippy::large_enum_variant, reason = "there are a handful")]
enum Server {
    Fake(FakeApiServer),
    Real(RealApiServer),
}

/// One datacenter.
pub struct Datacenter {
    name: String,
    server: Server,
    client: Client,
    kubeconfig: PathBuf,
}

/// Definitions of the ScyllaDB Operator's kinds, as far as Messina reads them.
const OPERATOR_DEFINITIONS: [&str; 2] = [
    include_str!("../../../deploy/crds/testing/scyllacluster-mirror.yaml"),
    include_str!("../../../deploy/crds/testing/operator-mirror.yaml"),
];

/// How long a definition may take to be served.
const ESTABLISH: Duration = Duration::from_secs(30);

impl Datacenter {
    /// Starts an API server and installs nothing. Its kubeconfig, with a context of the datacenter's name, is
    /// written into `folder`.
    ///
    /// # Errors
    /// An API server that does not start.
    pub async fn start(name: &str, ground: &Ground, folder: &Path) -> Result<Self, StageError> {
        let failed = |error: &dyn std::fmt::Display| StageError::Start(name.to_owned(), error.to_string());
        let (server, config) = match ground {
            Ground::Fake => {
                let options =
                    messina_fake_apiserver::Options { context: name.to_owned(), ..Default::default() };
                let server = FakeApiServer::start(options).await.map_err(|error| failed(&error))?;
                let config = server.kubeconfig();
                (Server::Fake(server), config)
            }
            Ground::Real(assets) => {
                let assets = KubeAssets::in_folder(assets).map_err(|error| failed(&error))?;
                let options = messina_kube_assets::Options { context: name.to_owned(), ..Default::default() };
                let server = RealApiServer::start(&assets, options).await.map_err(|error| failed(&error))?;
                let config = server.kubeconfig();
                (Server::Real(server), config)
            }
        };
        let kubeconfig = folder.join(format!("{name}.kubeconfig"));
        write_private(&kubeconfig, &config)?;
        let client = client(&config).await?;
        Ok(Self { name: name.to_owned(), server, client, kubeconfig })
    }

    /// Installs Messina's definitions.
    ///
    /// # Errors
    /// An API server that refuses one or does not come to serve it.
    pub async fn install_messina(&self) -> Result<(), StageError> {
        let mut definitions = Vec::new();
        for definition in messina_k8s_api::crds::all() {
            definitions.push(
                serde_json::to_value(definition)
                    .map_err(|error| StageError::Definition(error.to_string()))?,
            );
        }
        self.install(definitions).await
    }

    /// Installs the definitions that the ScyllaDB Operator would bring.
    ///
    /// # Errors
    /// An API server that refuses one or does not come to serve it.
    pub async fn install_operator(&self) -> Result<(), StageError> {
        let mut definitions = Vec::new();
        for text in OPERATOR_DEFINITIONS {
            let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text)
                .map_err(|error| StageError::Definition(error.to_string()))?;
            definitions.extend(documents);
        }
        self.install(definitions).await
    }

    async fn install(&self, definitions: Vec<serde_json::Value>) -> Result<(), StageError> {
        let api: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        let mut names = Vec::new();
        for definition in definitions {
            let name =
                definition.pointer("/metadata/name").and_then(serde_json::Value::as_str).unwrap_or_default();
            api.patch(name, &PatchParams::apply("messina-stage").force(), &Patch::Apply(&definition)).await?;
            names.push(name.to_owned());
        }
        for name in names {
            self.established(&api, &name).await?;
        }
        Ok(())
    }

    async fn established(&self, api: &Api<CustomResourceDefinition>, name: &str) -> Result<(), StageError> {
        let condition = kube::runtime::conditions::is_crd_established();
        let wait = kube::runtime::wait::await_condition(api.clone(), name, condition);
        match tokio::time::timeout(ESTABLISH, wait).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(StageError::Definition(format!("{name}: {error}"))),
            Err(_) => Err(StageError::Definition(format!("{name} is not served after {ESTABLISH:?}"))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A client with all rights.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Where its kubeconfig is; the context has the name of the datacenter.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Objects of one kind in one namespace.
    pub fn api(&self, kind: Kind, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &kind.resource())
    }

    /// All objects of one kind.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn list(&self, kind: Kind) -> Result<Vec<DynamicObject>, StageError> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind.resource());
        let mut items = api.list(&kube::api::ListParams::default()).await?.items;
        items.sort_by_key(|item| (item.namespace(), item.name_any()));
        Ok(items)
    }

    /// The embedded server, when it is one.
    pub fn fake(&self) -> Option<&FakeApiServer> {
        match &self.server {
            Server::Fake(server) => Some(server),
            Server::Real(_) => None,
        }
    }

    /// Stops the server.
    ///
    /// # Errors
    /// A process that cannot be ended.
    pub async fn stop(self) -> std::io::Result<()> {
        match self.server {
            Server::Fake(server) => {
                server.shutdown().await;
                Ok(())
            }
            Server::Real(server) => server.stop().await,
        }
    }
}

/// Writes a file that nobody else may read: a kubeconfig holds credentials.
fn write_private(path: &Path, text: &str) -> Result<(), StageError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| StageError::Kubeconfig(format!("{}: {error}", path.display())))
}

async fn client(config: &str) -> Result<Client, StageError> {
    let broken = |error: &dyn std::fmt::Display| StageError::Kubeconfig(error.to_string());
    let kubeconfig = Kubeconfig::from_yaml(config).map_err(|error| broken(&error))?;
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    Ok(Client::try_from(config.map_err(|error| broken(&error))?)?)
}
