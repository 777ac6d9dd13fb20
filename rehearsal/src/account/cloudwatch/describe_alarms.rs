//! The call `DescribeAlarms`, with its filters and pages.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::alarm::{MetricAlarm, Record, Watched};
use super::{Account, Members, ServiceError, Statistic, epoch};

/// `MaxRecords`, and how many names there may be (CloudWatch API reference). What a page has without it is not
/// said there; a client that takes one page for all is found out by fewer.
const MOST_RECORDS: usize = 100;
const USUAL_RECORDS: usize = 50;

pub(super) fn describe_alarms(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    input.only(&[
        "AlarmNames",
        "AlarmNamePrefix",
        "AlarmTypes",
        "StateValue",
        "MaxRecords",
        "NextToken",
    ])?;
    let names = input.strings("AlarmNames")?;
    let prefix = input.optional_string("AlarmNamePrefix")?;
    if names.len() > MOST_RECORDS {
        return Err(ServiceError::validation(
            "AlarmNames must have at most 100 items",
        ));
    }
    if !names.is_empty() && prefix.is_some() {
        return Err(ServiceError::validation(
            "AlarmNames and AlarmNamePrefix cannot be given together",
        ));
    }
    let types = input.strings("AlarmTypes")?;
    if let Some(unknown) = types
        .iter()
        .find(|it| !["CompositeAlarm", "MetricAlarm"].contains(it))
    {
        return Err(ServiceError::validation(format!(
            "The simulated account has no alarms of type {unknown}"
        )));
    }
    let value = input.optional_string("StateValue")?;
    let size = match input.optional_integer("MaxRecords")? {
        None => USUAL_RECORDS,
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=MOST_RECORDS).contains(size))
            .ok_or_else(|| ServiceError::validation("MaxRecords must be between 1 and 100"))?,
    };
    // The name of the last alarm of the page before.
    let after = input.optional_string("NextToken")?;
    let now = account.clock().now();
    let mut state = account.state();
    let cloudwatch = &mut state.cloudwatch;
    cloudwatch.evaluate(now, account.settings().metric_delay);
    if let Some(token) = after.filter(|it| !cloudwatch.alarms.contains_key(*it)) {
        return Err(ServiceError::new(
            "InvalidNextToken",
            format!("The token {token} is not one of ours"),
        ));
    }
    let wanted = |record: &&Record| {
        let alarm = &record.alarm;
        // Without types only metric alarms are meant (CloudWatch API reference).
        let kind = match alarm.watched {
            Watched::Metric(_) => types.is_empty() || types.contains(&"MetricAlarm"),
            _ => types.contains(&"CompositeAlarm"),
        };
        kind && (names.is_empty() || names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && value.is_none_or(|value| record.state.name() == value)
            && after.is_none_or(|after| alarm.name.as_str() > after)
    };
    let mut found = cloudwatch.alarms.values().filter(wanted).peekable();
    let page: Vec<&Record> = found.by_ref().take(size).collect();
    let (mut metric_alarms, mut composite_alarms) = (Vec::new(), Vec::new());
    for record in &page {
        let described = describe(account, record);
        match record.alarm.watched {
            Watched::Metric(_) => metric_alarms.push(described),
            _ => composite_alarms.push(described),
        }
    }
    let mut output = json!({"MetricAlarms": metric_alarms, "CompositeAlarms": composite_alarms});
    if let (Some(last), Some(_)) = (page.last(), found.peek()) {
        output["NextToken"] = last.alarm.name.as_str().into();
    }
    Ok(output)
}

fn describe(account: &Account, record: &Record) -> Value {
    let alarm = &record.alarm;
    let mut described = json!({
        "AlarmName": alarm.name,
        "AlarmArn": account.arn("cloudwatch", &format!("alarm:{}", alarm.name)),
        "AlarmConfigurationUpdatedTimestamp": epoch(record.configured_at),
        "ActionsEnabled": true,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "StateValue": record.state.name(),
        "StateReason": record.reason,
        "StateUpdatedTimestamp": epoch(record.updated_at),
        "StateTransitionedTimestamp": epoch(record.transitioned_at),
    });
    if let Some(description) = &alarm.description {
        described["AlarmDescription"] = description.as_str().into();
    }
    match &alarm.watched {
        Watched::Metric(metric) => describe_metric(&mut described, metric),
        Watched::AnyOf(names) => described["AlarmRule"] = rule(names, " OR ").into(),
        Watched::AllOf(names) => described["AlarmRule"] = rule(names, " AND ").into(),
    }
    described
}

fn describe_metric(described: &mut Value, alarm: &MetricAlarm) {
    let metric = &alarm.metric;
    let dimensions: Vec<Value> = metric
        .dimensions
        .iter()
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    described["Namespace"] = metric.namespace.as_str().into();
    described["MetricName"] = metric.name.as_str().into();
    described["Dimensions"] = dimensions.into();
    let statistic = match alarm.statistic {
        Statistic::Percentile(_) => "ExtendedStatistic",
        _ => "Statistic",
    };
    described[statistic] = alarm.statistic.name().into();
    described["Period"] = alarm.period_seconds().into();
    described["EvaluationPeriods"] = alarm.evaluation_periods.into();
    described["DatapointsToAlarm"] = alarm.datapoints_to_alarm.into();
    described["Threshold"] = alarm.threshold.into();
    described["ComparisonOperator"] = alarm.comparison.name().into();
    described["TreatMissingData"] = alarm.missing.name().into();
}

/// `ALARM("a") OR ALARM("b")`
fn rule(names: &[String], operator: &str) -> String {
    let mut rule = String::new();
    for (position, name) in names.iter().enumerate() {
        let operator = if position == 0 { "" } else { operator };
        // Writing to a string cannot fail.
        let _ = write!(rule, "{operator}ALARM(\"{name}\")");
    }
    rule
}
