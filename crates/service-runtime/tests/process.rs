//! Whole processes: exit codes, signals, what is said on stderr. The process is this test binary itself,
//! which [`child`] turns into a service.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod http;

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use messina_service_runtime::args::{AdminArgs, GrpcArgs, LogArgs};
use messina_service_runtime::grpc::Services;
use messina_service_runtime::named;
use messina_service_runtime::{ConfigErrors, Failure, Runtime, Shutdown, run_from, transport};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{Instant, timeout};

/// The command line of the child, separated by spaces.
const CHILD: &str = "MESSINA_TEST_CHILD";

#[derive(clap::Parser)]
#[command(name = "example", version = "1.2.3")]
struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    grpc: GrpcArgs,
    #[arg(long)]
    watcher: Vec<String>,
    /// What the worker does: wait, stay (ignore the shutdown), fail, end, panic
    #[arg(long, default_value = "wait")]
    worker: String,
}

async fn service(args: Args, shutdown: Shutdown) -> Result<(), Failure> {
    let mut errors = ConfigErrors::new();
    args.grpc.check(&mut errors);
    args.admin.check(&mut errors);
    args.log.check(&mut errors);
    for url in named::by_name("--watcher", &args.watcher, &mut errors).values().flatten() {
        transport::peer_at("--watcher", url, args.grpc.insecure_loopback, &mut errors);
    }
    errors.into_result()?;
    let builder = Runtime::builder("example", "1.2.3").log(&args.log).admin(&args.admin).grpc(&args.grpc);
    let mut runtime = builder.bind(shutdown.clone()).await?.serve(Services::new());
    runtime.spawn("worker", async move {
        match args.worker.as_str() {
            "fail" => return Err(Failure::broken("out of luck")),
            "end" => return Ok(()),
            "panic" => panic!("told to"),
            "stay" => std::future::pending().await,
            _ => {
                tracing::info_span!("waiting", for_what = "the end").in_scope(|| tracing::info!("in a span"))
            }
        }
        shutdown.begun().await;
        Ok(())
    });
    runtime.run().await
}

/// Not a test: the body of the processes that the tests start.
#[test]
fn child() {
    if let Ok(line) = std::env::var(CHILD) {
        let line = std::iter::once("example").chain(line.split_whitespace());
        std::process::exit(run_from(line, service).into());
    }
}

fn command(line: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]);
    command.env_clear().env(CHILD, line).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn ended(line: &str) -> (i32, String, String) {
    let child = command(line).spawn().unwrap();
    let output = timeout(Duration::from_secs(30), child.wait_with_output()).await.expect("ends").unwrap();
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().expect("not killed"), text(stdout), text(stderr))
}

const LOOPBACK: &str = "--insecure-loopback --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0";

/// A child that serves, and where.
struct Serving {
    child: Child,
    lines: BufReader<ChildStderr>,
    admin: SocketAddr,
}

async fn serving(extra: &str) -> Serving {
    started(command(&format!("{LOOPBACK} {extra}"))).await
}

async fn started(mut command: Command) -> Serving {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let line = line_with(&mut lines, "serving the admin port").await;
    let admin = line["fields"]["addr"].as_str().unwrap().parse().unwrap();
    Serving { child, lines, admin }
}

/// Reads log lines until this message.
async fn line_with(lines: &mut BufReader<ChildStderr>, message: &str) -> Value {
    let read = async {
        loop {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).await.unwrap(), 0, "no line says {message:?}");
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            if line["message"] == message {
                return line;
            }
        }
    };
    timeout(Duration::from_secs(20), read).await.unwrap_or_else(|_| panic!("never said: {message}"))
}

impl Serving {
    async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
    }

    async fn exit(mut self) -> (i32, String) {
        let status = timeout(Duration::from_secs(20), self.child.wait()).await.expect("within 20 s").unwrap();
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).await.unwrap();
        (status.code().expect("not killed"), rest)
    }
}

#[tokio::test]
async fn help_and_version_are_no_errors() {
    let (code, stdout, _) = ended("--help").await;
    assert_eq!(code, 0);
    for flag in ["--log-format", "--log-level", "--admin-listen", "--listen", "--insecure-loopback"] {
        assert!(stdout.contains(flag), "{flag}: {stdout}");
    }
    assert!(stdout.contains("MESSINA_LISTEN"), "{stdout}");
    let (code, stdout, _) = ended("--version").await;
    assert_eq!(code, 0);
    assert!(stdout.contains("example 1.2.3"), "{stdout}");
}

#[tokio::test]
async fn usage_errors_end_with_64() {
    for line in ["--nonsense", "--insecure-loopback=x", "--log-format loud"] {
        let (code, _, stderr) = ended(line).await;
        assert_eq!(code, 64, "{line}: {stderr}");
        assert!(stderr.contains("error:"), "{line}: {stderr}");
    }
}

#[tokio::test]
async fn all_config_errors_are_said_at_once() {
    let (code, _, stderr) = ended(
        "--listen 0.0.0.0:7070 --insecure-loopback --watcher a=http://10.0.0.1:1 --watcher b=https://b \
         --watcher a=http://localhost:1 --watcher EU=http://localhost --admin-listen nowhere --log-level ==",
    )
    .await;
    assert_eq!(code, 64);
    assert!(stderr.contains("example: 7 configuration errors:"), "{stderr}");
    for said in [
        "--listen \"0.0.0.0:7070\"",
        "--watcher \"a=http://localhost:1\"",
        "--watcher \"http://10.0.0.1:1/\"",
        "\"https://b/\"",
        "--watcher \"EU=http://localhost\"",
        "--admin-listen \"nowhere\"",
        "--log-level \"==\"",
    ] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
    let (code, _, stderr) = ended("--insecure-loopback --log-level a=b=c").await;
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("--log-level \"a=b=c\""), "{stderr}");
}

#[tokio::test]
async fn a_start_that_fails_is_one_line_and_1() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap();
    let line = format!("--insecure-loopback --listen {addr} --admin-listen 127.0.0.1:0");
    let (code, _, stderr) = ended(&line).await;
    assert_eq!(code, 1);
    let expected = format!("example: cannot listen on {addr} (--listen): Address already in use");
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_part_that_ends_too_early_ends_the_process() {
    let table = [
        ("fail", "example: worker: out of luck"),
        ("end", "example: worker ended before the shutdown"),
        ("panic", "panicked"),
    ];
    for (worker, said) in table {
        let (code, _, stderr) = ended(&format!("{LOOPBACK} --log-format json --worker {worker}")).await;
        assert_eq!(code, 1, "{worker}: {stderr}");
        assert!(stderr.lines().last().is_some_and(|line| line.contains(said)), "{worker}: {stderr}");
    }
}

#[tokio::test]
async fn a_signal_drains_and_ends_with_0() {
    for signal in ["TERM", "INT"] {
        let mut serving = serving("").await;
        let line = line_with(&mut serving.lines, "in a span").await;
        assert_eq!(line["spans"][0]["name"], "waiting");
        assert_eq!(line["trace_id"].as_str().map(str::len), Some(32), "{line}");
        let ready = http::get(serving.admin, "/readyz").await;
        assert_eq!((ready.status, ready.body.as_str()), (200, "[+]shutdown ok\n"));
        serving.signal(signal).await;
        let begun = Instant::now();
        let (code, rest) = serving.exit().await;
        assert_eq!(code, 0, "{rest}");
        assert!(begun.elapsed() < Duration::from_secs(5), "nothing held it up");
        assert!(rest.contains("\"stopped\""), "{rest}");
    }
}

#[tokio::test]
async fn a_second_signal_aborts_with_130() {
    let mut serving = serving("--worker stay").await;
    serving.signal("TERM").await;
    let said = "shutting down; a second signal aborts";
    assert_eq!(line_with(&mut serving.lines, said).await["fields"]["signal"], "SIGTERM");
    let draining = async {
        let mut answer = http::get(serving.admin, "/readyz").await;
        while answer.status == 200 {
            answer = http::get(serving.admin, "/readyz").await;
        }
        answer
    };
    let answer = timeout(Duration::from_secs(10), draining).await.expect("readiness shuts");
    assert_eq!((answer.status, answer.body.as_str()), (503, "[-]shutdown draining\n"));
    serving.signal("INT").await;
    let (code, rest) = serving.exit().await;
    assert_eq!(code, 130, "{rest}");
    assert!(rest.contains("example: aborted by a second signal"), "{rest}");
}

#[tokio::test]
async fn a_task_that_stays_is_dropped_in_time() {
    let serving = serving("--worker stay").await;
    serving.signal("TERM").await;
    let (code, rest) = serving.exit().await;
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("dropping tasks that outlive the shutdown"), "{rest}");
}

#[tokio::test]
async fn a_collector_that_does_not_answer_costs_three_seconds() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut command = command("--listen 127.0.0.1:0 --admin-listen 127.0.0.1:0");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", silent.local_addr().unwrap()));
    command.env("MESSINA_INSECURE_LOOPBACK", "yes");
    let mut serving = started(command).await;
    line_with(&mut serving.lines, "in a span").await;
    serving.signal("TERM").await;
    let begun = Instant::now();
    let (code, rest) = serving.exit().await;
    assert_eq!(code, 0, "{rest}");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(rest.contains("the last traces may be lost"), "{rest}");
}

#[tokio::test]
async fn a_collector_that_needs_tls_is_refused() {
    let mut command = command(LOOPBACK);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317");
    let output = timeout(Duration::from_secs(20), command.output()).await.expect("ends").unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{stderr}");
    assert!(stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT \"https://collector:4317\""), "{stderr}");
}
