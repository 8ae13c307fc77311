//! Processes: started, killed, started again, and their logs searched.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::process::{Child, Command};

/// A program of this workspace, as `cargo build --workspace` leaves it beside the tests.
pub fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(2).unwrap();
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run 'cargo build --workspace' first", path.display());
    path
}

/// A port that is free now, and that no outgoing connection is given meanwhile: a process that is killed and started
/// again must find it free. Linux takes those from 32768 up.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 60).unwrap() * 200;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A process with its log in a file; killed when dropped.
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    pub log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts a program of this workspace. Its log goes to `folder/name.log`.
    pub fn start(name: &str, folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Self {
        let program_name = name.split('@').next().unwrap();
        let (program, log) = (program(program_name), folder.join(format!("{name}.log")));
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let child = spawn(&program, &arguments, environment, &log);
        Self { name: name.to_owned(), program, arguments, environment: environment.to_vec(), log, child }
    }

    /// Ends it without a word, as a power failure does, and starts it again.
    pub async fn crash(&mut self) {
        self.kill().await;
        self.restart();
    }

    /// Ends it without a word.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again with the same arguments.
    pub fn restart(&mut self) {
        self.child = spawn(&self.program, &self.arguments, &self.environment, &self.log);
    }

    /// Asks it to end and waits for it.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("{} did not end within 20 s of SIGTERM", self.name)).unwrap()
    }

    /// What it has logged.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

fn spawn(program: &Path, arguments: &[String], environment: &[(String, String)], log: &Path) -> Child {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    Command::new(program)
        .args(arguments)
        .envs(environment.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Runs a program to its end; answers its status and what it printed.
pub async fn run(program: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(120), output).await.unwrap().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}
