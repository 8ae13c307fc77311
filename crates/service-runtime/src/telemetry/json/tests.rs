use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written while `log` runs.
fn written(log: impl FnOnce()) -> String {
    let sink = Sink::default();
    let writer = sink.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .fmt_fields(JsonFields::new())
        .event_format(Lines);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
    let bytes = sink.0.lock().clone();
    String::from_utf8(bytes).expect("UTF-8")
}

fn parsed(text: &str) -> Value {
    assert_eq!(text.matches('\n').count(), 1, "one line: {text:?}");
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_line_is_an_object_with_its_spans() {
    let text = written(|| {
        let _outer = tracing::info_span!("pass", key = "a/b", attempt = 3).entered();
        let _inner = tracing::info_span!("apply").entered();
        tracing::warn!(code = 429, done = false, share = 0.5, who = "Manager", "busy");
    });
    let line = parsed(&text);
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["message"], "busy");
    assert_eq!(line["fields"], json!({"code": 429, "done": false, "share": 0.5, "who": "Manager"}));
    assert_eq!(line["spans"], json!([{"name": "pass", "key": "a/b", "attempt": 3}, {"name": "apply"}]));
    assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
    assert_eq!(line.get("trace_id"), None, "there is no trace here");
}

#[test]
fn hostile_text_is_escaped_and_survives_a_parser() {
    let hostile = "a\nb\u{1b}[31m\u{9b}2J\u{202e}evil\u{2028}\u{7f}\"}";
    let text = written(|| {
        let _span = tracing::info_span!("pass", key = hostile).entered();
        tracing::info!(name = hostile, "{hostile}");
    });
    let raw = text.trim_end_matches('\n');
    assert!(raw.chars().all(|c| !c.is_control() && !is_hostile(c)), "{raw:?}");
    let line = parsed(&text);
    assert_eq!(line["message"], hostile);
    assert_eq!(line["fields"]["name"], hostile);
    assert_eq!(line["spans"][0]["key"], hostile);
}

#[test]
fn long_text_is_cut_at_a_character() {
    let long = "ä".repeat(LONGEST);
    let text = written(|| tracing::info!(long, "cut"));
    let line = parsed(&text);
    let kept = line["fields"]["long"].as_str().expect("text");
    assert!(kept.len() <= LONGEST + '…'.len_utf8() && kept.ends_with("ä…"), "{} bytes", kept.len());
}
