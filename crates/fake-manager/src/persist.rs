//! The state file: what a restart, or a kill, must find again. It holds tokens, so only its owner may read it.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    model::{Cluster, Run, Task},
    scheduler::Suspension,
    shared::Shared,
    state::State,
};

/// Why the state file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// It could not be read or written.
    #[error("state file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// It is not what this program wrote.
    #[error("state file {path} cannot be read: {reason}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it; never its content.
        reason: String,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    clusters: Vec<&'a Cluster>,
    tasks: Vec<&'a Task>,
    runs: Vec<WrittenRun<'a>>,
    suspensions: &'a BTreeMap<Uuid, Suspension>,
}

#[derive(Serialize)]
struct WrittenRun<'a> {
    run: &'a Run,
    progress: Option<u8>,
}

#[derive(Deserialize)]
struct Loaded {
    clusters: Vec<Cluster>,
    tasks: Vec<Box<RawValue>>,
    runs: Vec<LoadedRun>,
    suspensions: BTreeMap<Uuid, Suspension>,
}

#[derive(Deserialize)]
struct LoadedRun {
    run: Box<RawValue>,
    progress: Option<u8>,
}

/// Fills `state` from the file, if there is one, and starts it as a server that comes up again.
///
/// # Errors
/// When the file is there and cannot be used.
pub fn load(path: &Path, state: &mut State) -> Result<(), StateFileError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StateFileError::Io { path: path.to_owned(), source }),
    };
    let refused = |reason: String| StateFileError::Content { path: path.to_owned(), reason };
    let loaded: Loaded = serde_json::from_str(&text).map_err(|error| {
        // Only the place: the message of the parser may quote what it found, and that may be a token.
        refused(format!("not a state file, at line {} column {}", error.line(), error.column()))
    })?;
    state.clusters = loaded.clusters.into_iter().map(|cluster| (cluster.id, cluster)).collect();
    for raw in loaded.tasks {
        let task = Task::parse(raw.get()).map_err(|error| refused(error.to_string()))?;
        if let Some(key) = task.key() {
            state.tasks.insert(key, task);
        }
    }
    for LoadedRun { run, progress } in loaded.runs {
        let run = Run::parse(run.get()).map_err(|error| refused(error.to_string()))?;
        state.put_run(Run { progress, ..run });
    }
    state.suspensions = loaded.suspensions;
    state.restart();
    Ok(())
}

fn render(state: &State) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Written {
        clusters: state.clusters.values().collect(),
        tasks: state.tasks.values().collect(),
        runs: state.runs.values().flatten().map(|run| WrittenRun { run, progress: run.progress }).collect(),
        suspensions: &state.suspensions,
    })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// Which changes are safe: all up to a revision, and whether the last attempt to write succeeded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Durability {
    pub revision: u64,
    pub succeeded: bool,
}

/// Writes the file after changes, several at once when they come quickly, until it is told to end; then once more.
pub(crate) async fn keep(
    shared: Arc<Shared>,
    path: PathBuf,
    written: watch::Sender<Durability>,
    ended: CancellationToken,
) {
    let mut revisions = shared.revisions();
    loop {
        let known = written.borrow().revision;
        let current = *revisions.borrow_and_update();
        if current > known || !written.borrow().succeeded {
            let outcome = save(&shared, &path).await;
            written.send_replace(outcome);
            if outcome.revision > known && outcome.succeeded {
                continue;
            }
        }
        if ended.is_cancelled() {
            return;
        }
        tokio::select! {
            changed = revisions.changed() => if changed.is_err() { return },
            () = ended.cancelled() => {}
        }
    }
}

async fn save(shared: &Arc<Shared>, path: &Path) -> Durability {
    let (revision, bytes) = shared.peek(|state| (state.revision, render(state)));
    let path = path.to_owned();
    let result = match bytes {
        Ok(bytes) => tokio::task::spawn_blocking(move || write(&path, &bytes))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error))),
        Err(error) => Err(io::Error::other(error)),
    };
    if let Err(error) = &result {
        tracing::error!(%error, "the state file could not be written");
    }
    Durability { revision, succeeded: result.is_ok() }
}
