//! A CloudWatch metric: of green, and of what it is compared with.
//!
//! Only whole periods count, and only those since the deployment began: earlier ones say nothing of the new image.
//! Before the tasks are installed there is nothing new yet, so there the window reaches back as far as it is long.

use futures_util::future::try_join;
use greenlight_aws::{AwsError, Clients, cloudwatch, elbv2};
use greenlight_core::{
    gate::{Measurement, Names, Side, measure_metric, queries, with_names},
    target::{
        GatePoint,
        check::{Baseline, MetricCheck, MetricExpectation, MetricQuery},
    },
};
use jiff::{SignedDuration, Timestamp};

use super::{super::blue::NoBlue, Instruments};

/// From when (included) to when (not included) data points are asked for.
type Window = (Timestamp, Timestamp);

impl Instruments<'_> {
    pub(super) async fn measure_metric(
        &self,
        check: &MetricCheck,
    ) -> Result<Measurement, AwsError> {
        let clients = &self.green.clients;
        let now = self.deployer.clock.now();
        let began_at = match self.about.point {
            GatePoint::BeforeInstall => Timestamp::MIN,
            _ => self.about.began_at,
        };
        let window = window(check, now, began_at);
        if window.0 >= window.1 {
            return Ok(Measurement::pending(format!(
                "no whole period of {} s is over since the deployment began",
                seconds(check)
            )));
        }
        let names = match self.names(check).await? {
            Ok(names) => names,
            Err(none) => return Ok(none),
        };
        let asked = match resolved(check, &names.green) {
            Ok(queries) => queries,
            Err(variable) => return Ok(stands_for_nothing(variable, "green")),
        };
        let said = said(check, &asked);
        let (green, baseline) = match &check.expect {
            MetricExpectation::Limits { .. } => (side(clients, check, &asked, window).await?, None),
            MetricExpectation::NoWorse(comparison) => {
                let (theirs, then) = match comparison.with {
                    Baseline::Previous => (Ok(asked.clone()), previous(check, began_at.min(now))),
                    Baseline::Blue => (resolved(check, &names.blue), window),
                };
                let theirs = match theirs {
                    Ok(queries) => queries,
                    Err(variable) => return Ok(stands_for_nothing(variable, "blue")),
                };
                let (green, baseline) = try_join(
                    side(clients, check, &asked, window),
                    side(clients, check, &theirs, then),
                )
                .await?;
                (green, Some(baseline))
            }
        };
        Ok(measure_metric(check, &said, &green, baseline.as_ref()))
    }

    /// What the variables of the check stand for, on each side; only what is needed is looked up.
    async fn names(&self, check: &MetricCheck) -> Result<Result<Both, Measurement>, AwsError> {
        let uses = |variable: &str| queries(check).iter().any(|query| query.names(variable));
        let needs_balancer = uses(MetricQuery::LOAD_BALANCER);
        let mut both = Both::default();
        for names in [&mut both.green, &mut both.blue] {
            names.cluster.clone_from(&self.green.service.cluster);
            names.service.clone_from(&self.green.service.name);
        }
        let blue = if check.compares_with_blue() {
            match self.green.blue_target_group().await? {
                Ok(group) => Some(group),
                Err(NoBlue(why)) => return Ok(Err(Measurement::error(why).for_good())),
            }
        } else {
            None
        };
        let green = if needs_balancer || uses(MetricQuery::TARGET_GROUP) {
            match self.green.look().await? {
                Ok(seen) => seen.target_groups.into_iter().next(),
                Err(gone) => return Ok(Err(gone)),
            }
        } else {
            None
        };
        let (mut of_green, mut of_blue) = (None, None);
        if needs_balancer {
            of_green = self.load_balancer(green.as_deref()).await?;
            of_blue = self.load_balancer(blue.as_deref()).await?;
        }
        let dimension = |arn: &Option<String>| {
            let arn = arn.as_deref();
            arn.map(|arn| elbv2::dimension_of(arn).to_owned())
        };
        // Before traffic reaches green, no listener leads to its target group; it will be the same load balancer.
        both.green.load_balancer = dimension(&of_green).or_else(|| dimension(&of_blue));
        both.blue.load_balancer = dimension(&of_blue).or_else(|| dimension(&of_green));
        both.green.target_group = dimension(&green);
        both.blue.target_group = dimension(&blue);
        Ok(Ok(both))
    }

    async fn load_balancer(&self, target_group: Option<&str>) -> Result<Option<String>, AwsError> {
        let Some(target_group) = target_group else {
            return Ok(None);
        };
        let found = elbv2::load_balancers_of(&self.green.clients, target_group).await?;
        Ok(found.into_iter().next())
    }
}

/// What variables stand for, on each side.
#[derive(Debug, Default)]
struct Both {
    green: Names,
    blue: Names,
}

async fn side(
    clients: &Clients,
    check: &MetricCheck,
    asked: &[MetricQuery],
    (from, to): Window,
) -> Result<Side, AwsError> {
    let series = cloudwatch::metric_data(clients, asked, from, to).await?;
    Ok(Side::of(check, series))
}

/// What is asked of CloudWatch; or the variable that stands for nothing.
fn resolved(check: &MetricCheck, names: &Names) -> Result<Vec<MetricQuery>, &'static str> {
    let queries = queries(check);
    queries
        .iter()
        .map(|query| with_names(query, names))
        .collect()
}

fn stands_for_nothing(variable: &str, side: &str) -> Measurement {
    let what = if variable == MetricQuery::LOAD_BALANCER {
        "in a target group to which a load balancer leads"
    } else {
        "in a target group"
    };
    Measurement::error(format!(
        "`{variable}` stands for nothing: the {side} tasks are not {what}"
    ))
    .for_good()
}

/// What is asked for green, for people.
fn said(check: &MetricCheck, asked: &[MetricQuery]) -> String {
    match (asked, &check.per) {
        ([value, per, ..], Some(_)) => format!("{value} per {} of {}", per.statistic, per.metric),
        ([value, ..], _) => value.to_string(),
        ([], _) => String::new(),
    }
}

/// The whole periods before `now`, so far back as the check looks, and since the deployment began.
fn window(check: &MetricCheck, now: Timestamp, began_at: Timestamp) -> Window {
    let period = seconds(check);
    let to = floor(now.as_second(), period);
    let begun = match floor(began_at.as_second(), period) {
        whole if whole == began_at.as_second() => whole,
        before => before.saturating_add(period),
    };
    let from = to.saturating_sub(length(check)).max(begun);
    (at(from.min(to)), at(to))
}

/// The window of the same length that ended when the deployment began.
fn previous(check: &MetricCheck, began_at: Timestamp) -> Window {
    let to = floor(began_at.as_second(), seconds(check));
    (at(to.saturating_sub(length(check))), at(to))
}

fn seconds(check: &MetricCheck) -> i64 {
    let period = SignedDuration::try_from(check.query.period);
    period.map_or(60, |period| period.as_secs().max(1))
}

/// How far back the check looks, in whole periods.
fn length(check: &MetricCheck) -> i64 {
    let window = SignedDuration::try_from(check.window);
    let window = window.map_or(300, |window| window.as_secs());
    floor(window, seconds(check)).max(seconds(check))
}

fn floor(seconds: i64, period: i64) -> i64 {
    seconds.saturating_sub(seconds.rem_euclid(period))
}

fn at(seconds: i64) -> Timestamp {
    let earliest = Timestamp::UNIX_EPOCH.as_second();
    Timestamp::from_second(seconds.max(earliest)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;

    fn time(text: &str) -> Timestamp {
        format!("2026-11-22T{text}Z").parse().unwrap()
    }

    fn check(window: u64, period: u64) -> MetricCheck {
        MetricCheck {
            query: MetricQuery {
                namespace: "AWS/ApplicationELB".to_owned(),
                metric: "RequestCount".to_owned(),
                dimensions: BTreeMap::from([("A".to_owned(), "$load_balancer".to_owned())]),
                statistic: "Sum".to_owned(),
                period: Duration::from_secs(period),
            },
            per: None,
            window: Duration::from_secs(window),
            expect: MetricExpectation::Limits {
                min: None,
                max: Some(1.0),
            },
        }
    }

    #[test]
    fn only_whole_periods_since_the_deployment_began_are_asked_for() {
        for (lengths, now, began_at, from, to) in [
            ((300, 60), "10:09:59", "09:00:00", "10:04:00", "10:09:00"),
            ((300, 60), "10:09:59", "10:05:30", "10:06:00", "10:09:00"),
            ((300, 60), "10:09:59", "10:05:00", "10:05:00", "10:09:00"),
            // No period is over yet.
            ((300, 60), "10:05:50", "10:05:30", "10:05:00", "10:05:00"),
            // A window that is no multiple of the period.
            ((100, 60), "10:09:00", "09:00:00", "10:08:00", "10:09:00"),
            ((30, 10), "10:09:59", "09:00:00", "10:09:20", "10:09:50"),
        ] {
            let check = check(lengths.0, lengths.1);
            let found = window(&check, time(now), time(began_at));
            assert_eq!(found, (time(from), time(to)), "{now} {began_at}");
        }
        let always = window(&check(300, 60), time("10:09:59"), Timestamp::MIN);
        assert_eq!(always, (time("10:04:00"), time("10:09:00")));
    }

    #[test]
    fn the_previous_window_is_as_long_and_ends_when_the_deployment_began() {
        let found = previous(&check(300, 60), time("10:05:30"));
        assert_eq!(found, (time("10:00:00"), time("10:05:00")));
    }

    #[test]
    fn a_variable_that_stands_for_nothing_decides_at_once() {
        let variable = resolved(&check(300, 60), &Names::default()).unwrap_err();
        let found = stands_for_nothing(variable, "green");
        assert!(found.is_final);
        assert_eq!(
            found.summary,
            "`$load_balancer` stands for nothing: the green tasks are not in a target group to which a load \
             balancer leads"
        );
    }

    #[test]
    fn what_was_asked_is_said_with_what_it_is_divided_by() {
        let mut check = check(300, 60);
        check.per = Some(MetricQuery {
            metric: "Orders".to_owned(),
            ..check.query.clone()
        });
        let names = Names {
            load_balancer: Some("app/mco/1".to_owned()),
            ..Names::default()
        };
        let asked = resolved(&check, &names).unwrap();
        assert_eq!(
            said(&check, &asked),
            "Sum of AWS/ApplicationELB RequestCount (A app/mco/1) per Sum of Orders"
        );
    }
}
