//! Deployment configurations: how production traffic moves to the new task set (AWS-FACTS 5.9).

use std::time::Duration;

use serde_json::{Value, json};

/// How production traffic moves to the new task set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    /// All of it in one step.
    AllAtOnce,
    /// A first share, then the rest.
    Canary {
        /// The first share.
        percentage: u8,
        /// How long it stays at that.
        minutes: u16,
    },
    /// In equal shares.
    Linear {
        /// Each share.
        percentage: u8,
        /// How long it stays at each.
        minutes: u16,
    },
}

/// The name of the configuration that rollbacks use (captured; not that of their group).
pub(super) const ALL_AT_ONCE: &str = "CodeDeployDefault.ECSAllAtOnce";

/// The five that exist in every account.
const PREDEFINED: [(&str, Routing); 5] = [
    (
        "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
        Routing::Linear {
            percentage: 10,
            minutes: 1,
        },
    ),
    (
        "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
        Routing::Linear {
            percentage: 10,
            minutes: 3,
        },
    ),
    (
        "CodeDeployDefault.ECSCanary10Percent5Minutes",
        Routing::Canary {
            percentage: 10,
            minutes: 5,
        },
    ),
    (
        "CodeDeployDefault.ECSCanary10Percent15Minutes",
        Routing::Canary {
            percentage: 10,
            minutes: 15,
        },
    ),
    (ALL_AT_ONCE, Routing::AllAtOnce),
];

impl Routing {
    /// The predefined configuration of this name.
    pub(super) fn predefined(name: &str) -> Option<Self> {
        PREDEFINED
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, routing)| routing)
    }

    /// The share of the new task set after each step, and how long to stay there.
    pub(super) fn steps(self) -> Vec<(u8, Duration)> {
        let wait = |minutes: u16| Duration::from_mins(u64::from(minutes));
        let shares: Vec<(u8, Duration)> = match self {
            Self::AllAtOnce => Vec::new(),
            Self::Canary {
                percentage,
                minutes,
            } => vec![(percentage, wait(minutes))],
            Self::Linear {
                percentage,
                minutes,
            } => (percentage..100)
                .step_by(percentage.max(1).into())
                .map(|share| (share, wait(minutes)))
                .collect(),
        };
        let below = shares.into_iter().filter(|(share, _)| *share < 100);
        below.chain([(100, Duration::ZERO)]).collect()
    }

    /// As `trafficRoutingConfig`.
    pub(super) fn to_json(self) -> Value {
        match self {
            Self::AllAtOnce => json!({"type": "AllAtOnce"}),
            Self::Canary {
                percentage,
                minutes,
            } => json!({
                "type": "TimeBasedCanary",
                "timeBasedCanary": {"canaryPercentage": percentage, "canaryInterval": minutes},
            }),
            Self::Linear {
                percentage,
                minutes,
            } => json!({
                "type": "TimeBasedLinear",
                "timeBasedLinear": {"linearPercentage": percentage, "linearInterval": minutes},
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: u64) -> Duration {
        Duration::from_mins(count)
    }

    #[test]
    fn a_canary_has_two_steps_and_a_linear_shift_ten() {
        let canary = Routing::predefined("CodeDeployDefault.ECSCanary10Percent5Minutes").unwrap();
        assert_eq!(canary.steps(), [(10, minutes(5)), (100, Duration::ZERO)]);
        let linear = Routing::predefined("CodeDeployDefault.ECSLinear10PercentEvery3Minutes")
            .unwrap()
            .steps();
        assert_eq!(linear.len(), 10);
        assert_eq!(linear[0], (10, minutes(3)));
        assert_eq!(linear[9], (100, Duration::ZERO));
        assert_eq!(Routing::AllAtOnce.steps(), [(100, Duration::ZERO)]);
    }

    #[test]
    fn senseless_shares_still_end_at_everything() {
        for routing in [
            Routing::Linear {
                percentage: 0,
                minutes: 1,
            },
            Routing::Linear {
                percentage: 200,
                minutes: 1,
            },
            Routing::Linear {
                percentage: 99,
                minutes: 0,
            },
            Routing::Canary {
                percentage: 100,
                minutes: 1,
            },
        ] {
            let steps = routing.steps();
            assert_eq!(steps.last(), Some(&(100, Duration::ZERO)), "{routing:?}");
            assert!(steps.len() <= 101, "{routing:?}");
        }
    }

    #[test]
    fn the_configurations_of_lambda_are_not_among_those_of_ecs() {
        assert_eq!(
            Routing::predefined("CodeDeployDefault.LambdaAllAtOnce"),
            None
        );
        assert_eq!(
            Routing::predefined("CodeDeployDefault.ECSLinear10PercentEvery1Minute"),
            None
        );
    }
}
