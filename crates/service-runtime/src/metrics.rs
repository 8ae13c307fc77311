//! The metrics registry of a process. Every name begins with `messina_`.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// Content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The registry of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Metrics {
    /// A registry with `messina_build_info{service, version}` in it.
    pub fn new(service: &'static str, version: &'static str) -> Self {
        let mut registry = Registry::with_prefix("messina");
        let build = Info::new([("service", service), ("version", version)]);
        registry.register("build", "Which build this process runs", build);
        Self(Arc::new(Mutex::new(registry)))
    }

    /// Registers metrics under `messina_COMPONENT_`; answers what `register` answers, usually the struct
    /// that holds them.
    pub fn component<T>(&self, component: &str, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(self.0.lock().sub_registry_with_prefix(component))
    }

    /// Registers metrics directly under `messina_`.
    pub fn root<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.0.lock())
    }

    /// All metrics in OpenMetrics text form.
    ///
    /// # Errors
    /// A metric cannot be written.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.lock())?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;

    use super::*;

    #[test]
    fn names_carry_the_prefix_and_the_component() {
        let metrics = Metrics::new("k8s-watcher", "1.2.3");
        let depth = metrics.component("feed", |registry| {
            let depth = Gauge::<i64>::default();
            registry.register("queue_depth", "Entries not sent yet", depth.clone());
            depth
        });
        depth.set(7);
        let text = metrics.encode().expect("encodes");
        assert!(text.contains("messina_build_info{service=\"k8s-watcher\",version=\"1.2.3\"} 1"), "{text}");
        assert!(text.contains("messina_feed_queue_depth 7"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
