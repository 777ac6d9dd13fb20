//! Amazon CloudWatch: the states of alarms, and the data points of metrics.
//!
//! Both are listed to their end within bounds. CloudWatch answers with success even where it gives only a part of
//! the data or none of it; what it says of that goes along with the data.

use aws_sdk_cloudwatch::types::{
    self, AlarmType, Dimension, MetricDataQuery, MetricStat, ScanBy, StatusCode,
};
use greenlight_core::{
    gate::{Alarm, Series},
    target::check::{AlarmsCheck, MetricQuery},
};
use jiff::Timestamp;

use crate::{AwsError, Clients, Kind, error::failed, sdk_time, timestamp};

/// Of one listing, so many pages are read at the most.
const PAGES_LIMIT: usize = 20;
/// Of one metric, so many data points.
const POINTS_LIMIT: usize = 5000;
/// Of one answer, so many messages.
const MESSAGES_LIMIT: usize = 5;
/// Why an alarm is in its state: CloudWatch says it in up to 1023 characters.
const REASON_LIMIT: usize = 1023;

/// The alarms of these names, metric alarms and composite ones, 100 at the most. One that is not there is not among
/// them.
pub async fn alarms(clients: &Clients, names: &[String]) -> Result<Vec<Alarm>, AwsError> {
    let names = &names[..names.len().min(AlarmsCheck::MAX_NAMES)];
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut alarms = Vec::new();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = clients
            .cloudwatch
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            // Without it only metric alarms are told of.
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(100)
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "cloudwatch:DescribeAlarms",
                format!("CloudWatch alarms `{}`", names.join("`, `")),
            ))?;
        alarms.extend(page.metric_alarms().iter().map(of_metric));
        alarms.extend(page.composite_alarms().iter().map(composite));
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() {
            break;
        }
    }
    Ok(alarms)
}

fn of_metric(alarm: &types::MetricAlarm) -> Alarm {
    let since = alarm.state_transitioned_timestamp();
    Alarm {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        state: state(alarm.state_value()),
        reason: reason(alarm.state_reason()),
        since: since
            .or(alarm.state_updated_timestamp())
            .and_then(timestamp),
    }
}

fn composite(alarm: &types::CompositeAlarm) -> Alarm {
    let since = alarm.state_transitioned_timestamp();
    Alarm {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        state: state(alarm.state_value()),
        reason: reason(alarm.state_reason()),
        since: since
            .or(alarm.state_updated_timestamp())
            .and_then(timestamp),
    }
}

fn state(state: Option<&types::StateValue>) -> String {
    state
        .map_or("UNKNOWN", types::StateValue::as_str)
        .to_owned()
}

fn reason(reason: Option<&str>) -> String {
    let reason = reason.unwrap_or_default();
    reason.chars().take(REASON_LIMIT).collect()
}

/// The data points of metrics from `from` (included) to `to` (not included), a series for each query, oldest first.
/// Variables in the queries have to be replaced before.
pub async fn metric_data(
    clients: &Clients,
    queries: &[MetricQuery],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Series>, AwsError> {
    const ACTION: &str = "cloudwatch:GetMetricData";
    let mut series = vec![Series::default(); queries.len()];
    // CloudWatch refuses a window without length.
    if queries.is_empty() || from >= to {
        return Ok(series);
    }
    let asked = queries.iter().enumerate().map(|(index, query)| {
        MetricDataQuery::builder()
            .id(id(index))
            .metric_stat(metric_stat(query))
            .return_data(true)
            .build()
    });
    let asked: Vec<_> = asked.collect();
    let mut status = vec![None; queries.len()];
    let mut next_token = None;
    for page_number in 1..=PAGES_LIMIT {
        let page = clients
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(asked.clone()))
            .start_time(sdk_time(from))
            .end_time(sdk_time(to))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(ACTION, resource(queries)))?;
        for message in page.messages() {
            for it in &mut series {
                note(it, message);
            }
        }
        for result in page.metric_data_results() {
            let index = (0..queries.len()).find(|index| result.id() == Some(id(*index).as_str()));
            let Some((index, it)) = index.and_then(|index| Some((index, series.get_mut(index)?)))
            else {
                continue;
            };
            let points = result.timestamps().iter().zip(result.values());
            let points = points.filter_map(|(at, value)| Some((timestamp(at)?, *value)));
            it.points.extend(points);
            for message in result.messages() {
                note(it, message);
            }
            status[index] = result.status_code().cloned();
        }
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() {
            break;
        }
        if page_number == PAGES_LIMIT {
            let message = format!("only the first {PAGES_LIMIT} pages of the data were read");
            for it in &mut series {
                it.add_note(&message);
            }
        }
    }
    for (index, it) in series.iter_mut().enumerate() {
        conclude(it, status[index].as_ref()).map_err(|(kind, message)| {
            let resource = resource(&queries[index..=index]);
            AwsError::unusable(ACTION, resource, kind, None, message)
        })?;
    }
    Ok(series)
}

/// Looks at how CloudWatch ended the series, and puts it in order.
fn conclude(series: &mut Series, status: Option<&StatusCode>) -> Result<(), (Kind, String)> {
    let said = |what: &str, notes: &[String]| match notes {
        [] => what.to_owned(),
        notes => format!("{what}: {}", notes.join("; ")),
    };
    match status {
        Some(StatusCode::Forbidden) => {
            let message = said("CloudWatch answers Forbidden", &series.notes);
            return Err((Kind::Denied, message));
        }
        Some(StatusCode::InternalError) => {
            let message = said("CloudWatch answers InternalError", &series.notes);
            return Err((Kind::Unavailable, message));
        }
        Some(StatusCode::PartialData) => {
            series.add_note("CloudWatch gives only a part of the data");
        }
        _ => {}
    }
    series.points.sort_by_key(|(at, _)| *at);
    series.points.dedup_by_key(|(at, _)| *at);
    if series.points.len() > POINTS_LIMIT {
        let surplus = series.points.len() - POINTS_LIMIT;
        series.points.drain(..surplus);
        series.add_note(&format!(
            "only the last {POINTS_LIMIT} data points were kept"
        ));
    }
    Ok(())
}

fn note(series: &mut Series, message: &types::MessageData) {
    if series.notes.len() < MESSAGES_LIMIT {
        let said = [message.code(), message.value()].into_iter().flatten();
        series.add_note(&said.collect::<Vec<_>>().join(": "));
    }
}

/// Ids begin with a small letter (CloudWatch API reference, `MetricDataQuery`).
fn id(index: usize) -> String {
    format!("m{index}")
}

fn metric_stat(query: &MetricQuery) -> MetricStat {
    let dimensions = query.dimensions.iter();
    let dimensions =
        dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = types::Metric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.metric)
        .set_dimensions(Some(dimensions.collect()));
    MetricStat::builder()
        .metric(metric.build())
        .period(i32::try_from(query.period.as_secs()).unwrap_or(i32::MAX))
        .stat(&query.statistic)
        .build()
}

fn resource(queries: &[MetricQuery]) -> String {
    let named = queries.iter().map(ToString::to_string);
    format!(
        "CloudWatch metric `{}`",
        named.collect::<Vec<_>>().join("`, `")
    )
}

#[cfg(test)]
mod tests;
