//! Counts of calls, for Prometheus.

use crate::error::Error;
use crate::operation::Entry;
use crate::shape::Payload;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    class: &'static str,
}

/// Counters of calls.
#[derive(Debug)]
pub(crate) struct Metrics {
    calls: Family<CallLabels, Counter>,
    seconds: Family<ClassLabels, Histogram, fn() -> Histogram>,
}

fn buckets() -> Histogram {
    Histogram::new([0.000_05, 0.000_2, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0])
}

impl Metrics {
    /// Registers the counters.
    #[must_use]
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let calls = Family::<CallLabels, Counter>::default();
        let seconds = Family::<ClassLabels, Histogram, fn() -> Histogram>::new_with_constructor(buckets);
        registry.register("custos_calls", "Calls by operation and code", calls.clone());
        registry.register("custos_call_seconds", "Time to answer, by class of operation", seconds.clone());
        Self { calls, seconds }
    }

    /// Counts an answer.
    pub(crate) fn record(
        &self,
        entry: Option<&'static Entry>,
        result: &Result<Payload, Error>,
        took: Duration,
    ) {
        let operation = entry.map_or("unknown", |entry| entry.name);
        let code = result.as_ref().map_or_else(Error::code, |_| "0");
        self.calls.get_or_create(&CallLabels { operation, code }).inc();
        let class = entry.map_or("unknown", |entry| entry.class.as_str());
        self.seconds.get_or_create(&ClassLabels { class }).observe(took.as_secs_f64());
    }
}
