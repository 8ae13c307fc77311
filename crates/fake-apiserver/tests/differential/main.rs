//! The same calls against the fake and a real API server, answer by answer: neither code nor body may differ
//! in anything but what [`normal`] names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed step of a test should stop it, and a skipped one should say so"
)]

mod normal;
mod scenario;
#[path = "../skip/mod.rs"]
mod skip;
mod step;

use std::collections::BTreeMap;
use std::time::Duration;

use http::Request;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use messina_fake_apiserver::{FakeApiServer, Options};
use messina_kube_assets::{KubeAssets, RealApiServer};
use serde_json::Value;
use step::{Compare, Step};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_POLLS: Duration = Duration::from_millis(50);
const FEWEST_STEPS: usize = 40;

/// One of the two servers, with what its earlier answers are remembered by.
struct Side {
    client: Client,
    remembered: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Answer {
    code: u16,
    body: String,
}

impl Side {
    async fn new(kubeconfig: &str) -> Self {
        let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        // Otherwise the client repeats what a server answers with 503 or 504.
        config.default_retry = false;
        Self { client: Client::try_from(config).unwrap(), remembered: BTreeMap::new() }
    }

    async fn perform(&mut self, step: &Step) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(step).await;
            if !step.polled || answer.code == step.code {
                if let (Some(name), Ok(body)) = (step.remember, serde_json::from_str::<Value>(&answer.body)) {
                    self.remember(name, &body);
                }
                return answer;
            }
            assert!(Instant::now() < deadline, "{}: still {answer:?}", step.title());
            tokio::time::sleep(BETWEEN_POLLS).await;
        }
    }

    fn remember(&mut self, name: &str, body: &Value) {
        for field in ["resourceVersion", "uid", "continue"] {
            if let Some(text) = body["metadata"][field].as_str() {
                self.remembered.insert(format!("{{{name}.{field}}}"), text.to_owned());
            }
        }
    }

    fn filled(&self, text: &str) -> String {
        self.remembered.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    async fn ask(&self, step: &Step) -> Answer {
        let request = Request::builder()
            .method(step.method)
            .uri(self.filled(&step.path))
            .header("user-agent", "differential/1.0")
            .header("accept", step.accept)
            .header("content-type", step.kind)
            .body(Body::from(self.filled(&step.body).into_bytes()))
            .unwrap();
        let response = tokio::time::timeout(PATIENCE, self.client.send(request)).await;
        let response = response.unwrap_or_else(|_| panic!("{}: no answer", step.title())).unwrap();
        let code = response.status().as_u16();
        let body = response.into_body().collect_bytes().await.unwrap();
        Answer { code, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

#[tokio::test]
async fn the_fake_answers_as_a_real_api_server() {
    let Some(assets) = KubeAssets::from_env() else {
        skip::skipped("differential", "kube", "KUBEBUILDER_ASSETS is not set");
        return;
    };
    let real = RealApiServer::start(&assets, messina_kube_assets::Options::default()).await.unwrap();
    let fake = FakeApiServer::start(Options::default()).await.unwrap();
    let mut real_side = Side::new(&real.kubeconfig()).await;
    let mut fake_side = Side::new(&fake.kubeconfig()).await;
    let steps = scenario::steps();
    assert!(steps.len() >= FEWEST_STEPS, "only {} steps", steps.len());
    let mut differences = Vec::new();
    for step in &steps {
        let (from_real, from_fake) = tokio::join!(real_side.perform(step), fake_side.perform(step));
        if let Some(difference) = difference(step, &from_real, &from_fake) {
            differences.push(difference);
        }
    }
    fake.shutdown().await;
    real.stop().await.unwrap();
    eprintln!("{} steps compared", steps.len());
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

fn difference(step: &Step, real: &Answer, fake: &Answer) -> Option<String> {
    let title = step.title();
    if real.code != step.code {
        return Some(format!(
            "{title}: the real one answered {} instead of {}: {}",
            real.code, step.code, real.body
        ));
    }
    if fake.code != real.code {
        return Some(format!("{title}: {} instead of {}\n  fake {}", fake.code, real.code, fake.body));
    }
    if step.compare == Compare::Code {
        return None;
    }
    let (real, fake) = (normal::body(&real.body, step.compare), normal::body(&fake.body, step.compare));
    (real != fake).then(|| format!("{title}:\n  real {}\n  fake {}", shown(&real), shown(&fake)))
}

fn shown(values: &[Value]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n       ")
}
