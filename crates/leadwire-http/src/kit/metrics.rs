//! What is counted of requests, and the page it is read from, in the OpenMetrics text format.
//!
//! Labels are bounded: a surface, a route's template, a method, a status. Never an id, an agency or an address.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub surface: &'static str,
    pub route: Arc<str>,
    pub method: &'static str,
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SurfaceLabel {
    pub surface: &'static str,
}

/// A figure of the process at this moment, given by whoever wired it together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stat {
    /// As in `store_queue_length`, without `leadwire_`.
    pub name: &'static str,
    pub help: &'static str,
    pub value: f64,
}

/// Where the figures come from.
pub type Stats = Arc<dyn Fn() -> Vec<Stat> + Send + Sync>;

#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<SurfaceLabel, Histogram>,
}

struct Figures(Stats);

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for stat in (self.0)() {
            let gauge = ConstGauge::new(stat.value);
            let metric = encoder.encode_descriptor(stat.name, stat.help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

impl Metrics {
    pub fn new(stats: Stats) -> Self {
        let mut registry = Registry::with_prefix("leadwire");
        let requests = Family::<RequestLabels, Counter>::default();
        let seconds = Family::<SurfaceLabel, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.0001, 2.0, 18)));
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Time from a request's head to its answer's head", seconds.clone());
        registry.register_collector(Box::new(Figures(stats)));
        Self { registry: Mutex::new(registry), requests, seconds }
    }

    pub fn observe(&self, labels: &RequestLabels, took: Duration) {
        self.seconds.get_or_create(&SurfaceLabel { surface: labels.surface }).observe(took.as_secs_f64());
        self.requests.get_or_create(labels).inc();
    }

    /// The page.
    pub fn page(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry.lock())?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_requests_and_the_figures_given() {
        let metrics = Metrics::new(Arc::new(|| vec![Stat { name: "index_documents", help: "Documents", value: 3.0 }]));
        let labels = RequestLabels { surface: "api", route: "/v1/leads".into(), method: "GET", status: 200 };
        metrics.observe(&labels, Duration::from_millis(1));
        let page = metrics.page().unwrap();
        assert!(page.contains(r#"leadwire_http_requests_total{surface="api",route="/v1/leads",method="GET",status="200"} 1"#), "{page}");
        assert!(page.contains("leadwire_index_documents 3.0"), "{page}");
        assert!(page.ends_with("# EOF\n"));
    }
}
