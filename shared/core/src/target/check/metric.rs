//! The check of a CloudWatch metric.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// See [`super::CheckKind::Metric`].
#[derive(Debug, Clone, PartialEq)]
pub struct MetricCheck {
    /// What is measured.
    pub query: MetricQuery,
    /// What it is divided by: `HTTPCode_Target_5XX_Count` per `RequestCount`.
    pub per: Option<MetricQuery>,
    /// How far back each measurement looks.
    pub window: Duration,
    /// What it has to be.
    pub expect: MetricExpectation,
}

/// One metric of CloudWatch, as `GetMetricData` is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricQuery {
    /// `AWS/ApplicationELB`
    pub namespace: String,
    /// `TargetResponseTime`
    pub metric: String,
    /// Up to 30. A value may be one of [`MetricQuery::VARIABLES`].
    pub dimensions: BTreeMap<String, String>,
    /// `Average`, `Sum`, `p99`, …
    pub statistic: String,
    /// The length of a data point: 1 s, 5 s, 10 s, 30 s, or whole minutes.
    pub period: Duration,
}

/// What a metric has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricExpectation {
    /// Each data point of the window is within these limits, both included; at least one is there.
    Limits { min: Option<f64>, max: Option<f64> },
    /// It is not significantly worse than another.
    NoWorse(Comparison),
}

/// A comparison with what runs, or ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub with: Baseline,
    /// Which way is worse.
    pub worse: Worse,
    /// So much worse, as a share of the baseline, is never called worse: `0.1` is ten per cent.
    pub tolerance: f64,
    /// The chance of calling green worse where both are the same.
    pub significance: f64,
    /// So many samples (requests) each side has to have had in the window.
    pub min_samples: u32,
}

/// With what green is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// With the blue tasks, in the same window.
    Blue,
    /// With the same metric, in the window that ended when the deployment began.
    Previous,
}

/// Which way is worse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Worse {
    /// Latencies, errors.
    #[default]
    Higher,
    /// Successes, orders.
    Lower,
}

impl MetricQuery {
    /// The target group, as CloudWatch's dimension `TargetGroup` has it (`targetgroup/name/id`): of green
    /// where green is measured, of blue where blue is.
    pub const TARGET_GROUP: &str = "$target_group";
    /// The load balancer, as the dimension `LoadBalancer` has it (`app/name/id`).
    pub const LOAD_BALANCER: &str = "$load_balancer";
    /// The name of the ECS cluster.
    pub const CLUSTER: &str = "$cluster";
    /// The name of the ECS service.
    pub const SERVICE: &str = "$service";
    /// What a dimension's value may be instead of itself.
    pub const VARIABLES: [&str; 4] = [
        Self::TARGET_GROUP,
        Self::LOAD_BALANCER,
        Self::CLUSTER,
        Self::SERVICE,
    ];
    /// CloudWatch API reference, `Metric`.
    pub const MAX_DIMENSIONS: usize = 30;

    /// Whether it names this variable.
    pub fn names(&self, variable: &str) -> bool {
        self.dimensions.values().any(|value| value == variable)
    }
}

/// `p95 of AWS/ApplicationELB TargetResponseTime (TargetGroup targetgroup/green/1)`
impl fmt::Display for MetricQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            namespace,
            metric,
            statistic,
            ..
        } = self;
        write!(f, "{statistic} of {namespace} {metric}")?;
        for (index, (name, value)) in self.dimensions.iter().enumerate() {
            let before = if index == 0 { " (" } else { ", " };
            write!(f, "{before}{name} {value}")?;
        }
        if self.dimensions.is_empty() {
            return Ok(());
        }
        f.write_str(")")
    }
}

impl MetricCheck {
    pub const DEFAULT_WINDOW: Duration = Duration::from_mins(5);
    pub const DEFAULT_PERIOD: Duration = Duration::from_mins(1);

    /// Whether what it measures is the green target group.
    pub fn is_about_green(&self) -> bool {
        self.query.names(MetricQuery::TARGET_GROUP)
    }

    /// Whether it needs the blue tasks.
    pub fn compares_with_blue(&self) -> bool {
        matches!(&self.expect, MetricExpectation::NoWorse(comparison)
            if comparison.with == Baseline::Blue)
    }
}

impl Comparison {
    pub const DEFAULT_TOLERANCE: f64 = 0.1;
    pub const DEFAULT_SIGNIFICANCE: f64 = 0.01;
    pub const DEFAULT_MIN_SAMPLES: u32 = 50;

    /// The usual comparison.
    pub const fn with(baseline: Baseline) -> Self {
        Self {
            with: baseline,
            worse: Worse::Higher,
            tolerance: Self::DEFAULT_TOLERANCE,
            significance: Self::DEFAULT_SIGNIFICANCE,
            min_samples: Self::DEFAULT_MIN_SAMPLES,
        }
    }
}
