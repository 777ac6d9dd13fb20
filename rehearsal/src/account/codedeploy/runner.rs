//! What runs a deployment: one tokio task that goes through the lifecycle (AWS-FACTS 5.3).
//!
//! Every wait ends early when the deployment is stopped. How a hook is called is in [`super::hook`], how
//! traffic moves in [`super::traffic`], and what happens when the deployment does not get to its end in
//! [`super::rollback`].

use std::time::Duration;

use super::appspec::AppSpec;
use super::behaviour::{Succeeds, behaviour};
use super::deployment::{Deployment, ErrorInformation, Record, Status, Target, Wait};
use super::events::{self, Change};
use super::group::{Group, ReadyOption};
use super::lifecycle::Event;
use super::target::Side;
use crate::account::Account;
use crate::account::ecs::{self, LoadBalancer, NewTaskSet};
use crate::account::journal::Tone;

/// From `Created` to `InProgress` (captured: it is still `Created` after 3 s, and not after 25 s).
const PICKED_UP_AFTER: Duration = Duration::from_secs(5);
/// What an event without a hook takes (AWS-FACTS 5.3).
pub(super) const AN_EVENT_TAKES: Duration = Duration::from_millis(400);
/// How often CodeDeploy looks at the new task set.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// A deployment that runs.
pub(super) struct Run {
    pub(super) account: Account,
    pub(super) deployment: Deployment,
    pub(super) id: String,
    pub(super) group: Group,
}

/// Why a deployment does not get to its end.
#[derive(Debug)]
pub(super) enum Ended {
    Failed(ErrorInformation),
    Stopped {
        error: ErrorInformation,
        rollback: bool,
    },
}

impl Ended {
    pub(super) fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed(ErrorInformation {
            code,
            message: message.into(),
        })
    }
}

/// Lets the deployment run.
pub(super) fn spawn(account: &Account, deployment: Deployment) {
    let (id, group) = deployment.read(|record| (record.id.clone(), record.group.clone()));
    let run = Run {
        account: account.clone(),
        deployment,
        id,
        group,
    };
    run.note(
        Tone::Neutral,
        format!("created for {}", run.group.target_id()),
    );
    tokio::spawn(run.play());
}

impl Run {
    async fn play(self) {
        if let Err(ended) = self.deploy().await {
            self.end(ended).await;
        }
    }

    async fn deploy(&self) -> Result<(), Ended> {
        self.pause(PICKED_UP_AFTER).await?;
        self.begin();
        let spec = self.prepare()?;
        self.event(Event::BeforeInstall, &spec).await?;
        self.install(&spec).await?;
        self.event(Event::AfterInstall, &spec).await?;
        if self.group.has_test_listener() {
            self.allow_test_traffic().await?;
            self.event(Event::AfterAllowTestTraffic, &spec).await?;
        }
        self.await_go_ahead().await?;
        self.event(Event::BeforeAllowTraffic, &spec).await?;
        self.allow_traffic().await?;
        self.event(Event::AfterAllowTraffic, &spec).await?;
        self.change(|record| record.target = Target::Succeeded);
        self.conclude().await
    }

    /// In progress, and everybody may know it.
    pub(super) fn begin(&self) {
        let now = self.account.clock().now();
        self.change(|record| {
            record.status = Status::InProgress;
            record.target = Target::InProgress;
            record.started = Some(now);
        });
        self.note(Tone::Neutral, "InProgress");
        events::emit(&self.account, &self.deployment, Change::Start);
    }

    /// Finds out what is to be done, and what runs now.
    fn prepare(&self) -> Result<AppSpec, Ended> {
        let text = self.deployment.read(|record| record.appspec.clone());
        let spec = AppSpec::parse(&text)
            .map_err(|error| Ended::failed("INVALID_REVISION", error.to_string()))?;
        let service = ecs::service(&self.account, &self.group.cluster, &self.group.service);
        let primary =
            service.and_then(|it| it.task_sets.into_iter().find(|set| set.status == "PRIMARY"));
        let Some(primary) = primary else {
            let message = format!(
                "The ECS service {} has no primary task set",
                self.group.target_id()
            );
            return Err(Ended::failed("INVALID_ECS_SERVICE", message));
        };
        self.change(|record| record.blue = Some(Side::of(primary)));
        Ok(spec)
    }

    /// An event that a hook may be called at.
    async fn event(&self, event: Event, spec: &AppSpec) -> Result<(), Ended> {
        self.start(event);
        match spec.hook(event) {
            Some(function) => self.hook(event, function).await?,
            None => self.pause(AN_EVENT_TAKES).await?,
        }
        self.succeed(event);
        Ok(())
    }

    /// Creates the new task set and waits until it is steady.
    async fn install(&self, spec: &AppSpec) -> Result<(), Ended> {
        self.start(Event::Install);
        let target_group_arn = self.free_target_group()?;
        let new = NewTaskSet {
            task_definition: spec.task_definition.clone(),
            external_id: Some(self.id.clone()),
            started_by: "CODE_DEPLOY".to_owned(),
            load_balancer: Some(LoadBalancer {
                target_group_arn: target_group_arn.clone(),
                container_name: spec.container_name.clone(),
                container_port: spec.container_port,
            }),
            scale_percent: 100.0,
            network_configuration: spec.network.clone(),
        };
        let (cluster, service) = (&self.group.cluster, &self.group.service);
        let created = ecs::create_task_set(&self.account, cluster, service, new);
        let task_set = created
            .map_err(|sentence| Ended::failed("ECS_UPDATE_ERROR", update_error(&sentence)))?;
        if let Some(view) = ecs::task_set(&self.account, cluster, service, &task_set) {
            self.change(|record| record.green = Some(Side::of(view)));
        }
        self.note(
            Tone::Neutral,
            format!("created task set {task_set} with {}", spec.task_definition),
        );
        self.until_steady(&task_set).await?;
        self.succeed(Event::Install);
        Ok(())
    }

    async fn until_steady(&self, task_set: &str) -> Result<(), Ended> {
        let timeout = behaviour(&self.account).install_timeout;
        let deadline = self.account.clock().deadline(timeout);
        loop {
            let view = ecs::task_set(
                &self.account,
                &self.group.cluster,
                &self.group.service,
                task_set,
            );
            match view {
                Some(view) if view.steady => return Ok(()),
                Some(_) => {}
                None => {
                    let message = update_error(&format!("The task set {task_set} does not exist."));
                    return Err(Ended::failed("ECS_UPDATE_ERROR", message));
                }
            }
            if tokio::time::Instant::now() >= deadline {
                let minutes = timeout.as_secs() / 60;
                return Err(Ended::failed(
                    "TIMEOUT",
                    format!(
                        "The deployment timed out while waiting for the replacement task set to become healthy. \
                         This time out period is {minutes} minutes."
                    ),
                ));
            }
            self.pause(LOOKS_EVERY).await?;
        }
    }

    /// With `STOP_DEPLOYMENT`, somebody has to say that the traffic may move (AWS-FACTS 5.8). Where in the
    /// lifecycle that is, is not documented: here, behind the test traffic and before `BeforeAllowTraffic`.
    async fn await_go_ahead(&self) -> Result<(), Ended> {
        let ReadyOption::StopDeployment { wait_minutes } = self.group.ready_option else {
            return Ok(());
        };
        self.change(|record| {
            record.status = Status::Ready;
            record.target = Target::Ready;
            record.wait = Wait::Ready;
        });
        self.note(
            Tone::Neutral,
            format!("Ready: waits {wait_minutes} minutes to be continued"),
        );
        events::emit(&self.account, &self.deployment, Change::Ready);
        let at_most = Duration::from_mins(u64::from(wait_minutes));
        if self
            .wait(at_most, |record| (record.wait == Wait::None).then_some(()))
            .await?
            .is_none()
        {
            let message = format!(
                "The deployment timed out while waiting for a notification to continue. \
                 This time out period is {wait_minutes} minutes."
            );
            return Err(Ended::Stopped {
                error: ErrorInformation {
                    code: "TIMEOUT",
                    message,
                },
                rollback: self
                    .deployment
                    .read(|record| !record.auto_rollback.is_empty()),
            });
        }
        self.change(|record| {
            record.status = Status::InProgress;
            record.target = Target::InProgress;
        });
        self.note(Tone::Neutral, "continued");
        Ok(())
    }

    /// Ends the original task set, after its wait.
    async fn conclude(&self) -> Result<(), Ended> {
        let behaviour = behaviour(&self.account);
        if behaviour.succeeds == Succeeds::BeforeTerminationWait {
            self.change(|record| record.terminating = behaviour.termination_wait_is_active);
            self.succeeded();
        }
        let minutes = self.group.termination_wait_minutes;
        if minutes > 0 {
            self.change(|record| record.wait = Wait::Termination);
            self.note(
                Tone::Neutral,
                format!("waits {minutes} minutes to end the original task set"),
            );
            let at_most = Duration::from_mins(u64::from(minutes));
            self.wait(at_most, |record| (record.wait == Wait::None).then_some(()))
                .await?;
        }
        self.look_again();
        let blue = self
            .deployment
            .read(|record| record.blue.as_ref().map(|side| side.task_set.clone()));
        if let Some(blue) = blue {
            ecs::delete_task_set(
                &self.account,
                &self.group.cluster,
                &self.group.service,
                &blue,
            );
            self.note(Tone::Neutral, format!("ends the original task set {blue}"));
        }
        self.change(|record| {
            record.wait = Wait::None;
            record.terminating = false;
        });
        if behaviour.succeeds == Succeeds::AfterTerminationWait {
            self.succeeded();
        }
        Ok(())
    }

    /// Over, and everybody may know it.
    pub(super) fn succeeded(&self) {
        let now = self.account.clock().now();
        self.change(|record| {
            record.status = Status::Succeeded;
            record.completed = Some(now);
        });
        self.note(Tone::Good, "Succeeded");
        events::emit(&self.account, &self.deployment, Change::Success);
    }
}

/// What every part of a deployment does.
impl Run {
    /// Remembers how both task sets are, for when they are gone.
    pub(super) fn look_again(&self) {
        let sides = self
            .deployment
            .read(|record| (record.blue.clone(), record.green.clone()));
        let fresh = |side: Option<Side>| {
            side.map(|side| {
                let (cluster, service) = (&self.group.cluster, &self.group.service);
                ecs::task_set(&self.account, cluster, service, &side.task_set)
                    .map_or(side, Side::of)
            })
        };
        let (blue, green) = (fresh(sides.0), fresh(sides.1));
        self.change(|record| (record.blue, record.green) = (blue, green));
    }

    pub(super) fn start(&self, event: Event) {
        let now = self.account.clock().now();
        self.change(|record| record.lifecycle.start(event, now));
        self.note(Tone::Neutral, format!("{} started", event.name()));
    }

    pub(super) fn succeed(&self, event: Event) {
        let now = self.account.clock().now();
        self.change(|record| record.lifecycle.succeed(event, now));
        self.note(Tone::Good, format!("{} Succeeded", event.name()));
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Record)) {
        let now = self.account.clock().now();
        self.deployment.change(|record| {
            change(record);
            record.updated = now;
        });
    }

    pub(super) fn note(&self, tone: Tone, text: impl AsRef<str>) {
        self.account
            .journal()
            .note("codedeploy", tone, format!("{} {}", self.id, text.as_ref()));
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
        let Some(stop) = self.deployment.read(|record| record.stop) else {
            return Ok(());
        };
        let message = "The deployment was stopped by a request".to_owned();
        Err(Ended::Stopped {
            error: ErrorInformation {
                code: "MANUAL_STOP",
                message,
            },
            rollback: stop.rollback,
        })
    }
}

/// ECS's sentence, in the words that CodeDeploy passes it on with (captured).
fn update_error(sentence: &str) -> String {
    format!(
        "The ECS service cannot be updated due to an unexpected error: {sentence} (Service: AmazonECS; Status \
         Code: 400; Error Code: InvalidParameterException; Proxy: null). Check your ECS service status."
    )
}
