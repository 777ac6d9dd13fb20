//! The call `GetMetricData`, for metrics; expressions are not simulated.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::metric::Span;
use super::{Account, Members, MetricId, ServiceError, Statistic};

/// Limits of the call (CloudWatch API reference).
const MOST_QUERIES: usize = 500;
const MOST_DATAPOINTS: usize = 100_800;
const MOST_DIMENSIONS: usize = 30;

/// One of the metrics that are asked for.
struct Query {
    id: String,
    label: String,
    metric: MetricId,
    unit: Option<String>,
    statistic: Statistic,
    period: i64,
}

/// A data point: the second at which its period begins, and its value.
type Point = (i64, f64);

pub(super) fn get_metric_data(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    input.only(&[
        "MetricDataQueries",
        "StartTime",
        "EndTime",
        "NextToken",
        "ScanBy",
        "MaxDatapoints",
    ])?;
    let queries = read_queries(account, input.list("MetricDataQueries")?)?;
    let (start, end) = (time(input, "StartTime")?, time(input, "EndTime")?);
    if start >= end {
        return Err(ServiceError::validation(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let newest_first = match input.optional_string("ScanBy")? {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => return Err(invalid(&format!("ScanBy {other}"))),
    };
    let size = match input.optional_integer("MaxDatapoints")? {
        None => MOST_DATAPOINTS,
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=MOST_DATAPOINTS).contains(size))
            .ok_or_else(|| invalid(&format!("MaxDatapoints {size}")))?,
    };
    let skipped = match input.optional_string("NextToken")? {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| ServiceError::new("InvalidNextToken", "The token is not one of ours"))?,
    };
    let points: Vec<Vec<Point>> = queries
        .iter()
        .map(|query| query.points(account, start, end, newest_first))
        .collect();
    Ok(page(&queries, &points, skipped, size))
}

/// The data points of all queries, one after the other, cut into pages. Every page has every query.
fn page(queries: &[Query], points: &[Vec<Point>], skipped: usize, size: usize) -> Value {
    let (mut to_skip, mut left, mut is_over) = (skipped, size, true);
    let mut results = Vec::new();
    for (query, points) in queries.iter().zip(points) {
        let rest = points.get(to_skip..).unwrap_or_default();
        to_skip = to_skip.saturating_sub(points.len());
        let here = rest.get(..left).unwrap_or(rest);
        left -= here.len();
        let is_whole = here.len() == rest.len();
        is_over &= is_whole;
        let timestamps: Vec<Value> = here.iter().map(|(second, _)| seconds(*second)).collect();
        let values: Vec<f64> = here.iter().map(|(_, value)| *value).collect();
        results.push(json!({
            "Id": query.id,
            "Label": query.label,
            "Timestamps": timestamps,
            "Values": values,
            "StatusCode": if is_whole { "Complete" } else { "PartialData" },
        }));
    }
    let mut output = json!({"MetricDataResults": results, "Messages": []});
    if !is_over {
        output["NextToken"] = (skipped + size).to_string().into();
    }
    output
}

impl Query {
    fn points(&self, account: &Account, start: f64, end: f64, newest_first: bool) -> Vec<Point> {
        let settings = account.settings();
        let delay = i64::try_from(settings.metric_delay.as_secs()).unwrap_or(i64::MAX);
        // Down to the minute, or to where a period begins that is shorter than one.
        let unit = self.period.min(60);
        let span = Span {
            start: whole(start.floor()).div_euclid(unit) * unit,
            end: whole(end.ceil()),
            period: self.period,
            hidden_from: (account.clock().now().as_second() + 1).saturating_sub(delay),
        };
        let state = account.state();
        let metrics = &state.cloudwatch.metrics;
        let periods = metrics.periods(&self.metric, self.unit.as_deref(), span);
        let point = |(second, samples)| (second, self.statistic.of(&samples));
        let mut points: Vec<Point> = periods.into_iter().map(point).collect();
        if newest_first {
            points.reverse();
        }
        points
    }
}

fn read_queries(account: &Account, given: &[Value]) -> Result<Vec<Query>, ServiceError> {
    if given.is_empty() || given.len() > MOST_QUERIES {
        return Err(invalid("number of MetricDataQueries"));
    }
    let mut ids = BTreeSet::new();
    let mut queries = Vec::new();
    for query in given {
        let query = Members::of(query)?;
        let id = query.string("Id")?;
        let is_name = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
        let begins_well = id.starts_with(|it: char| it.is_ascii_lowercase());
        if !begins_well || id.len() > 255 || !id.bytes().all(is_name) {
            return Err(invalid(&format!("Id {id}")));
        }
        if !ids.insert(id) {
            return Err(ServiceError::validation(format!(
                "The values for parameter id in MetricDataQueries are not unique: {id}"
            )));
        }
        let read = read_query(account, id, query)?;
        if query.optional_bool("ReturnData")?.unwrap_or(true) {
            queries.push(read);
        }
    }
    if queries.is_empty() {
        return Err(ServiceError::validation(
            "At least one of the elements in MetricDataQueries must return data.",
        ));
    }
    Ok(queries)
}

fn read_query(account: &Account, id: &str, query: Members<'_>) -> Result<Query, ServiceError> {
    query.only(&["Id", "MetricStat", "Label", "ReturnData", "AccountId"])?;
    let own = &account.settings().account_id;
    if let Some(other) = query.optional_string("AccountId")?.filter(|it| it != own) {
        return Err(ServiceError::validation(format!(
            "The simulated account does not see the metrics of account {other}"
        )));
    }
    let missing = || ServiceError::validation("Missing required member: MetricStat");
    let stat = query
        .optional_structure("MetricStat")?
        .ok_or_else(missing)?;
    stat.only(&["Metric", "Period", "Stat", "Unit"])?;
    let missing = || ServiceError::validation("Missing required member: Metric");
    let metric = stat.optional_structure("Metric")?.ok_or_else(missing)?;
    metric.only(&["Namespace", "MetricName", "Dimensions"])?;
    let name = metric.string("MetricName")?;
    let dimensions = metric.optional_list("Dimensions")?.unwrap_or_default();
    if dimensions.len() > MOST_DIMENSIONS {
        return Err(invalid("number of Dimensions"));
    }
    let dimensions = dimensions.iter().map(|dimension| {
        let dimension = Members::of(dimension)?;
        Ok((dimension.string("Name")?, dimension.string("Value")?))
    });
    let dimensions: Vec<(&str, &str)> = dimensions.collect::<Result<_, ServiceError>>()?;
    let statistic = stat.string("Stat")?;
    Ok(Query {
        id: id.to_owned(),
        label: query.optional_string("Label")?.unwrap_or(name).to_owned(),
        metric: MetricId::new(metric.string("Namespace")?, name, &dimensions),
        unit: stat.optional_string("Unit")?.map(str::to_owned),
        statistic: Statistic::parse(statistic).ok_or_else(|| {
            let message = format!("The simulated account does not know the statistic {statistic}");
            ServiceError::validation(message)
        })?,
        period: period(stat)?,
    })
}

fn period(stat: Members<'_>) -> Result<i64, ServiceError> {
    let missing = || ServiceError::validation("Missing required member: Period");
    let period = stat.optional_integer("Period")?.ok_or_else(missing)?;
    let short = [1, 5, 10, 20, 30].contains(&period);
    if short || (period > 0 && period <= 86_400 && period % 60 == 0) {
        return Ok(period);
    }
    Err(ServiceError::validation(format!(
        "The value {period} for parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
    )))
}

fn time(input: Members<'_>, name: &str) -> Result<f64, ServiceError> {
    let missing = || ServiceError::validation(format!("Missing required member: {name}"));
    let time = input.optional_number(name)?.ok_or_else(missing)?;
    // The year 9999 and before the epoch there is nothing.
    (0.0..=253_402_300_799.0)
        .contains(&time)
        .then_some(time)
        .ok_or_else(|| invalid(name))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a time between 1970 and 9999"
)]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 fit in 53 bits"
)]
fn seconds(second: i64) -> Value {
    json!(second as f64)
}

fn invalid(what: &str) -> ServiceError {
    ServiceError::validation(format!("The request has an invalid {what}"))
}
