//! How a native deployment moves traffic: the weights of the listener rules (AWS-FACTS 7.1), and what
//! hooks are told of it (7.4).

use serde_json::{Map, Value};

use super::configuration::Native;
use super::runner::{Ended, Run};
use crate::account::elb;
use crate::account::journal::Tone;

/// The green revision's share, in percent, as hooks of a stage are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Traffic {
    test: Option<f64>,
    production: Option<f64>,
}

impl Traffic {
    /// Most stages say nothing of it.
    pub(super) const NONE: Self = Self {
        test: None,
        production: None,
    };

    pub(super) const fn test(share: f64) -> Self {
        Self {
            test: Some(share),
            production: None,
        }
    }

    pub(super) const fn production(share: f64) -> Self {
        Self {
            test: None,
            production: Some(share),
        }
    }

    /// `testTrafficWeights` and `productionTrafficWeights`, by the ARNs of green and blue.
    pub(super) fn weights(self, green: &str, blue: Option<&str>) -> (Value, Value) {
        let map = |share: Option<f64>| {
            let mut weights = Map::new();
            if let Some(share) = share {
                weights.insert(green.to_owned(), number(share));
                if let Some(blue) = blue {
                    weights.insert(blue.to_owned(), number(100.0 - share));
                }
            }
            Value::Object(weights)
        };
        (map(self.test), map(self.production))
    }
}

impl Run {
    pub(super) fn move_production_traffic(&self, native: &Native, share: f64) -> Result<(), Ended> {
        let Some(routing) = &native.routing else {
            return Ok(());
        };
        self.set_weights(&routing.production_listener_rule, share)?;
        self.change(|record| {
            if let Some(weights) = &mut record.weights {
                weights.production = share;
            }
        });
        let text = format!("production traffic: {share} % to the green revision");
        self.note(Tone::Neutral, text);
        Ok(())
    }

    pub(super) fn move_test_traffic(&self, native: &Native, share: f64) -> Result<(), Ended> {
        let rule = native
            .routing
            .as_ref()
            .and_then(|routing| routing.test_listener_rule.as_ref());
        let Some(rule) = rule else {
            return Ok(());
        };
        self.set_weights(rule, share)?;
        self.change(|record| {
            if let Some(weights) = &mut record.weights {
                weights.test = share;
            }
        });
        let text = format!("test traffic: {share} % to the green revision");
        self.note(Tone::Neutral, text);
        Ok(())
    }

    /// Gives the green target group this share of a rule's requests. Nothing, where there is no blue one to
    /// go back to.
    fn set_weights(&self, rule: &str, share: f64) -> Result<(), Ended> {
        let blue = self.deployment.read(|record| record.blue.clone());
        let groups = self.service(|service| {
            let group = |id: &str| {
                let balancer = service.revision(id)?.load_balancer.as_ref()?;
                Some(balancer.target_group_arn.clone())
            };
            (group(&self.place.task_set), blue.as_deref().and_then(group))
        });
        let (green_weight, blue_weight) = shares(share);
        let weights = match groups {
            Some((Some(green), Some(blue))) => vec![(green, green_weight), (blue, blue_weight)],
            Some((Some(green), None)) if share > 0.0 => vec![(green, 100)],
            _ => return Ok(()),
        };
        if elb::set_rule_weights(&self.account, rule, &weights) {
            return Ok(());
        }
        Err(Ended::RolledBack {
            reason: format!("The listener rule {rule} does not exist."),
            failed: true,
        })
    }
}

/// A share and the rest as weights, which are whole numbers: percents, or tenths of one where necessary.
fn shares(percent: f64) -> (u32, u32) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    let whole = |value: f64, most: f64| value.round().clamp(0.0, most) as u32;
    if percent.fract() == 0.0 {
        let share = whole(percent, 100.0);
        (share, 100 - share)
    } else {
        let share = whole(percent * 10.0, 999.0);
        (share, 1000 - share)
    }
}

/// A percentage as people write it: without a fraction where there is none.
fn number(percent: f64) -> Value {
    if percent.fract() == 0.0 {
        shares(percent).0.into()
    } else {
        percent.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_numbers_that_make_up_the_whole() {
        assert_eq!(shares(0.0), (0, 100));
        assert_eq!(shares(10.0), (10, 90));
        assert_eq!(shares(2.5), (25, 975));
        assert_eq!(shares(99.9), (999, 1));
    }
}
