//! What runs a service deployment: one tokio task, from `PENDING` to its end.
//!
//! Every wait ends early when the deployment is stopped. How tasks are replaced is in [`super::rolling`],
//! and what happens when the deployment does not get to its end in [`super::rollback`].

use std::time::Duration;

use super::configuration::{DeploymentConfiguration, Strategy};
use super::events::{self, Change};
use super::record::{Deployment, Record, Status, Stop};
use super::revision::RolloutState;
use crate::account::Account;
use crate::account::ecs::Service;
use crate::account::ecs::keeper::Place;
use crate::account::ecs::task_set::Scale;
use crate::account::journal::Tone;

/// From `PENDING` to `IN_PROGRESS`.
const PICKED_UP_AFTER: Duration = Duration::from_secs(1);

/// A deployment that runs.
pub(super) struct Run {
    pub(super) account: Account,
    /// Where the tasks of the revision that is deployed are.
    pub(super) place: Place,
    pub(super) deployment: Deployment,
    pub(super) configuration: DeploymentConfiguration,
}

/// Why a deployment does not get to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// A newer one takes over.
    Superseded,
    /// It failed, and nothing is configured to be done about that; a sentence.
    Failed(String),
    /// It is to be rolled back.
    RolledBack {
        /// A sentence.
        reason: String,
        /// Whether EventBridge hears of a failure.
        failed: bool,
    },
}

/// Lets the deployment run.
pub(super) fn spawn(account: &Account, place: Place, deployment: Deployment) {
    let run = Run::new(account, place, deployment);
    let id = &run.place.task_set;
    run.note(Tone::Neutral, format!("deployment {id} created"));
    tokio::spawn(run.play());
}

/// Concludes a deployment that was successful before the story begins.
pub(super) fn was_done(account: &Account, place: &Place, deployment: &Deployment) {
    let run = Run::new(account, place.clone(), deployment.clone());
    let now = account.clock().now();
    run.settle(&place.task_set);
    run.change(|record| {
        record.status = Status::Successful;
        record.started = Some(now);
        record.finished = Some(now);
        record.breaker_is_complete();
    });
}

impl Run {
    fn new(account: &Account, place: Place, deployment: Deployment) -> Self {
        let configuration = deployment.read(|record| record.configuration.clone());
        Self {
            account: account.clone(),
            place,
            deployment,
            configuration,
        }
    }

    async fn play(self) {
        let Err(ended) = self.deploy().await else {
            return;
        };
        let superseded = || self.stopped("A newer service deployment was started.");
        match ended {
            Ended::Superseded => superseded(),
            Ended::Failed(reason) => self.failed(&reason),
            Ended::RolledBack { reason, failed } => match self.roll_back(reason, failed).await {
                Ok(()) => {}
                Err(Ended::Superseded) => superseded(),
                Err(Ended::Failed(reason) | Ended::RolledBack { reason, .. }) => {
                    self.rollback_failed(&reason);
                }
            },
        }
    }

    async fn deploy(&self) -> Result<(), Ended> {
        self.pause(PICKED_UP_AFTER).await?;
        self.until_alone().await?;
        self.begin();
        match &self.configuration.strategy {
            Strategy::Rolling { circuit_breaker } => {
                self.replace(&self.place.task_set, circuit_breaker.as_ref())
                    .await?;
            }
            Strategy::Native(native) => self.shift(native).await?,
        }
        self.succeed();
        Ok(())
    }

    /// Waits until an older deployment has noticed that it is to stop.
    async fn until_alone(&self) -> Result<(), Ended> {
        let ours = self.deployment.arn();
        loop {
            let alone = {
                let state = self.account.state();
                let service = state.ecs.service(&self.place.cluster, &self.place.service);
                let before_ours = service
                    .into_iter()
                    .flat_map(|service| &service.deployments)
                    .take_while(|deployment| deployment.arn() != ours);
                before_ours
                    .filter(|deployment| !deployment.is_over())
                    .count()
                    == 0
            };
            if alone {
                return Ok(());
            }
            self.pause(PICKED_UP_AFTER).await?;
        }
    }

    /// In progress, and everybody may know it.
    fn begin(&self) {
        let now = self.account.clock().now();
        self.change(|record| {
            record.status = Status::InProgress;
            record.started = Some(now);
        });
        let definition = self.service(|service| {
            let revision = service.revision(&self.place.task_set);
            revision.map(|revision| revision.task_definition.clone())
        });
        let definition = definition.flatten().unwrap_or_default();
        let name = definition.rsplit('/').next().unwrap_or_default();
        self.note(Tone::Neutral, format!("deployment of {name} IN_PROGRESS"));
        let id = &self.place.task_set;
        self.emit(
            id,
            Change::InProgress,
            &format!("ECS deployment {id} in progress."),
        );
    }

    /// Over, and everybody may know it.
    fn succeed(&self) {
        let now = self.account.clock().now();
        self.settle(&self.place.task_set);
        self.change(|record| {
            record.status = Status::Successful;
            record.finished = Some(now);
            record.breaker_is_complete();
        });
        self.note(Tone::Good, "deployment SUCCESSFUL");
        self.emit_completed(&self.place.task_set);
    }

    fn stopped(&self, reason: &str) {
        let now = self.account.clock().now();
        self.change(|record| {
            record.status = Status::Stopped;
            record.status_reason = Some(reason.to_owned());
            record.stopped = Some(now);
            record.finished = Some(now);
        });
        self.note(Tone::Bad, format!("deployment STOPPED: {reason}"));
    }

    /// A failure that is not rolled back: no more tasks are started, and things stay as they are.
    fn failed(&self, reason: &str) {
        let now = self.account.clock().now();
        let id = &self.place.task_set;
        self.change_service(|service| {
            service.roll_out(id, RolloutState::Failed, reason, now);
        });
        self.stopped(reason);
        self.emit(id, Change::Failed, reason);
    }
}

/// What every part of a deployment does.
impl Run {
    /// Makes a revision the only one: it follows the desired count, and the others are gone.
    pub(super) fn settle(&self, id: &str) {
        let now = self.account.clock().now();
        let events = [self.account.unique(), self.account.unique()];
        self.change_service(|service| {
            let others: Vec<String> = service
                .task_sets
                .iter()
                .filter(|set| set.id != id)
                .map(|set| set.id.clone())
                .collect();
            for other in others {
                service.retire(&other);
            }
            if let Some(set) = service.task_set_mut(id) {
                set.primary = true;
                set.scale = Scale::Percent(100.0);
                set.updated_at = now;
                set.wake.notify_one();
            }
            service.completed = Some(id.to_owned());
            let reason = completed(id);
            service.roll_out(id, RolloutState::Completed, &reason, now);
            let said = [
                format!("(deployment {id}) deployment completed."),
                "has reached a steady state.".to_owned(),
            ];
            for (event, said) in events.into_iter().zip(said) {
                service.tell(event, now, &said);
            }
        });
    }

    pub(super) fn emit_completed(&self, id: &str) {
        self.emit(id, Change::Completed, &completed(id));
    }

    pub(super) fn emit(&self, id: &str, change: Change, reason: &str) {
        let service = (self.place.cluster.as_str(), self.place.service.as_str());
        events::emit(&self.account, service, id, change, reason);
    }

    /// Looks at the service, if it is still there.
    pub(super) fn service<T>(&self, look: impl FnOnce(&Service) -> T) -> Option<T> {
        let state = self.account.state();
        state
            .ecs
            .service(&self.place.cluster, &self.place.service)
            .map(look)
    }

    /// Changes the service, if it is still there.
    pub(super) fn change_service(&self, change: impl FnOnce(&mut Service)) {
        let mut state = self.account.state();
        let (cluster, service) = (&self.place.cluster, &self.place.service);
        if let Some(service) = state.ecs.service_mut(cluster, service) {
            change(service);
        }
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Record)) {
        let now = self.account.clock().now();
        self.deployment.change(|record| {
            change(record);
            record.updated = now;
        });
    }

    pub(super) fn note(&self, tone: Tone, text: impl AsRef<str>) {
        let text = format!("service {}: {}", self.place.service, text.as_ref());
        self.account.journal().note("ecs", tone, text);
    }

    /// Waits for what `look` finds in the record, at most so long. A stop ends the wait.
    pub(super) async fn wait<T>(
        &self,
        at_most: Duration,
        look: impl Fn(&Record) -> Option<T>,
    ) -> Result<Option<T>, Ended> {
        let deadline = self.account.clock().deadline(at_most);
        let mut changes = self.deployment.changes();
        loop {
            self.unless_stopped()?;
            if let Some(found) = self.deployment.read(&look) {
                return Ok(Some(found));
            }
            tokio::select! {
                // The sender lives as long as the deployment that is held here.
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(deadline) => return Ok(None),
            }
        }
    }

    pub(super) async fn pause(&self, time: Duration) -> Result<(), Ended> {
        self.wait(time, |_| None::<()>).await.map(drop)
    }

    fn unless_stopped(&self) -> Result<(), Ended> {
        self.deployment.read(|record| match &record.stop {
            Some(Stop::Superseded) => Err(Ended::Superseded),
            // A rollback cannot be rolled back.
            Some(Stop::Rollback(reason)) if record.rollback.is_none() => Err(Ended::RolledBack {
                reason: reason.clone(),
                failed: false,
            }),
            _ => Ok(()),
        })
    }
}

impl Record {
    pub(super) fn breaker_is_complete(&mut self) {
        if self.breaker.status == "MONITORING" {
            self.breaker.status = "MONITORING_COMPLETE";
        }
    }
}

fn completed(id: &str) -> String {
    format!("ECS deployment {id} completed.")
}
