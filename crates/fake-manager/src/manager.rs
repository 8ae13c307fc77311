//! Starting the stand-in, and what a test does with it while it runs.

use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::serve::Listener;
use jiff::Timestamp;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    agents::Agent,
    calls::{CallCounts, CallRecord},
    clock::{Clock, TimeSource},
    faults::FaultRule,
    http,
    listener::{Scissors, Severable},
    persist::{self, Durability, StateFileError},
    script::{Outcome, RunScript, ScriptKey},
    shared::Shared,
    state::{Snapshot, State},
};

/// How to start a [`FakeManager`].
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the time comes from.
    pub clock: TimeSource,
    /// Where clusters and tasks are kept across restarts.
    pub state_file: Option<PathBuf>,
    /// How long calls take that ask agents in the real server.
    pub latency: Duration,
    /// How runs go that have no script of their own.
    pub default_run: RunScript,
}

impl Options {
    /// A free port on loopback, no state file, no latency, runs of three seconds.
    pub fn new(clock: TimeSource) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock,
            state_file: None,
            latency: Duration::ZERO,
            default_run: RunScript::default(),
        }
    }

    /// The same with a clock that stands still until it is moved.
    pub fn stopped_at(now: Timestamp) -> Self {
        Self::new(Arc::new(move || now))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("state_file", &self.state_file)
            .finish_non_exhaustive()
    }
}

/// Why the stand-in did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    StateFile(#[from] StateFileError),
}

/// A running stand-in. Dropping it ends it; [`FakeManager::shutdown`] also waits until it has ended.
#[derive(Debug)]
pub struct FakeManager {
    shared: Arc<Shared>,
    url: String,
    ended: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl FakeManager {
    /// Starts on `options.listen`.
    ///
    /// # Errors
    /// When the address is taken or the state file cannot be used.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let address = options.listen;
        let failed = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        Self::start_on(listener, url, options)
    }

    /// Starts on a listener of any kind, which `url` leads to; `options.listen` is not used.
    ///
    /// # Errors
    /// When the state file cannot be used.
    pub fn start_on<L>(listener: L, url: String, options: Options) -> Result<Self, StartError>
    where
        L: Listener,
        L::Addr: fmt::Debug,
    {
        let clock = Clock::new(options.clock);
        let mut state = State::new(clock.now(), options.default_run);
        let mut durability = None;
        if let Some(path) = options.state_file {
            persist::load(&path, &mut state)?;
            durability = Some((path, watch::Sender::new(Durability { revision: 0, succeeded: true })));
        }
        let durable = durability.as_ref().map(|(_, sender)| sender.subscribe());
        let shared = Arc::new(Shared::new(state, clock, options.latency, durable));
        let ended = CancellationToken::new();
        let mut tasks = Vec::new();
        if let Some((path, sender)) = durability {
            tasks.push(tokio::spawn(persist::keep(shared.clone(), path, sender, ended.clone())));
        }
        let (scheduler, scheduler_ended) = (shared.clone(), ended.clone());
        tasks.push(tokio::spawn(async move { scheduler.run_scheduler(scheduler_ended).await }));
        let service = http::router(shared.clone()).into_make_service_with_connect_info::<Scissors>();
        let serve = axum::serve(Severable { listener, ended: ended.clone() }, service);
        let server_ended = ended.clone();
        tasks.push(tokio::spawn(async move {
            let result = tokio::select! {
                result = serve.into_future() => result,
                () = server_ended.cancelled() => Ok(()),
            };
            if let Err(error) = result {
                tracing::error!(%error, "the server ended");
            }
        }));
        Ok(Self { shared, url, ended, tasks })
    }

    /// Where it answers, such as `http://127.0.0.1:40123`, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A copy of the state, brought up to the present.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.with(|state| state.snapshot())
    }

    /// The time as the server sees it.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Stops the clock at a moment and plays what is due.
    pub fn set_clock(&self, at: Timestamp) {
        self.shared.clock.set(at);
        self.shared.with(|_| ());
    }

    /// Moves the clock forward and plays what is due.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.shared.with(|_| ());
    }

    /// Lets the clock run with its source again.
    pub fn resume_clock(&self) {
        self.shared.clock.resume();
        self.shared.with(|_| ());
    }

    /// Tells the scheduler that the source of the time was moved from outside.
    pub fn wake(&self) {
        self.shared.wake();
    }

    /// Sets what one host is like, or with `*` all without an entry of their own.
    pub fn set_agent(&self, host: &str, agent: Agent) {
        self.shared.with(|state| state.agents.set(host, agent));
    }

    /// Every host is permissive again.
    pub fn reset_agents(&self) {
        self.shared.with(|state| state.agents.reset());
    }

    /// Sets how runs go, for the next `times` runs or for all.
    pub fn set_script(&self, key: ScriptKey, script: RunScript, times: Option<u32>) {
        self.shared.with(|state| state.scripts.set(key, script, times));
    }

    /// Ends matching runs with this outcome; returns how many there were.
    pub fn release(&self, key: &ScriptKey, outcome: &Outcome) -> usize {
        self.shared.with(|state| state.release(key, outcome))
    }

    /// Adds a fault switch.
    pub fn add_fault(&self, rule: FaultRule) {
        self.shared.faults.add(rule);
    }

    /// Removes all fault switches.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Changes how long slow calls take.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.set_latency(latency);
    }

    /// Counts of calls since the start or the last reset.
    pub fn calls(&self) -> CallCounts {
        self.shared.calls.counts()
    }

    /// The calls since the start or the last reset, oldest first.
    pub fn call_log(&self) -> Vec<CallRecord> {
        self.shared.calls.log()
    }

    /// Forgets the calls.
    pub fn reset_calls(&self) {
        self.shared.calls.reset();
    }

    /// Ends the server process and starts it again, as far as a client can tell.
    pub fn restart(&self) {
        self.shared.with(|state| state.restart());
    }

    /// Loses the database.
    pub fn wipe(&self) {
        self.shared.with(|state| state.wipe());
    }

    /// Ends the stand-in and waits until its state file is written.
    pub async fn shutdown(mut self) {
        self.ended.cancel();
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server failed");
            }
        }
    }
}

impl Drop for FakeManager {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}
