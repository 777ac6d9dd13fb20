//! The `metric:` check.

use std::collections::BTreeMap;
use std::time::Duration;

use super::RULES;
use crate::problems::Problems;
use crate::target::check::{
    Baseline, CheckKind, Comparison, MetricCheck, MetricExpectation, MetricQuery, Worse,
};
use crate::target::description::{Demand, Form, Key, Mapping, Names, nearest};
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

const NAME: Form = Form::Text(1, 255);
const DIMENSIONS: Form = Form::Entries(
    Names::Any,
    &Form::Text(1, 1024),
    MetricQuery::MAX_DIMENSIONS,
);

pub(super) const METRIC: &Mapping = &Mapping {
    name: "check_metric",
    says: "A metric of CloudWatch is within limits, or not significantly worse than another: green against \
           blue, or green against what was before the deployment.",
    keys: &[
        Key::required("namespace", NAME, "The namespace.").such_as("AWS/ApplicationELB"),
        Key::required("metric", NAME, "The metric.").such_as("TargetResponseTime"),
        Key::optional(
            "dimensions",
            DIMENSIONS,
            "none",
            "Dimension to value. Instead of a value: `$target_group` (of green where green is measured, of \
             blue where blue is), `$load_balancer`, `$cluster`, `$service`.",
        )
        .such_as("{TargetGroup: $target_group}"),
        Key::required("statistic", NAME, "`Average`, `Sum`, `p99`, …").such_as("p99"),
        Key::optional(
            "period",
            Form::Duration(Duration::from_secs(1), MAX_WINDOW),
            "`1m`",
            "The length of a data point: `1s`, `5s`, `10s`, `30s` or whole minutes.",
        ),
        Key::optional(
            "per",
            Form::Mapping(PER),
            "nothing",
            "What the metric is divided by, point by point.",
        )
        .such_as("{metric: RequestCount}"),
        Key::optional(
            "window",
            Form::Duration(MIN_WINDOW, MAX_WINDOW),
            "`5m`",
            "How far back each measurement looks: 1 to 1440 periods.",
        ),
        Key::optional(
            "min",
            Form::Decimal(f64::MIN, f64::MAX),
            "one of these three",
            "Each data point is at least this.",
        ),
        Key::optional(
            "max",
            Form::Decimal(f64::MIN, f64::MAX),
            "one of these three",
            "Each data point is at most this. May stand beside `min`.",
        ),
        Key::optional(
            "no_worse_than",
            Form::Either(&[BASELINE, Form::Mapping(COMPARISON)]),
            "one of these three",
            "What it is compared with: `blue`, the blue tasks in the same window, or `previous`, the same metric \
             in the window that ended when the deployment began. With `blue`, a dimension is `$target_group`.",
        )
        .such_as("{baseline: blue, tolerance: 0.25}"),
    ],
    shared: &[RULES],
    demands: &[
        Demand::AtLeastOne(&["min", "max", "no_worse_than"]),
        Demand::Apart("no_worse_than", &["min", "max"]),
    ],
};

const PER: &Mapping = &Mapping {
    name: "divisor",
    says: "What a metric is divided by. What is not written is as the metric itself has it.",
    keys: &[
        Key::optional("namespace", NAME, "the metric's", "The namespace."),
        Key::required("metric", NAME, "The metric.").such_as("RequestCount"),
        Key::optional(
            "dimensions",
            DIMENSIONS,
            "the metric's",
            "Dimension to value.",
        ),
        Key::optional(
            "statistic",
            NAME,
            "the metric's",
            "`Average`, `Sum`, `p99`, …",
        ),
    ],
    shared: &[],
    demands: &[],
};

const BASELINE: Form = Form::Words(&["blue", "previous"]);

const COMPARISON: &Mapping = &Mapping {
    name: "comparison",
    says: "What a metric is compared with, and how.",
    keys: &[
        Key::required("baseline", BASELINE, "What it is compared with."),
        Key::optional(
            "worse",
            Form::Words(&["higher", "lower"]),
            "`higher`",
            "Which way is worse.",
        ),
        Key::optional(
            "tolerance",
            Form::Decimal(0.0, 100.0),
            "`0.1`",
            "So much worse, as a share of the baseline, is never called worse: `0.1` is ten per cent.",
        ),
        Key::optional(
            "significance",
            Form::Decimal(0.000_1, 0.2),
            "`0.01`",
            "The chance of calling green worse where both are the same.",
        ),
        Key::optional(
            "min_samples",
            Form::Whole(1, MAX_SAMPLES),
            "`50`",
            "So many samples each side has to have had in the window; with fewer there is nothing to measure.",
        ),
    ],
    shared: &[],
    demands: &[],
};

const MIN_WINDOW: Duration = Duration::from_secs(10);
const MAX_WINDOW: Duration = Duration::from_hours(24);
const MAX_SAMPLES: u32 = 10_000_000;
const EXPECTED: &str = "say what it has to be: `min`, `max` or `no_worse_than`";

pub(super) fn read(node: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<CheckKind> {
    let period = or_default(
        fields.optional("period"),
        MetricCheck::DEFAULT_PERIOD,
        |n| read_period(&n, out),
    );
    let query = read_query(
        fields,
        None,
        period.unwrap_or(MetricCheck::DEFAULT_PERIOD),
        out,
    );
    let per = or_default(fields.optional("per"), None, |n| {
        let fields = n.fields(PER, out)?;
        let period = period.unwrap_or(MetricCheck::DEFAULT_PERIOD);
        read_query(&fields, query.as_ref(), period, out).map(Some)
    });
    let window = or_default(
        fields.optional("window"),
        MetricCheck::DEFAULT_WINDOW,
        |n| n.duration(MIN_WINDOW..=MAX_WINDOW, out),
    );
    let expect = read_expectation(node, fields, out);
    let check = MetricCheck {
        query: query?,
        per: per?,
        window: window?,
        expect: expect?,
    };
    let periods = check.window.as_secs() / period?.as_secs().max(1);
    if !(1..=1440).contains(&periods) {
        out.add_with_hint(
            &node.path,
            "expected a `window` of 1 to 1440 periods",
            "lengthen `window`, or change `period`",
        );
        return None;
    }
    if check.compares_with_blue() && !check.is_about_green() {
        out.add_with_hint(
            &node.path,
            "nothing tells green and blue apart",
            "name the dimension `TargetGroup: $target_group`",
        );
        return None;
    }
    Some(CheckKind::Metric(check))
}

/// A query; what `per` does not say is as the metric itself has it.
fn read_query(
    fields: &Fields<'_>,
    divided: Option<&MetricQuery>,
    period: Duration,
    out: &mut Problems,
) -> Option<MetricQuery> {
    let text = |key: &str, out: &mut Problems| {
        let node = fields.optional(key)?;
        node.text("a text", 1..=255, out).map(str::to_owned)
    };
    let before = out.len();
    let namespace = text("namespace", out).or_else(|| divided.map(|it| it.namespace.clone()));
    let metric = text("metric", out);
    let statistic = text("statistic", out).or_else(|| divided.map(|it| it.statistic.clone()));
    if out.len() > before {
        return None;
    }
    if namespace.is_none() {
        fields.required("namespace", out);
    }
    if metric.is_none() {
        fields.required("metric", out);
    }
    if statistic.is_none() {
        fields.required("statistic", out);
    }
    let usual = divided.map(|it| it.dimensions.clone()).unwrap_or_default();
    let dimensions = or_default(fields.optional("dimensions"), usual, |n| {
        read_dimensions(&n, out)
    });
    Some(MetricQuery {
        namespace: namespace?,
        metric: metric?,
        dimensions: dimensions?,
        statistic: statistic?,
        period,
    })
}

fn read_dimensions(node: &Node<'_>, out: &mut Problems) -> Option<BTreeMap<String, String>> {
    let what = "a mapping from dimension to value";
    let entries = node.entries(what, MetricQuery::MAX_DIMENSIONS, out)?;
    let before = out.len();
    let mut dimensions = BTreeMap::new();
    for (name, node) in entries {
        let Some(value) = node.text("a dimension's value", 1..=1024, out) else {
            continue;
        };
        if value.starts_with('$') && !MetricQuery::VARIABLES.contains(&value) {
            let message = format!("`{}` stands for nothing", excerpt(value, 40));
            let hint = match nearest(value, &MetricQuery::VARIABLES) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known are {}", MetricQuery::VARIABLES.join(", ")),
            };
            out.add_with_hint(&node.path, message, hint);
        } else {
            dimensions.insert(name.to_owned(), value.to_owned());
        }
    }
    (out.len() == before).then_some(dimensions)
}

/// What `GetMetricData` takes (CloudWatch API reference, `MetricStat`).
fn read_period(node: &Node<'_>, out: &mut Problems) -> Option<Duration> {
    let period = node.duration(Duration::from_secs(1)..=MAX_WINDOW, out)?;
    let seconds = period.as_secs();
    let is_whole = u128::from(seconds) * 1000 == period.as_millis();
    if is_whole && ([1, 5, 10, 30].contains(&seconds) || seconds.is_multiple_of(60)) {
        return Some(period);
    }
    node.wrong("`1s`, `5s`, `10s`, `30s` or whole minutes", out);
    None
}

fn read_expectation(
    node: &Node<'_>,
    fields: &Fields<'_>,
    out: &mut Problems,
) -> Option<MetricExpectation> {
    let limit = |key: &str, out: &mut Problems| {
        or_default(fields.optional(key), None, |n| {
            n.decimal(f64::MIN..=f64::MAX, out).map(Some)
        })
    };
    let (min, max) = (limit("min", out), limit("max", out));
    let comparison = or_default(fields.optional("no_worse_than"), None, |n| {
        read_comparison(&n, out).map(Some)
    });
    match (min?, max?, comparison?) {
        (None, None, Some(comparison)) => Some(MetricExpectation::NoWorse(comparison)),
        (None, None, None) => {
            out.add(&node.path, EXPECTED);
            None
        }
        (min, max, None) => {
            if let (Some(least), Some(most)) = (min, max)
                && least > most
            {
                out.add(&node.path, "`min` is larger than `max`");
                return None;
            }
            Some(MetricExpectation::Limits { min, max })
        }
        (_, _, Some(_)) => {
            out.add_with_hint(
                &node.path,
                "expected either limits or `no_worse_than`, found both",
                "make two checks of it",
            );
            None
        }
    }
}

/// `blue` or `previous`, or a mapping with more.
fn read_comparison(node: &Node<'_>, out: &mut Problems) -> Option<Comparison> {
    if node.value.is_string() {
        return Some(Comparison::with(read_baseline(node, out)?));
    }
    let fields = node.fields(COMPARISON, out)?;
    let baseline = fields
        .required("baseline", out)
        .and_then(|n| read_baseline(&n, out));
    let worse = or_default(fields.optional("worse"), Worse::default(), |n| {
        match n.text("`higher` or `lower`", 1..=20, out)? {
            "higher" => Some(Worse::Higher),
            "lower" => Some(Worse::Lower),
            _ => {
                n.wrong("`higher` or `lower`", out);
                None
            }
        }
    });
    let tolerance = or_default(
        fields.optional("tolerance"),
        Comparison::DEFAULT_TOLERANCE,
        |n| n.decimal(0.0..=100.0, out),
    );
    let significance = or_default(
        fields.optional("significance"),
        Comparison::DEFAULT_SIGNIFICANCE,
        |n| n.decimal(0.000_1..=0.2, out),
    );
    let min_samples = or_default(
        fields.optional("min_samples"),
        Comparison::DEFAULT_MIN_SAMPLES,
        |n| n.number(1..=MAX_SAMPLES, out),
    );
    Some(Comparison {
        with: baseline?,
        worse: worse?,
        tolerance: tolerance?,
        significance: significance?,
        min_samples: min_samples?,
    })
}

fn read_baseline(node: &Node<'_>, out: &mut Problems) -> Option<Baseline> {
    match node.text("`blue` or `previous`", 1..=20, out)? {
        "blue" => Some(Baseline::Blue),
        "previous" => Some(Baseline::Previous),
        _ => {
            node.wrong("`blue` or `previous`", out);
            None
        }
    }
}
