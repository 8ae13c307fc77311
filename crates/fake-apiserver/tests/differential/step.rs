//! One call.

use serde_json::Value;

/// What of two answers is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Code and body.
    Whole,
    /// Code, and the body without the managers of fields: built-in kinds are Go structs, of which some fields
    /// exist even where nobody set them.
    WithoutManagers,
    /// Code and body, with the items of a list in any order: a real server answers some lists from a cache
    /// that has none.
    AnyOrder,
    /// The code alone, where the text speaks of Go's own decoders.
    Code,
}

/// One call, with the code that both servers must answer.
#[derive(Debug, Clone)]
pub struct Step {
    pub method: &'static str,
    pub path: String,
    pub kind: &'static str,
    pub accept: &'static str,
    pub body: String,
    pub code: u16,
    pub remember: Option<&'static str>,
    pub compare: Compare,
    /// Repeat until the code is the expected one: for what a real server does a moment later.
    pub polled: bool,
}

impl Step {
    pub fn new(method: &'static str, path: impl Into<String>, code: u16) -> Self {
        Self {
            method,
            path: path.into(),
            kind: "application/json",
            accept: "application/json",
            body: String::new(),
            code,
            remember: None,
            compare: Compare::Whole,
            polled: false,
        }
    }

    pub fn body(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    pub fn text(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// Keeps resource version, uid and continue token of the answer for `{name.uid}` and so on in later calls.
    pub fn remember(mut self, name: &'static str) -> Self {
        self.remember = Some(name);
        self
    }

    pub fn compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    pub fn polled(mut self) -> Self {
        self.polled = true;
        self
    }

    pub fn title(&self) -> String {
        let body: String = self.body.chars().take(160).collect();
        format!("{} {} {body}", self.method, self.path)
    }
}

pub fn get(path: impl Into<String>, code: u16) -> Step {
    Step::new("GET", path, code)
}

pub fn post(path: impl Into<String>, code: u16, body: &Value) -> Step {
    Step::new("POST", path, code).body(body)
}

pub fn put(path: impl Into<String>, code: u16, body: &Value) -> Step {
    Step::new("PUT", path, code).body(body)
}

pub fn delete(path: impl Into<String>, code: u16) -> Step {
    Step::new("DELETE", path, code)
}

pub fn merge(path: impl Into<String>, code: u16, body: &Value) -> Step {
    Step::new("PATCH", path, code).kind("application/merge-patch+json").body(body)
}

pub fn json_patch(path: impl Into<String>, code: u16, body: &Value) -> Step {
    Step::new("PATCH", path, code).kind("application/json-patch+json").body(body)
}

pub fn strategic(path: impl Into<String>, code: u16, body: &Value) -> Step {
    Step::new("PATCH", path, code).kind("application/strategic-merge-patch+json").body(body)
}

pub fn apply(path: impl Into<String>, code: u16, body: &Value) -> Step {
    Step::new("PATCH", path, code).kind("application/apply-patch+yaml").body(body)
}
