//! A service from its flags to its end: bind everything, then run everything, then drain everything.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::admin::{Admin, Shown};
use crate::args::{AdminArgs, GrpcArgs, LogArgs};
use crate::clock::Clock;
use crate::exit::Failure;
use crate::grpc::{GrpcServer, RpcMetrics, Services, Serving};
use crate::metrics::Metrics;
use crate::readiness::{Gate, Readiness};
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;

/// How long tasks may go on after the shutdown began. Longer than the drain of the gRPC server, and short
/// enough that everything ends within 20 s of the signal.
const TASKS: Duration = Duration::from_secs(13);

/// Says what a service needs; nothing is bound or started before [`Builder::bind`].
#[derive(Debug)]
pub struct Builder<G = NoGrpc> {
    name: &'static str,
    version: &'static str,
    telemetry: Source,
    admin: Option<AdminArgs>,
    grpc: G,
}

#[derive(Debug)]
enum Source {
    Own(LogArgs),
    Shared(Telemetry),
}

/// A service without a gRPC port, or one whose port is taken care of.
#[derive(Debug)]
pub struct NoGrpc(());

/// A service with all its sockets bound, its logs on, and nothing running yet. `G` is [`GrpcServer`] as long
/// as the port is not served.
#[derive(Debug)]
pub struct Runtime<G = NoGrpc> {
    /// Begins with the first signal. Streams and loops have to end when it does.
    pub shutdown: Shutdown,
    /// `/readyz` and `grpc.health.v1`.
    pub readiness: Readiness,
    /// `/metrics`.
    pub metrics: Metrics,
    /// Wall-clock time.
    pub clock: Clock,
    telemetry: Telemetry,
    owns_telemetry: bool,
    draining: Gate,
    admin: Option<Admin>,
    grpc: G,
    tasks: JoinSet<(String, Result<(), Failure>)>,
}

impl Runtime {
    /// A service of this name and version, with default logs and without ports.
    pub fn builder(name: &'static str, version: &'static str) -> Builder {
        let telemetry = Source::Own(LogArgs::default());
        Builder { name, version, telemetry, admin: None, grpc: NoGrpc(()) }
    }
}

impl<G> Builder<G> {
    /// How to log.
    #[must_use]
    pub fn log(mut self, args: &LogArgs) -> Self {
        self.telemetry = Source::Own(args.clone());
        self
    }

    /// Logs and traces that the process has switched on already: for several services in one process. Whoever
    /// did that also shuts them down.
    #[must_use]
    pub fn telemetry(mut self, shared: Telemetry) -> Self {
        self.telemetry = Source::Shared(shared);
        self
    }

    /// With an admin port.
    #[must_use]
    pub fn admin(mut self, args: &AdminArgs) -> Self {
        self.admin = Some(args.clone());
        self
    }

    /// With a gRPC port.
    pub fn grpc(self, args: &GrpcArgs) -> Builder<GrpcArgs> {
        let Self { name, version, telemetry, admin, grpc: _ } = self;
        Builder { name, version, telemetry, admin, grpc: args.clone() }
    }

    async fn bind_with<B>(
        self,
        shutdown: Shutdown,
        grpc: impl AsyncFnOnce(G) -> Result<B, Failure>,
    ) -> Result<Runtime<B>, Failure> {
        let Self { name, version, telemetry, admin, grpc: args } = self;
        let owns_telemetry = matches!(telemetry, Source::Own(_));
        let telemetry = match telemetry {
            Source::Own(args) => Telemetry::init(name, &args)?,
            Source::Shared(telemetry) => telemetry,
        };
        let admin = match admin {
            Some(args) => Some(Admin::bind(&args).await?),
            None => None,
        };
        let grpc = grpc(args).await?;
        let readiness = Readiness::new();
        let draining = readiness.gate("shutdown");
        draining.ready();
        Ok(Runtime {
            shutdown,
            readiness,
            metrics: Metrics::new(name, version),
            clock: Clock::system(),
            telemetry,
            owns_telemetry,
            draining,
            admin,
            grpc,
            tasks: JoinSet::new(),
        })
    }
}

impl Builder<NoGrpc> {
    /// Switches the logs on and binds the ports.
    ///
    /// # Errors
    /// Flags that are refused, or an address that cannot be listened on.
    pub async fn bind(self, shutdown: Shutdown) -> Result<Runtime, Failure> {
        self.bind_with(shutdown, async |none| Ok(none)).await
    }
}

impl Builder<GrpcArgs> {
    /// Switches the logs on and binds the ports.
    ///
    /// # Errors
    /// Flags that are refused, or an address that cannot be listened on.
    pub async fn bind(self, shutdown: Shutdown) -> Result<Runtime<GrpcServer>, Failure> {
        self.bind_with(shutdown, async |args| GrpcServer::bind(&args).await).await
    }
}

impl<G> Runtime<G> {
    /// Where the admin port listens, when there is one.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::local_addr)
    }

    /// Starts a part of the service that has to run until the shutdown. One that ends earlier ends the process.
    pub fn spawn(
        &mut self,
        name: impl Into<String>,
        task: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) {
        let name = name.into();
        self.tasks.spawn(async move { (name, task.await) });
    }
}

impl Runtime<GrpcServer> {
    /// Where the gRPC port listens.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc.local_addr()
    }

    /// Serves the gRPC port from now on.
    pub fn serve(self, services: Services) -> Runtime {
        let Self {
            shutdown,
            readiness,
            metrics,
            clock,
            telemetry,
            owns_telemetry,
            draining,
            admin,
            grpc,
            tasks,
        } = self;
        let serving = Serving {
            readiness: readiness.clone(),
            shutdown: shutdown.clone(),
            metrics: RpcMetrics::new(&metrics),
            drain: crate::grpc::DRAIN,
        };
        tracing::info!(addr = %grpc.local_addr(), "serving gRPC");
        let server = grpc.serve(services, serving);
        let grpc = NoGrpc(());
        let mut this = Runtime {
            shutdown,
            readiness,
            metrics,
            clock,
            telemetry,
            owns_telemetry,
            draining,
            admin,
            grpc,
            tasks,
        };
        this.spawn("grpc", async { Ok(server.await?) });
        this
    }
}

impl Runtime {
    /// Runs until the shutdown, or until a part of the service ends before it; then drains: readiness shuts, tasks
    /// get 13 s to end, the admin port goes last.
    ///
    /// # Errors
    /// The first part that failed, or ended when it should not.
    pub async fn run(mut self) -> Result<(), Failure> {
        let end = CancellationToken::new();
        let admin = self.admin.take().map(|admin| {
            tracing::info!(addr = %admin.local_addr(), "serving the admin port");
            let (readiness, metrics) = (self.readiness.clone(), self.metrics.clone());
            let shown = Shown { readiness, metrics, log_level: self.telemetry.log_level() };
            tokio::spawn(admin.serve(shown, end.clone()))
        });
        let result = tokio::select! {
            // First, since tasks that end because of the shutdown may do so before this one is polled.
            biased;
            () = self.shutdown.begun() => Ok(()),
            Some(ended) = self.tasks.join_next() => Err(too_early(ended)),
        };
        self.draining.not_ready("draining");
        self.shutdown.begin();
        let result = result.and(self.drain().await);
        end.cancel();
        let admin = match admin {
            Some(task) => task.await.map_err(Failure::from).and_then(|served| Ok(served?)),
            None => Ok(()),
        };
        tracing::info!("stopped");
        if self.owns_telemetry {
            self.telemetry.shutdown().await;
        }
        result.and(admin)
    }

    /// Waits for the tasks, and drops those that take too long.
    async fn drain(&mut self) -> Result<(), Failure> {
        let mut result = Ok(());
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                result = std::mem::replace(&mut result, Ok(())).and(finished(ended));
            }
        };
        if tokio::time::timeout(TASKS, all).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "dropping tasks that outlive the shutdown");
            self.tasks.abort_all();
        }
        result
    }
}

type Ended = Result<(String, Result<(), Failure>), JoinError>;

fn too_early(ended: Ended) -> Failure {
    match ended {
        Ok((name, Ok(()))) => Failure::broken(format!("{name} ended before the shutdown")),
        other => match finished(other) {
            Err(failure) => failure,
            Ok(()) => Failure::broken("a task ended before the shutdown"),
        },
    }
}

fn finished(ended: Ended) -> Result<(), Failure> {
    match ended {
        Ok((_, Ok(()))) => Ok(()),
        Ok((name, Err(Failure::Broken(message)))) => Err(Failure::broken(format!("{name}: {message}"))),
        Ok((_, Err(failure))) => Err(failure),
        Err(error) => Err(error.into()),
    }
}
