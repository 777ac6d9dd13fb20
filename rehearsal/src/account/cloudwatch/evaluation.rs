//! How alarms get into their state: period by period, as far as time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::State;
use super::alarm::{AlarmState, MetricAlarm, MissingData, Record, Watched};
use super::metric::{KEPT_SECONDS, Metrics, Span};

impl State {
    /// Brings every alarm to where it is now. A period is evaluated when all its samples can be seen.
    pub(super) fn evaluate(&mut self, now: Timestamp, delay: Duration) {
        let delay = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX);
        let seen_until = now.as_second().saturating_sub(delay);
        for record in self.alarms.values_mut() {
            // What nobody looked at while its samples were forgotten cannot be evaluated any more.
            record.evaluated = record.evaluated.max(seen_until - KEPT_SECONDS);
        }
        while let Some(end) = self.next_end().filter(|end| *end <= seen_until) {
            let at = Timestamp::from_second(end.saturating_add(delay)).unwrap_or(now);
            for record in self.alarms.values_mut() {
                evaluate_metric(record, &self.metrics, end, at);
            }
            self.evaluate_composites(at);
        }
        self.evaluate_composites(now);
    }

    /// When the next period of any alarm ends.
    fn next_end(&self) -> Option<i64> {
        let ends = self
            .alarms
            .values()
            .filter_map(|record| match &record.alarm.watched {
                Watched::Metric(metric) if !record.is_fixed => Some(next(record, metric)),
                _ => None,
            });
        ends.min()
    }

    /// Composite alarms may watch others: as many rounds as there are alarms settle them, and one that watches
    /// itself ends with them.
    fn evaluate_composites(&mut self, at: Timestamp) {
        for _ in 0..self.alarms.len() {
            let states: BTreeMap<String, AlarmState> = self
                .alarms
                .iter()
                .map(|(name, record)| (name.clone(), record.state))
                .collect();
            let mut has_changed = false;
            for record in self.alarms.values_mut().filter(|it| !it.is_fixed) {
                has_changed |= evaluate_composite(record, &states, at);
            }
            if !has_changed {
                return;
            }
        }
    }
}

/// When an alarm's next period ends.
fn next(record: &Record, metric: &MetricAlarm) -> i64 {
    let period = metric.period_seconds();
    record
        .evaluated
        .div_euclid(period)
        .saturating_add(1)
        .saturating_mul(period)
}

fn evaluate_metric(record: &mut Record, metrics: &Metrics, end: i64, at: Timestamp) {
    let Watched::Metric(alarm) = &record.alarm.watched else {
        return;
    };
    if record.is_fixed || next(record, alarm) != end {
        return;
    }
    record.evaluated = end;
    let (state, reason) = judge(alarm, metrics, end, record.state);
    if state != record.state {
        record.set(state, reason, at);
    }
}

/// The state of an alarm at the end of a period, and AWS's sentence for it.
fn judge(
    alarm: &MetricAlarm,
    metrics: &Metrics,
    end: i64,
    before: AlarmState,
) -> (AlarmState, String) {
    let period = alarm.period_seconds();
    let looked_at = i64::from(alarm.evaluation_periods.max(1));
    let span = Span {
        start: end.saturating_sub(period.saturating_mul(looked_at)),
        end,
        period,
        hidden_from: end,
    };
    let periods = metrics.periods(&alarm.metric, None, span);
    let values: Vec<(i64, f64)> = periods
        .iter()
        .map(|(begin, samples)| (*begin, alarm.statistic.of(samples)))
        .collect();
    let missing = usize::try_from(looked_at).unwrap_or(usize::MAX) - values.len();
    let beyond: Vec<&(i64, f64)> = values
        .iter()
        .filter(|(_, value)| alarm.comparison.is_beyond(*value, alarm.threshold))
        .collect();
    let needed = usize::try_from(alarm.datapoints_to_alarm.max(1)).unwrap_or(usize::MAX);
    let counted = match alarm.missing {
        MissingData::Breaching => beyond.len() + missing,
        _ => beyond.len(),
    };
    let nothing = values.is_empty();
    let state = match alarm.missing {
        _ if counted >= needed => AlarmState::Alarm,
        MissingData::Ignore if nothing => before,
        MissingData::Missing if nothing => AlarmState::InsufficientData,
        _ => AlarmState::Ok,
    };
    let reason = match state {
        _ if nothing => format!(
            "no datapoints were received for {looked_at} period{} and {looked_at} missing datapoint{} treated as [{}].",
            if looked_at == 1 { "" } else { "s" },
            if looked_at == 1 { " was" } else { "s were" },
            alarm.missing.name()
        ),
        AlarmState::Alarm => crossed(alarm, looked_at, &beyond, "was", "OK -> ALARM"),
        _ => {
            let within: Vec<&(i64, f64)> = values
                .iter()
                .filter(|(_, value)| !alarm.comparison.is_beyond(*value, alarm.threshold))
                .collect();
            crossed(alarm, looked_at, &within, "was not", "ALARM -> OK")
        }
    };
    (state, format!("Threshold Crossed: {reason}"))
}

fn crossed(
    alarm: &MetricAlarm,
    looked_at: i64,
    points: &[&(i64, f64)],
    verb: &str,
    transition: &str,
) -> String {
    let shown: Vec<String> = points
        .iter()
        .rev()
        .map(|(begin, value)| {
            let at = Timestamp::from_second(*begin).unwrap_or_default();
            format!("{value:?} ({})", at.strftime("%d/%m/%y %H:%M:%S"))
        })
        .collect();
    format!(
        "{} out of the last {looked_at} datapoints [{}] {verb} {} the threshold ({:?}) (minimum {} datapoint for {transition} \
         transition).",
        points.len(),
        shown.join(", "),
        alarm.comparison.words(),
        alarm.threshold,
        alarm.datapoints_to_alarm
    )
}

/// True if its state is another now.
fn evaluate_composite(
    record: &mut Record,
    states: &BTreeMap<String, AlarmState>,
    at: Timestamp,
) -> bool {
    let is_on = |name: &String| states.get(name) == Some(&AlarmState::Alarm);
    let (on, watched) = match &record.alarm.watched {
        Watched::Metric(_) => return false,
        Watched::AnyOf(names) => (names.iter().any(is_on), names),
        Watched::AllOf(names) => (!names.is_empty() && names.iter().all(is_on), names),
    };
    let state = if on {
        AlarmState::Alarm
    } else {
        AlarmState::Ok
    };
    if state == record.state {
        return false;
    }
    let firing: Vec<&str> = watched
        .iter()
        .filter(|it| is_on(it))
        .map(String::as_str)
        .collect();
    let reason = if on {
        format!("{} transitioned to ALARM", firing.join(", "))
    } else {
        "The rule of the composite alarm is not met".to_owned()
    };
    record.set(state, reason, at);
    true
}
