//! A server on a clock that stands still, and a client for it.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::time::Duration;

use jiff::Timestamp;
use messina_fake_manager::{FakeManager, Options};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A Thursday.
pub const START: &str = "2026-01-01T00:00:00Z";

pub fn client() -> Client {
    // A second call finds it installed, which is what it is for.
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().no_proxy().build().unwrap()
}

pub struct Answer {
    pub status: u16,
    pub text: String,
    pub location: Option<String>,
    pub content_type: Option<String>,
}

impl Answer {
    /// The first document.
    pub fn json(&self) -> Value {
        let mut documents = serde_json::Deserializer::from_str(&self.text).into_iter::<Value>();
        documents.next().unwrap_or_else(|| panic!("no document in {:?}", self.text)).unwrap()
    }

    pub fn documents(&self) -> usize {
        serde_json::Deserializer::from_str(&self.text).into_iter::<Value>().filter(|doc| doc.is_ok()).count()
    }

    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The last segment of `Location`.
    pub fn id(&self) -> String {
        self.location.as_deref().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    /// Asserts status and a part of the message.
    #[track_caller]
    pub fn is(self, status: u16, part: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.text.contains(part), "{part:?} is not in {}", self.text);
        self
    }
}

pub struct Server {
    pub manager: FakeManager,
    pub http: Client,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(Options::stopped_at(at(START))).await
    }

    pub async fn with(options: Options) -> Self {
        Self { manager: FakeManager::start(options).await.unwrap(), http: client() }
    }

    pub async fn try_call(&self, method: Method, path: &str, body: Option<&str>) -> reqwest::Result<Answer> {
        let base = self.manager.url();
        let url = if path.starts_with("/_fake/") || path.starts_with("/ping") || path.starts_with("/version")
        {
            format!("{base}{path}")
        } else {
            format!("{base}/api/v1{path}")
        };
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let response = request.send().await?;
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, content_type) = (header("location"), header("content-type"));
        Ok(Answer {
            status: response.status().as_u16(),
            location,
            content_type,
            text: response.text().await?,
        })
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<&str>) -> Answer {
        self.try_call(method, path, body).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(&body.to_string())).await
    }

    /// Registers a cluster without the weekly repair.
    pub async fn cluster(&self, name: &str) -> String {
        let body = json!({"name": name, "host": "10.0.0.1", "auth_token": "token", "without_repair": true});
        self.post("/clusters", body).await.is(201, "").id()
    }

    /// Creates a task in the cluster `c`; returns its path.
    pub async fn task(&self, body: Value) -> String {
        let kind = body["type"].as_str().unwrap().to_owned();
        let id = self.post("/cluster/c/tasks", body).await.is(201, "").id();
        format!("/cluster/c/task/{kind}/{id}")
    }

    /// The list item of a task of the cluster `c`.
    pub async fn item(&self, path: &str) -> Value {
        let id = path.rsplit('/').next().unwrap();
        let list = self.get(&format!("/cluster/c/tasks?all=true&task_id={id}")).await.json();
        list[0].clone()
    }

    pub fn advance(&self, seconds: u64) {
        self.manager.advance_clock(Duration::from_secs(seconds));
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
