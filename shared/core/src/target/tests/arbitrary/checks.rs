//! Any gate that its point and its target's strategy can have.

mod http;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{json, strategies};
use crate::target::check::{
    AlarmsCheck, AlreadyOn, ApprovalCheck, Baseline, Check, CheckKind, Comparison, Ignored,
    LambdaCheck, MetricCheck, MetricExpectation, MetricQuery, OnNoData, Rules, ScanCheck, Worse,
};
use crate::target::{GatePoint, Gates, OneShotTask, Strategy as Deploy};

/// Those of the gates that the strategy has, with the checks that it can have and that fit into its time.
pub(super) fn of_strategy(gates: &Gates, deploy: &Deploy) -> Gates {
    let rolls = *deploy == Deploy::Rolling;
    let fit = |checks: &[Check]| {
        let mut left = match deploy {
            Deploy::CodeDeploy(_) => Duration::from_mins(55),
            Deploy::Native => Duration::from_hours(23),
            _ => Duration::from_mins(10),
        };
        let mut kept = Vec::new();
        for check in checks {
            let possible = match &check.kind {
                CheckKind::Http(http) => !http.needs_test_listener(),
                CheckKind::Metric(metric) => !metric.compares_with_blue(),
                CheckKind::Approval(_) => false,
                _ => true,
            };
            if (possible || !rolls) && check.timeout() <= left {
                left -= check.timeout();
                kept.push(check.clone());
            }
        }
        kept
    };
    gates
        .iter()
        .filter(|(point, _)| match deploy {
            Deploy::CodeDeploy(_) | Deploy::Native => true,
            Deploy::Rolling => *point == GatePoint::AfterTraffic,
            Deploy::Task(_) | Deploy::Pipeline(_) => false,
        })
        .map(|(point, checks)| (point, fit(checks)))
        .collect()
}

pub(super) fn gate() -> impl Strategy<Value = (GatePoint, Vec<Check>)> {
    let point = prop::sample::select(GatePoint::ALL.to_vec());
    (point, prop::collection::vec(check(), 0..5)).prop_map(|(point, mut checks)| {
        checks.retain(|check| check.impossible_at(point).is_none());
        (point, checks)
    })
}

fn check() -> impl Strategy<Value = Check> {
    let label = prop::option::of("[^\\pC]{1,60}");
    (kind(), label, written_rules()).prop_map(|(kind, label, written)| Check {
        rules: rules(&kind, &written),
        kind,
        label,
    })
}

fn kind() -> impl Strategy<Value = CheckKind> {
    prop_oneof![
        Just(CheckKind::Tasks),
        Just(CheckKind::Digest),
        Just(CheckKind::Targets),
        http::http().prop_map(CheckKind::Http).boxed(),
        http::http().prop_map(CheckKind::Http).boxed(),
        alarms(),
        metric().prop_map(CheckKind::Metric).boxed(),
        scan(),
        lambda(),
        strategies::task().prop_map(|task| CheckKind::Task(OneShotTask {
            cluster: None,
            task_definition: None,
            ..task
        })),
        (
            1..=ApprovalCheck::MAX_APPROVALS,
            prop::option::of("[^\\pC]{1,40}")
        )
            .prop_map(|(approvals, question)| CheckKind::Approval(ApprovalCheck {
                approvals,
                question
            })),
    ]
}

/// What a document may say of a check's rules.
#[derive(Debug, Clone)]
struct Written {
    interval: Option<Duration>,
    initial_delay: Option<Duration>,
    timeout: Option<Duration>,
    count: Option<u32>,
    limits: [Option<u32>; 2],
    in_a_row: Option<u32>,
    on_no_data: OnNoData,
    dry_run: bool,
}

fn written_rules() -> impl Strategy<Value = Written> {
    let between =
        |least: u64, most: u64| prop::option::of((least..=most).prop_map(Duration::from_millis));
    let limit = || prop::option::of(0..=Rules::MAX_LIMIT);
    (
        (
            between(100, 20_000),
            between(0, 60_000),
            between(1_000, 1_200_000),
        ),
        prop::option::of(1_u32..=50),
        [limit(), limit()],
        prop::option::of(1_u32..=50),
        prop::sample::select(OnNoData::ALL.to_vec()),
        any::<bool>(),
    )
        .prop_map(
            |((interval, initial_delay, timeout), count, limits, in_a_row, on_no_data, dry_run)| {
                Written {
                    interval,
                    initial_delay,
                    timeout,
                    count,
                    limits,
                    in_a_row,
                    on_no_data,
                    dry_run,
                }
            },
        )
}

/// The rules that a document with this means, made so that the check can pass.
fn rules(kind: &CheckKind, written: &Written) -> Rules {
    let in_a_row = written
        .in_a_row
        .map(|wanted| wanted.min(written.count.unwrap_or(wanted)));
    let usual = Rules::usual(kind).counting(written.count, in_a_row);
    let mut rules = Rules {
        interval: written.interval.unwrap_or(usual.interval),
        initial_delay: written.initial_delay.unwrap_or(usual.initial_delay),
        timeout: written.timeout.unwrap_or(usual.timeout),
        failure_limit: written.limits[0].or(usual.failure_limit),
        error_limit: written.limits[1].or(usual.error_limit),
        on_no_data: written.on_no_data,
        dry_run: written.dry_run,
        ..usual
    };
    let requests = match kind {
        CheckKind::Http(http) => http.load.as_ref().map(crate::target::check::Load::lasts),
        _ => None,
    };
    let one = rules.interval + requests.unwrap_or_default();
    let needed = rules.initial_delay + one * rules.fewest() + Duration::from_millis(1);
    rules.timeout = rules.timeout.max(needed);
    rules
}

fn alarms() -> impl Strategy<Value = CheckKind> {
    (
        prop::collection::hash_set("[^\\pC]{1,30}", 1..4),
        any::<bool>(),
    )
        .prop_map(|(names, ignores)| {
            CheckKind::Alarms(AlarmsCheck {
                names: names.into_iter().collect(),
                already_on: if ignores {
                    AlreadyOn::Ignore
                } else {
                    AlreadyOn::Fail
                },
            })
        })
}

fn lambda() -> impl Strategy<Value = CheckKind> {
    let parameters = prop::collection::vec(("[a-zA-Z ]{0,8}", json()), 0..3);
    ("[A-Za-z0-9:_$-]{1,40}", parameters).prop_map(|(function, parameters)| {
        let parameters: Map<String, Value> = parameters.into_iter().collect();
        let fits =
            Value::Object(parameters.clone()).to_string().len() <= LambdaCheck::MAX_PARAMETERS;
        CheckKind::Lambda(LambdaCheck {
            function,
            parameters: if fits { parameters } else { Map::new() },
        })
    })
}

fn scan() -> impl Strategy<Value = CheckKind> {
    let severity = prop::sample::select(ScanCheck::SEVERITIES.to_vec());
    let limits = prop::collection::btree_map(severity.prop_map(str::to_owned), 0_u32..100, 0..4);
    let date = (2000_i16..2100, 1_i8..=12, 1_i8..=28)
        .prop_map(|(year, month, day)| jiff::civil::date(year, month, day));
    let about = (prop::option::of(date), prop::option::of("[^\\pC]{1,40}"));
    let ignore = prop::collection::btree_map("CVE-[0-9]{4}-[0-9]{4}", about, 0..3);
    (limits, ignore).prop_map(|(limits, ignore)| {
        let ignore = ignore
            .into_iter()
            .map(|(id, (until, reason))| Ignored { id, until, reason });
        CheckKind::Scan(ScanCheck {
            limits,
            ignore: ignore.collect(),
        })
    })
}

fn metric() -> impl Strategy<Value = MetricCheck> {
    let period = prop::sample::select(vec![1_u64, 5, 10, 30, 60, 120, 300]);
    (
        (period, 1_u64..=60),
        query(),
        prop::option::of((query(), [any::<bool>(), any::<bool>(), any::<bool>()])),
        expectation(),
    )
        .prop_map(|((period, periods), mut query, per, expect)| {
            query.period = Duration::from_secs(period);
            let per = per.map(|(mut per, alike)| {
                per.period = query.period;
                if alike[0] {
                    per.namespace.clone_from(&query.namespace);
                }
                if alike[1] {
                    per.dimensions.clone_from(&query.dimensions);
                }
                if alike[2] {
                    per.statistic.clone_from(&query.statistic);
                }
                per
            });
            let mut check = MetricCheck {
                per,
                window: Duration::from_secs((period * periods).max(10)),
                query,
                expect,
            };
            if check.compares_with_blue() && !check.is_about_green() {
                let green = MetricQuery::TARGET_GROUP.to_owned();
                check.query.dimensions.insert("TargetGroup".into(), green);
            }
            check
        })
}

fn query() -> impl Strategy<Value = MetricQuery> {
    let value = prop_oneof![
        "[^$\\pC][^\\pC]{0,20}".boxed(),
        prop::sample::select(MetricQuery::VARIABLES.to_vec())
            .prop_map(str::to_owned)
            .boxed(),
    ];
    (
        "[A-Za-z/]{1,20}",
        "[A-Za-z0-9_]{1,20}",
        prop::collection::btree_map("[A-Za-z]{1,10}", value, 0..3),
        "Average|Sum|Maximum|p99|p99\\.9",
    )
        .prop_map(|(namespace, metric, dimensions, statistic)| MetricQuery {
            namespace,
            metric,
            dimensions: BTreeMap::clone(&dimensions),
            statistic,
            period: MetricCheck::DEFAULT_PERIOD,
        })
}

fn expectation() -> impl Strategy<Value = MetricExpectation> {
    let limits = (-1.0e6..1.0e6, 0.0..1.0e6, 0_u8..3).prop_map(|(min, more, which)| {
        MetricExpectation::Limits {
            min: (which != 1).then_some(min),
            max: (which != 2).then_some(min + more),
        }
    });
    let comparison =
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_flat_map(|(blue, lower, is_usual)| {
            let usual = Comparison::with(if blue {
                Baseline::Blue
            } else {
                Baseline::Previous
            });
            let worse = if lower { Worse::Lower } else { Worse::Higher };
            (0.0..=100.0, 0.000_1..=0.2, 1_u32..=10_000_000).prop_map(
                move |(tolerance, significance, min_samples)| {
                    if is_usual {
                        return usual.clone();
                    }
                    Comparison {
                        worse,
                        tolerance,
                        significance,
                        min_samples,
                        ..usual.clone()
                    }
                },
            )
        });
    prop_oneof![limits, comparison.prop_map(MetricExpectation::NoWorse)]
}
