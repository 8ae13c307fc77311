//! The first signal drains, the second aborts.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Tells everything in the process to end. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    begun: CancellationToken,
    aborted: CancellationToken,
}

impl Shutdown {
    /// Begins only when [`Shutdown::begin`] is called: for tests and for a service inside another process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins with SIGTERM or SIGINT; the second of them aborts. Needs a tokio runtime with I/O.
    ///
    /// # Errors
    /// The signal handlers cannot be installed.
    pub fn on_signals() -> io::Result<Self> {
        let this = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let listening = this.clone();
        tokio::spawn(async move {
            let name = either(&mut terminate, &mut interrupt).await;
            tracing::info!(signal = name, "shutting down; a second signal aborts");
            listening.begin();
            either(&mut terminate, &mut interrupt).await;
            listening.abort();
        });
        Ok(this)
    }

    /// Starts the shutdown. Harmless when it has begun.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Gives up on an orderly shutdown.
    pub fn abort(&self) {
        self.begun.cancel();
        self.aborted.cancel();
    }

    /// Whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits until the shutdown begins.
    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Waits until the shutdown is aborted.
    pub async fn aborted(&self) {
        self.aborted.cancelled().await;
    }

    /// Cancelled when the shutdown begins. Cancelling this one is [`Shutdown::begin`].
    pub fn token(&self) -> CancellationToken {
        self.begun.clone()
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
