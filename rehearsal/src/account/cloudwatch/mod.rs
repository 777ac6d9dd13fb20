//! CloudWatch: metrics that the load balancers' real requests feed, and alarms on them.
//!
//! Samples are kept by the second, for as long as CloudWatch keeps them that fine. Alarms are not evaluated
//! by a clock: whoever looks finds them as they would have become by then, with the times of their changes.

mod alarm;
mod describe_alarms;
mod evaluation;
mod get_metric_data;
mod metric;
mod statistic;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Account, Members, ServiceError, epoch};
use alarm::Record;
pub use alarm::{Alarm, AlarmState, Comparison, MetricAlarm, MissingData, Watched};
use metric::Metrics;
pub(crate) use metric::{MetricId, Sample, Unit};
pub use statistic::Statistic;

/// Every metric and alarm.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) metrics: Metrics,
    alarms: BTreeMap<String, Record>,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let result = match operation {
        "DescribeAlarms" => describe_alarms::describe_alarms(account, members),
        "GetMetricData" => get_metric_data::get_metric_data(account, members),
        _ => Err(ServiceError::unknown_operation("cloudwatch", operation)),
    };
    // The name that the query protocol had for it, which CloudWatch still uses.
    result.map_err(|error| match error.code.as_str() {
        "ValidationException" => ServiceError::new("ValidationError", error.message),
        _ => error,
    })
}

impl Account {
    /// Adds a sample to a metric, as of now. Only finite numbers count, as in `PutMetricData`.
    pub fn put_metric_data(
        &self,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        value: f64,
    ) {
        let id = MetricId::new(namespace, metric, dimensions);
        let sample = Sample {
            at: self.clock().now(),
            value,
            unit: Unit::None,
        };
        self.state().cloudwatch.metrics.record(id, sample);
    }

    /// Creates an alarm, or replaces the one of that name. It has insufficient data until it is evaluated at the
    /// end of the next period.
    pub fn put_alarm(&self, alarm: Alarm) {
        let now = self.clock().now();
        let mut state = self.state();
        let cloudwatch = &mut state.cloudwatch;
        cloudwatch.evaluate(now, self.settings().metric_delay);
        let name = alarm.name.clone();
        cloudwatch.alarms.insert(name, Record::new(alarm, now));
    }

    /// Puts an alarm into a state in which it stays. False if there is no such alarm.
    pub fn set_alarm_state(&self, name: &str, value: AlarmState, reason: &str) -> bool {
        let now = self.clock().now();
        let mut state = self.state();
        let cloudwatch = &mut state.cloudwatch;
        cloudwatch.evaluate(now, self.settings().metric_delay);
        let Some(record) = cloudwatch.alarms.get_mut(name) else {
            return false;
        };
        record.set(value, reason.to_owned(), now);
        record.is_fixed = true;
        true
    }
}
