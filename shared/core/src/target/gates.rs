//! The points of a deployment at which checks run, and which checks run there.
//!
//! What a check measures is in [`super::check`]; what its outcome means, in `crate::gate`.

use std::collections::BTreeMap;
use std::fmt;

use super::Check;

/// A point of a deployment at which CodeDeploy or ECS waits for a verdict, in the order in which
/// they come. AWS-FACTS 5.3, 7.3.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum GatePoint {
    /// Before the green tasks are created.
    BeforeInstall,
    /// The green tasks are created; nothing reaches them yet.
    AfterInstall,
    /// The test listener leads to the green tasks.
    TestTraffic,
    /// The last point before production requests reach the green tasks.
    BeforeTraffic,
    /// All production requests reach the green tasks.
    AfterTraffic,
}

impl GatePoint {
    pub const ALL: [Self; 5] = [
        Self::BeforeInstall,
        Self::AfterInstall,
        Self::TestTraffic,
        Self::BeforeTraffic,
        Self::AfterTraffic,
    ];

    /// The name in documents and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeInstall => "before_install",
            Self::AfterInstall => "after_install",
            Self::TestTraffic => "test_traffic",
            Self::BeforeTraffic => "before_traffic",
            Self::AfterTraffic => "after_traffic",
        }
    }

    /// The lifecycle event at which CodeDeploy calls the hook.
    pub const fn codedeploy_event(self) -> &'static str {
        match self {
            Self::BeforeInstall => "BeforeInstall",
            Self::AfterInstall => "AfterInstall",
            Self::TestTraffic => "AfterAllowTestTraffic",
            Self::BeforeTraffic => "BeforeAllowTraffic",
            Self::AfterTraffic => "AfterAllowTraffic",
        }
    }

    /// The point of a CodeDeploy lifecycle event; none for events that have no hook.
    pub fn of_codedeploy_event(event: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|point| point.codedeploy_event() == event)
    }

    /// The lifecycle stages at which ECS calls the hook of its own blue/green, linear and canary
    /// deployments. Traffic that shifts in steps comes by the two of production at each step.
    /// AWS-FACTS 7.3.
    pub const fn ecs_stages(self) -> &'static [&'static str] {
        match self {
            Self::BeforeInstall => &["PRE_SCALE_UP"],
            Self::AfterInstall => &["POST_SCALE_UP"],
            Self::TestTraffic => &["POST_TEST_TRAFFIC_SHIFT"],
            Self::BeforeTraffic => &["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"],
            Self::AfterTraffic => &["POST_PRODUCTION_TRAFFIC_SHIFT"],
        }
    }

    /// The point of a lifecycle stage of ECS; none for stages that have no gate, and for those
    /// that are not known.
    pub fn of_ecs_stage(stage: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|point| point.ecs_stages().contains(&stage))
    }

    /// The point of this name in documents.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.name() == name)
    }
}

impl fmt::Display for GatePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The checks of a target, by point.
///
/// A point that the document names with an empty list is not the same as one that it does not
/// name: the first says that nothing is to be checked there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gates(BTreeMap<GatePoint, Vec<Check>>);

impl Gates {
    /// The checks that the document names for a point, if it names the point.
    pub fn get(&self, point: GatePoint) -> Option<&[Check]> {
        self.0.get(&point).map(Vec::as_slice)
    }

    /// The points that the document names, in the order in which they come.
    pub fn iter(&self) -> impl Iterator<Item = (GatePoint, &[Check])> {
        self.0
            .iter()
            .map(|(point, checks)| (*point, checks.as_slice()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(GatePoint, Vec<Check>)> for Gates {
    fn from_iter<I: IntoIterator<Item = (GatePoint, Vec<Check>)>>(points: I) -> Self {
        Self(points.into_iter().collect())
    }
}
