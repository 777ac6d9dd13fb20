//! Metrics and their samples.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::statistic::Samples;

/// How long samples are kept: so long has CloudWatch those of periods below a minute.
pub(super) const KEPT_SECONDS: i64 = 3 * 60 * 60;

/// A metric: what CloudWatch tells metrics apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MetricId {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) dimensions: BTreeMap<String, String>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) at: Timestamp,
    pub(crate) value: f64,
    pub(crate) unit: Unit,
}

/// What a metric is counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Unit {
    #[default]
    None,
    Count,
    Seconds,
}

/// Every metric.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    series: BTreeMap<MetricId, Series>,
}

/// A metric's samples by the second.
#[derive(Debug, Default)]
struct Series {
    unit: Unit,
    seconds: BTreeMap<i64, Samples>,
}

/// A stretch of time, cut into periods. In seconds since the epoch; the end is not in it, but the whole of
/// the period is into which it falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) period: i64,
    /// The first second whose samples are not to be seen yet.
    pub(super) hidden_from: i64,
}

impl MetricId {
    pub(crate) fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
        }
    }
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Count => "Count",
            Self::Seconds => "Seconds",
        }
    }
}

impl Metrics {
    /// Adds a sample and forgets the oldest.
    pub(crate) fn record(&mut self, id: MetricId, sample: Sample) {
        if !sample.value.is_finite() {
            return;
        }
        let second = sample.at.as_second();
        let series = self.series.entry(id).or_default();
        series.unit = sample.unit;
        series.seconds.entry(second).or_default().add(sample.value);
        while let Some(oldest) = series.seconds.first_entry() {
            if *oldest.key() > second - KEPT_SECONDS {
                break;
            }
            oldest.remove();
        }
    }

    /// The samples of each period that has any, by the second at which it begins. A metric of another unit than
    /// the wanted one has none.
    pub(super) fn periods(
        &self,
        id: &MetricId,
        unit: Option<&str>,
        span: Span,
    ) -> BTreeMap<i64, Samples> {
        let mut periods: BTreeMap<i64, Samples> = BTreeMap::new();
        let series = self.series.get(id);
        let wanted = |series: &&Series| unit.is_none_or(|unit| series.unit.name() == unit);
        let Some(series) = series.filter(wanted) else {
            return periods;
        };
        for (second, samples) in series.seconds.range(span.start..) {
            let begin = span.start + (second - span.start) / span.period * span.period;
            if begin >= span.end || *second >= span.hidden_from {
                break;
            }
            periods.entry(begin).or_default().merge(samples);
        }
        periods
    }
}
