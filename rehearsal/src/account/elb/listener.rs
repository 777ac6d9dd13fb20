//! Load balancers and their listeners, and how a listener shares requests out.

/// An application load balancer.
#[derive(Debug)]
pub(super) struct LoadBalancer {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) dns_name: String,
    pub(super) created_at: jiff::Timestamp,
}

/// A listener that forwards everything to weighted target groups: by a rule that takes every path, or else by its default
/// one.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) load_balancer_arn: String,
    /// The port it was created with, and the one on which it listens.
    pub(super) wished_port: u16,
    pub(super) port: u16,
    /// The ARN of the rule that takes every path, if there is one.
    pub(super) rule: Option<String>,
    /// The target group that the default rule forwards to, as long as there is another.
    pub(super) default_group: String,
    pub(super) shares: Shares,
}

impl Listener {
    /// The ARN of the rule that all requests are shared out by.
    pub(super) fn rule_arn(&self) -> String {
        self.rule.clone().unwrap_or_else(|| default_rule(&self.arn))
    }

    /// Whether an ARN is its own or its rule's: for a network load balancer ECS takes that of the listener
    /// (AWS-FACTS 7.1).
    pub(super) fn is_meant_by(&self, arn: &str) -> bool {
        self.arn == arn || self.rule_arn() == arn
    }
}

/// The ARN of a listener's default rule.
pub fn default_rule(listener_arn: &str) -> String {
    format!("{}/d0000000000000000", rules_of(listener_arn))
}

/// What the ARNs of a listener's rules begin with.
pub(super) fn rules_of(listener_arn: &str) -> String {
    listener_arn.replacen(":listener/", ":listener-rule/", 1)
}

/// Weighted target groups, chosen from in turn so that the shares are exact and every run is the same.
#[derive(Debug, Default)]
pub(super) struct Shares {
    shares: Vec<Share>,
}

#[derive(Debug)]
struct Share {
    target_group_arn: String,
    weight: u32,
    /// What this group is owed: grows by its weight at each choice, and pays for being chosen.
    owed: i64,
}

impl Shares {
    pub(super) fn new(weights: &[(String, u32)]) -> Self {
        let share = |(arn, weight): &(String, u32)| Share {
            target_group_arn: arn.clone(),
            weight: *weight,
            owed: 0,
        };
        Self {
            shares: weights.iter().map(share).collect(),
        }
    }

    /// Target group ARNs and weights.
    pub(super) fn weights(&self) -> Vec<(String, u32)> {
        self.shares
            .iter()
            .map(|share| (share.target_group_arn.clone(), share.weight))
            .collect()
    }

    /// The target group for the next request; a weight of nought gets none.
    pub(super) fn next(&mut self) -> Option<String> {
        let total: i64 = self
            .shares
            .iter()
            .map(|share| i64::from(share.weight))
            .sum();
        for share in &mut self.shares {
            share.owed += i64::from(share.weight);
        }
        // Of equals the first: `max_by_key` would take the last.
        let candidates = self
            .shares
            .iter_mut()
            .rev()
            .filter(|share| share.weight > 0);
        let chosen = candidates.max_by_key(|share| share.owed)?;
        chosen.owed -= total;
        Some(chosen.target_group_arn.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(weights: &[(&str, u32)]) -> Shares {
        let weights: Vec<_> = weights
            .iter()
            .map(|(arn, weight)| ((*arn).to_owned(), *weight))
            .collect();
        Shares::new(&weights)
    }

    #[test]
    fn ten_percent_is_exactly_every_tenth_request() {
        let mut shares = shares(&[("blue", 90), ("green", 10)]);
        for _ in 0..5 {
            let green = (0..10)
                .filter(|_| shares.next().as_deref() == Some("green"))
                .count();
            assert_eq!(green, 1);
        }
    }

    #[test]
    fn a_weight_of_nought_gets_no_request() {
        let mut all_blue = shares(&[("blue", 100), ("green", 0)]);
        assert!((0..200).all(|_| all_blue.next().as_deref() == Some("blue")));
        assert_eq!(shares(&[("green", 0)]).next(), None);
        assert_eq!(shares(&[]).next(), None);
    }
}
