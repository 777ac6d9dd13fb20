//! Metric alarms, from their properties to CloudWatch's.

use serde_json::Value;

use super::Made;
use super::resources::{New, text, with};
use crate::account::cloudwatch::{Alarm, Comparison, MissingData, Statistic};

impl New<'_> {
    pub(super) fn alarm(&self) -> Result<Made, String> {
        let name = self.text("AlarmName")?;
        let refused = |property: &str| format!("{}.{property} is not rehearsed", self.id);
        let comparison = match self.text("ComparisonOperator")?.as_str() {
            "GreaterThanThreshold" => Comparison::GreaterThan,
            "GreaterThanOrEqualToThreshold" => Comparison::GreaterThanOrEqualTo,
            _ => return Err(refused("ComparisonOperator")),
        };
        let missing = match text(&self.properties["TreatMissingData"]).as_deref() {
            None | Some("missing") => MissingData::Missing,
            Some("notBreaching") => MissingData::NotBreaching,
            Some("breaching") => MissingData::Breaching,
            Some("ignore") => MissingData::Ignore,
            Some(_) => return Err(refused("TreatMissingData")),
        };
        let statistic = Statistic::parse(&self.text("Statistic")?);
        let statistic = statistic.ok_or_else(|| refused("Statistic"))?;
        let (namespace, metric) = (self.text("Namespace")?, self.text("MetricName")?);
        let dimensions = self.properties["Dimensions"]
            .as_array()
            .into_iter()
            .flatten();
        let dimensions: Option<Vec<(String, String)>> = dimensions
            .map(|it: &Value| Some((text(&it["Name"])?, text(&it["Value"])?)))
            .collect();
        let dimensions = dimensions.ok_or_else(|| refused("Dimensions"))?;
        let dimensions: Vec<(&str, &str)> = dimensions
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let threshold = self.number("Threshold")?;
        let mut alarm = Alarm::above(
            &name,
            (&namespace, &metric),
            &dimensions,
            statistic,
            threshold,
        );
        let (period, periods) = (self.seconds("Period")?, self.number("EvaluationPeriods")?);
        alarm.description = text(&self.properties["AlarmDescription"]);
        let alarm = alarm.watching(|it| {
            it.period = period;
            it.evaluation_periods = periods;
            it.datapoints_to_alarm = periods;
            it.comparison = comparison;
            it.missing = missing;
        });
        self.account.put_alarm(alarm);
        let arn = self.account.arn("cloudwatch", &format!("alarm:{name}"));
        Ok(with(name, [("Arn", arn)]))
    }
}
