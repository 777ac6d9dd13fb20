//! How a deployment ends that does not get to its end: failed or stopped, and rolled back by another
//! deployment where that is asked for (AWS-FACTS 5.5).
//!
//! A rollback creates no task set: it takes the traffic back to the original one, which is still there,
//! and ends the replacement (captured). Its hooks are not called, and of its lifecycle only
//! `AllowTraffic` happens; what AWS shows there is not established.

use super::config::{ALL_AT_ONCE, Routing};
use super::deployment::{Creator, Deployment, Record, RollbackInfo, Status, Target, Wait};
use super::events::{self, Change};
use super::group::AutoRollback;
use super::lifecycle::{Event, Lifecycle};
use super::runner::{Ended, Run};
use crate::account::ecs;
use crate::account::journal::Tone;

impl Run {
    /// Failed or stopped, and rolled back if it is to be.
    pub(super) async fn end(&self, ended: Ended) {
        let (status, error, rollback, change) = match ended {
            Ended::Failed(error) => {
                let rollback = self
                    .deployment
                    .read(|it| it.auto_rollback.contains(&AutoRollback::Failure));
                (Status::Failed, error, rollback, Change::Failure)
            }
            Ended::Stopped { error, rollback } => (Status::Stopped, error, rollback, Change::Stop),
        };
        self.look_again();
        let now = self.account.clock().now();
        let text = format!("{}: {}: {}", status.name(), error.code, error.message);
        let mut event = None;
        let rolls_back = {
            // One section, so that nobody else gets into the group between the two.
            let mut state = self.account.state();
            let rolls_back = (rollback && self.deployment.read(Record::has_green))
                .then(|| rollback_of(&mut state.codedeploy, &self.deployment, now));
            self.deployment.change(|record| {
                event = record.lifecycle.end(&error.message, now);
                record.status = status;
                record.error = Some(error);
                record.target = Target::Failed;
                record.completed = Some(now);
                record.updated = now;
                record.wait = Wait::None;
                record.terminating = false;
                if let Some(by) = rolls_back.as_ref().map(Deployment::id) {
                    let message = format!(
                        "Deployment {} terminated. Automatic rollback is triggered with a DeploymentId {by}.",
                        record.id
                    );
                    record.rollback = RollbackInfo { by: Some(by), of: None, message: Some(message) };
                }
            });
            rolls_back
        };
        if let Some(event) = event {
            self.note(Tone::Bad, format!("{} Failed", event.name()));
        }
        self.note(Tone::Bad, text);
        events::emit(&self.account, &self.deployment, change);
        if let Some(deployment) = rolls_back {
            let id = deployment.id();
            let run = Run {
                account: self.account.clone(),
                deployment,
                id,
                group: self.group.clone(),
            };
            run.note(Tone::Neutral, format!("created to roll back {}", self.id));
            run.roll_back().await;
            self.deployment.change(|record| record.green_share = 0);
        }
    }

    async fn roll_back(&self) {
        // A rollback cannot be stopped, so that this wait cannot either.
        self.account
            .clock()
            .sleep(std::time::Duration::from_secs(1))
            .await;
        self.begin();
        self.start(Event::AllowTraffic);
        let back = self.send_production_traffic(0);
        if let Some(blue) = self.blue() {
            self.send_test_traffic_to(&blue);
        }
        let (blue, green) = self.deployment.read(|record| {
            let task_set = |side: &Option<super::target::Side>| {
                side.as_ref().map(|side| side.task_set.clone())
            };
            (task_set(&record.blue), task_set(&record.green))
        });
        let (cluster, service) = (&self.group.cluster, &self.group.service);
        let primary = blue
            .is_some_and(|blue| ecs::set_primary_task_set(&self.account, cluster, service, &blue));
        if !(back && primary) {
            return self.give_up();
        }
        self.succeed(Event::AllowTraffic);
        self.look_again();
        if let Some(green) = green {
            ecs::delete_task_set(&self.account, cluster, service, &green);
            self.note(
                Tone::Neutral,
                format!("ends the replacement task set {green}"),
            );
        }
        let now = self.account.clock().now();
        self.change(|record| {
            record.lifecycle.end("", now);
            record.target = Target::Succeeded;
        });
        self.succeeded();
    }

    /// The original task set or a listener is gone.
    fn give_up(&self) {
        let now = self.account.clock().now();
        let message = "The original task set could not be given the traffic back";
        self.change(|record| {
            record.lifecycle.end(message, now);
            record.status = Status::Failed;
            record.target = Target::Failed;
            record.completed = Some(now);
            record.error = Some(super::deployment::ErrorInformation {
                code: "ECS_UPDATE_ERROR",
                message: message.to_owned(),
            });
        });
        self.note(Tone::Bad, format!("Failed: {message}"));
        events::emit(&self.account, &self.deployment, Change::Failure);
    }
}

/// The record of a deployment that rolls `failed` back.
fn rollback_of(state: &mut super::State, failed: &Deployment, now: jiff::Timestamp) -> Deployment {
    let id = state.deployment_id();
    let (application, group, of) = failed.read(|record| {
        (
            record.group.application.clone(),
            record.group.name.clone(),
            record.id.clone(),
        )
    });
    let last_good = state.last_good(&application, &group, &of);
    let deployment = Deployment::new(failed.read(|record| {
        let revision = last_good.unwrap_or_else(|| (record.appspec.clone(), record.sha256.clone()));
        Record {
            group: record.group.clone(),
            group_id: record.group_id.clone(),
            // Captured: not the configuration of the group.
            config_name: ALL_AT_ONCE.to_owned(),
            routing: Routing::AllAtOnce,
            description: None,
            creator: Creator::Rollback,
            auto_rollback: Vec::new(),
            appspec: revision.0,
            sha256: revision.1,
            status: Status::Created,
            error: None,
            created: now,
            started: None,
            completed: None,
            rollback: RollbackInfo {
                by: None,
                of: Some(of.clone()),
                message: Some(format!(
                    "Deployment {id} is triggered to roll back deployment {of}."
                )),
            },
            target: Target::Pending,
            lifecycle: Lifecycle::new(record.group.has_test_listener()),
            blue: record.blue.clone(),
            green: record.green.clone(),
            green_share: record.green_share,
            hooks: Vec::new(),
            stop: None,
            wait: Wait::None,
            terminating: false,
            updated: now,
            id,
        }
    }));
    state.remember(deployment.clone());
    deployment
}
