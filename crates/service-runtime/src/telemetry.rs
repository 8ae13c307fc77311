//! Logs and traces of a process.
//!
//! Logs go to stderr. Traces go to an OTLP collector over gRPC when `OTEL_EXPORTER_OTLP_ENDPOINT` is set;
//! the sampler is the parent's decision, and always-on without a parent (`OTEL_TRACES_SAMPLER` changes
//! that). Spans of level info and above are traced whatever the log level is. Secrets never pass here.

mod json;

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanLimits};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt as log, reload};

use crate::args::{LogArgs, LogFormat};
use crate::config_error::ConfigErrors;
use crate::exit::Failure;

/// Names the collector of traces.
pub const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How long the last traces may take to leave the process.
const FLUSH: Duration = Duration::from_secs(3);

/// The logs and traces of a process, switched on. Cheap to clone; keep it until the end and then call
/// [`Telemetry::shutdown`].
#[derive(Debug, Clone)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    log_level: LogLevel,
}

impl Telemetry {
    /// Switches logs and traces on for the whole process. Needs a tokio runtime when traces are exported.
    ///
    /// # Errors
    /// A filter or an endpoint that cannot be understood, or a process whose logs are on already.
    pub fn init(service: &str, args: &LogArgs) -> Result<Self, Failure> {
        let endpoint = std::env::var(OTLP_ENDPOINT).ok().filter(|endpoint| !endpoint.is_empty());
        Self::init_with(service, args, endpoint.as_deref())
    }

    /// [`Telemetry::init`] with the collector given (`http://HOST:PORT`), or none.
    ///
    /// # Errors
    /// Those of [`Telemetry::init`].
    pub fn init_with(service: &str, args: &LogArgs, collector: Option<&str>) -> Result<Self, Failure> {
        let mut errors = ConfigErrors::new();
        let Some(filter) = filter(&args.log_level, &mut errors) else { return Err(errors.into()) };
        let traces = provider(service, collector)?;
        let (filter, handle) = reload::Layer::new(filter);
        let tracer = traces.tracer("messina");
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_filter(traced());
        let lines = lines(args.log_format, std::io::stderr().is_terminal());
        tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init()?;
        Ok(Self { traces, log_level: LogLevel::new(handle) })
    }

    /// Reads and changes what is logged.
    pub fn log_level(&self) -> LogLevel {
        self.log_level.clone()
    }

    /// Sends the traces that are still in the process, for at most 3 s. Logs go on.
    pub async fn shutdown(&self) {
        let traces = self.traces.clone();
        let flush = tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(FLUSH));
        let problem = match tokio::time::timeout(FLUSH, flush).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(problem, "the last traces may be lost");
    }
}

/// Reads and changes what is logged, at run time.
#[derive(Clone)]
pub struct LogLevel {
    handle: reload::Handle<EnvFilter, Registry>,
    /// Keeps a filter that was made for this handle alone.
    _filter: Option<Arc<reload::Layer<EnvFilter, Registry>>>,
}

impl LogLevel {
    fn new(handle: reload::Handle<EnvFilter, Registry>) -> Self {
        Self { handle, _filter: None }
    }

    /// One that nothing listens to: for processes and tests without [`Telemetry`].
    pub fn detached() -> Self {
        let (filter, handle) = reload::Layer::new(EnvFilter::default());
        Self { handle, _filter: Some(Arc::new(filter)) }
    }

    /// The filter that is in force.
    pub fn current(&self) -> String {
        self.handle.with_current(ToString::to_string).unwrap_or_else(|error| error.to_string())
    }

    /// Puts another filter in force.
    ///
    /// # Errors
    /// The text is not a filter; what was in force stays.
    pub fn set(&self, text: &str) -> Result<(), String> {
        let filter = parse(text)?;
        self.handle.reload(filter).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogLevel").field(&self.current()).finish()
    }
}

/// Reads what is to be logged; what is no filter goes to `errors`.
pub(crate) fn filter(text: &str, errors: &mut ConfigErrors) -> Option<EnvFilter> {
    let problem = match parse(text) {
        Ok(filter) => return Some(filter),
        Err(problem) => problem,
    };
    errors.add("--log-level", text, problem, "write a level (info) or directives (info,h2=warn)");
    None
}

fn parse(text: &str) -> Result<EnvFilter, String> {
    if text.trim().is_empty() {
        return Err("the filter is empty".to_owned());
    }
    EnvFilter::builder().parse(text).map_err(|error| error.to_string())
}

/// Which spans become part of traces. The exporter's own calls are left out: they would feed themselves.
fn traced() -> Targets {
    let own = [
        "h2",
        "hyper",
        "hyper_util",
        "opentelemetry",
        "opentelemetry_otlp",
        "opentelemetry_sdk",
        "tonic",
        "tower",
    ];
    Targets::new().with_default(LevelFilter::INFO).with_targets(own.map(|target| (target, LevelFilter::OFF)))
}

fn provider(service: &str, collector: Option<&str>) -> Result<SdkTracerProvider, Failure> {
    let Some(collector) = collector else {
        // Spans that nobody will see keep their ids, which propagate, and nothing else.
        let limits = SpanLimits {
            max_events_per_span: 0,
            max_attributes_per_span: 0,
            max_links_per_span: 0,
            max_attributes_per_event: 0,
            max_attributes_per_link: 0,
        };
        return Ok(SdkTracerProvider::builder().with_span_limits(limits).build());
    };
    if !collector.starts_with("http://") {
        let mut errors = ConfigErrors::new();
        errors.add(
            OTLP_ENDPOINT,
            collector,
            "not an endpoint for OTLP over gRPC in plain text",
            "write http://HOST:PORT; for a remote collector run an agent beside this process",
        );
        return Err(errors.into());
    }
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(collector).build()?;
    // The environment names the service when it wants to, as the OpenTelemetry standard has it.
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    let resource = match named {
        true => Resource::builder(),
        false => Resource::builder().with_service_name(service.to_owned()),
    };
    Ok(SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build())
}

/// Writes log lines. Control characters of a value never reach a terminal raw: both forms escape them.
fn lines<S>(format: Option<LogFormat>, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = log::layer().with_writer(std::io::stderr).with_ansi(terminal);
    match format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json }) {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.fmt_fields(JsonFields::new()).event_format(json::Lines).boxed(),
    }
}
