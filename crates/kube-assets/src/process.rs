//! Child processes with a log file, and ports for them.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};

/// How much of a log an error shows.
const SHOWN: usize = 1_500;

/// A process that dies with its handle.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it prints goes to `<name>.log` in the folder.
    pub fn start(program: &Path, arguments: &[String], folder: &Path, name: &str) -> io::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log)?;
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { child, log })
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Kills it and waits until it is gone.
    pub async fn stop(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// The end of what it printed.
    pub fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(SHOWN);
        String::from_utf8_lossy(text.get(from..).unwrap_or_default()).into_owned()
    }
}

/// Different ports of 127.0.0.1 that were free a moment ago; another process may be faster, so be ready to
/// try again.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    let mut listeners = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
