//! Log lines as JSON objects, with the id of the trace they belong to.

use std::fmt::{self, Debug};

use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, dispatcher};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Longest text of one field, in bytes. What comes from outside must not flood the log.
const LONGEST: usize = 8 * 1024;

/// `{"timestamp", "level", "target", "message", "fields"?, "spans"?, "trace_id"?}`, one object a line.
pub(super) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        line.insert("timestamp".to_owned(), time.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.remove("message").unwrap_or_default();
        line.insert("message".to_owned(), message);
        if !fields.0.is_empty() {
            line.insert("fields".to_owned(), fields.0.into());
        }
        let spans = spans(context);
        if !spans.is_empty() {
            line.insert("spans".to_owned(), spans.into());
        }
        if let Some(trace) = trace_id(context) {
            line.insert("trace_id".to_owned(), trace.into());
        }
        write_safely(&mut writer, &Value::Object(line))
    }
}

/// The spans of an event, outermost first, each with its fields.
fn spans<S, N>(context: &FmtContext<'_, S, N>) -> Vec<Value>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let scope = context.event_scope().into_iter().flat_map(|scope| scope.from_root());
    let describe = |span: tracing_subscriber::registry::SpanRef<'_, S>| {
        let extensions = span.extensions();
        let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str());
        let mut object: Map<String, Value> =
            fields.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        object.values_mut().for_each(|value| {
            if let Value::String(text) = value {
                shorten(text);
            }
        });
        object.insert("name".to_owned(), span.name().into());
        Value::Object(object)
    };
    scope.map(describe).collect()
}

fn trace_id<S, N>(context: &FmtContext<'_, S, N>) -> Option<String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let span = context.lookup_current()?.id();
    let otel = dispatcher::get_default(|dispatch| get_otel_context(&span, dispatch))?;
    let span = otel.span();
    let id = span.span_context();
    id.is_valid().then(|| id.trace_id().to_string())
}

/// Writes JSON in which no character can move a cursor or turn the direction of writing around. What JSON
/// itself does not escape is escaped here, so that a parser reads back what was logged.
fn write_safely(writer: &mut Writer<'_>, line: &Value) -> fmt::Result {
    for character in line.to_string().chars() {
        if is_hostile(character) {
            write!(writer, "\\u{:04x}", u32::from(character))?;
        } else {
            writer.write_char(character)?;
        }
    }
    writer.write_char('\n')
}

/// DEL, C1 controls, line separators, and marks of bidirectional text.
fn is_hostile(character: char) -> bool {
    matches!(character,
        '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shorten(text: &mut String) {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, field: &Field, mut text: String) {
        shorten(&mut text);
        self.0.insert(field.name().to_owned(), text.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests;
