//! How a deployment moves traffic: the weights of the group's listeners (AWS-FACTS 5.3, 5.9).

use super::lifecycle::Event;
use super::runner::{AN_EVENT_TAKES, Ended, Run};
use crate::account::journal::Tone;
use crate::account::{ecs, elb};

impl Run {
    /// The one of the group's two target groups that does not serve production traffic.
    pub(super) fn free_target_group(&self) -> Result<String, Ended> {
        let invalid = |message: String| {
            let message =
                format!("The ELB could not be updated due to the following error: {message}");
            Ended::failed("ELASTIC_LOAD_BALANCING_INVALID", message)
        };
        let blue = self.blue();
        for arn in &self.group.prod_listener_arns {
            let Some(listener) = elb::listener(&self.account, arn) else {
                return Err(invalid(format!("The listener {arn} does not exist")));
            };
            let serves =
                |(group, weight): &(String, u32)| *weight > 0 && Some(group) == blue.as_ref();
            if !listener.weights.iter().any(serves) {
                return Err(invalid(
                    "Primary taskset target group must be behind listener".to_owned(),
                ));
            }
        }
        for name in &self.group.target_groups {
            let Some(group) = elb::target_group_by_name(&self.account, name) else {
                return Err(invalid(format!("The target group {name} does not exist")));
            };
            if Some(&group.arn) != blue.as_ref() {
                return Ok(group.arn);
            }
        }
        Err(invalid("Both target groups are the same".to_owned()))
    }

    pub(super) async fn allow_test_traffic(&self) -> Result<(), Ended> {
        self.start(Event::AllowTestTraffic);
        if let Some(green) = self.green() {
            self.send_test_traffic_to(&green);
        }
        self.pause(AN_EVENT_TAKES).await?;
        self.succeed(Event::AllowTestTraffic);
        Ok(())
    }

    /// Moves production traffic, then makes the new task set the primary.
    pub(super) async fn allow_traffic(&self) -> Result<(), Ended> {
        self.start(Event::AllowTraffic);
        let routing = self.deployment.read(|record| record.routing);
        for (share, wait) in routing.steps() {
            self.shift(share)?;
            self.pause(wait).await?;
        }
        self.pause(AN_EVENT_TAKES).await?;
        let green = self
            .deployment
            .read(|record| record.green.as_ref().map(|side| side.task_set.clone()));
        if let Some(green) = green {
            ecs::set_primary_task_set(
                &self.account,
                &self.group.cluster,
                &self.group.service,
                &green,
            );
        }
        self.succeed(Event::AllowTraffic);
        Ok(())
    }

    fn shift(&self, share: u8) -> Result<(), Ended> {
        if self.send_production_traffic(share) {
            return Ok(());
        }
        let message = "The ELB could not be updated due to the following error: a listener is gone";
        Err(Ended::failed("ELASTIC_LOAD_BALANCING_INVALID", message))
    }

    /// Gives the new task set this share of production traffic, in percent. False if a listener is gone.
    pub(super) fn send_production_traffic(&self, share: u8) -> bool {
        let (Some(green), Some(blue)) = (self.green(), self.blue()) else {
            return false;
        };
        let weights = [
            (green, u32::from(share)),
            (blue, 100 - u32::from(share.min(100))),
        ];
        let mut arns = self.group.prod_listener_arns.iter();
        let done = arns.all(|arn| elb::set_listener_weights(&self.account, arn, &weights));
        if done {
            self.change(|record| record.green_share = share);
            self.note(
                Tone::Neutral,
                format!("production traffic: {share} % to the replacement task set"),
            );
        }
        done
    }

    /// Points the test listeners at a target group.
    pub(super) fn send_test_traffic_to(&self, target_group_arn: &str) {
        let weights = [(target_group_arn.to_owned(), 100)];
        for arn in self.group.test_listener_arns.iter().flatten() {
            elb::set_listener_weights(&self.account, arn, &weights);
        }
    }

    /// The target group of the original task set.
    pub(super) fn blue(&self) -> Option<String> {
        self.deployment.read(|record| {
            record
                .blue
                .as_ref()
                .map(|side| side.target_group_arn.clone())
        })
    }

    /// The target group of the replacement task set.
    pub(super) fn green(&self) -> Option<String> {
        self.deployment.read(|record| {
            record
                .green
                .as_ref()
                .map(|side| side.target_group_arn.clone())
        })
    }
}
