//! The checks themselves: measure, judge, wait, until there is a verdict.
//!
//! They run in the order of the document, and the first that does not pass ends the gate.

use futures_util::try_join;
use greenlight_aws::{
    AwsError, chain,
    codedeploy::{self, DeploymentTarget, Group},
    ecs::{self, Service, TaskSet},
    elbv2,
};
use greenlight_core::{
    gate::{
        CheckReport, Measurement, Progress, StoppedTask, TargetHealth, Task, Verdict,
        measure_digests, measure_targets, measure_tasks,
    },
    target::{
        Check,
        check::{Destination, HttpCheck},
    },
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, sleep};

use super::expectation::Expected;
use crate::{
    Deployer,
    observe::{containers, stop_reason},
    probe::Probe,
};

/// The pause between two looks at ECS or the load balancer.
const INTERVAL: Duration = Duration::from_secs(3);

/// The green side of a deployment.
#[derive(Debug, Clone)]
pub(super) struct Green {
    pub(super) deployment: String,
    pub(super) group: Group,
    pub(super) at: DeploymentTarget,
    pub(super) expected: Expected,
}

impl Deployer {
    pub(super) async fn run_checks(
        &self,
        green: &Green,
        checks: &[Check],
        probe: &Probe,
        until: Timestamp,
    ) -> Vec<CheckReport> {
        let mut reports = Vec::with_capacity(checks.len());
        for check in checks {
            let report = self.run_check(green, check, probe, until).await;
            tracing::info!(
                check = report.check,
                verdict = report.verdict.as_str(),
                measurements = report.measurements,
                "{}",
                report.summary
            );
            let passed = report.verdict == Verdict::Passed;
            reports.push(report);
            if !passed {
                break;
            }
        }
        reports
    }

    async fn run_check(
        &self,
        green: &Green,
        check: &Check,
        probe: &Probe,
        until: Timestamp,
    ) -> CheckReport {
        let timeout = SignedDuration::try_from(check.timeout()).unwrap_or(SignedDuration::MAX);
        let deadline = self
            .clock
            .now()
            .checked_add(timeout)
            .unwrap_or(Timestamp::MAX)
            .min(until);
        let (needed, interval) = match check {
            Check::Http(http) => (http.consecutive, http.interval),
            Check::Tasks(_) | Check::Digest(_) | Check::Targets(_) => (1, INTERVAL),
        };
        let mut progress = Progress::new(check.name(), needed, deadline);
        let mut base_url = None;
        loop {
            let measured = match check {
                Check::Tasks(_) => self.measure_tasks(green).await,
                Check::Digest(_) => self.measure_digest(green).await,
                Check::Targets(_) => self.measure_targets(green).await,
                Check::Http(http) => self.measure_http(green, http, probe, &mut base_url).await,
            };
            let measurement = measured.unwrap_or_else(|error| {
                if error.is_retryable() {
                    Measurement::Unmeasured(chain(&error))
                } else {
                    Measurement::Bad(with_hint(&error))
                }
            });
            if let Some(report) = progress.after(measurement, self.clock.now()) {
                return report;
            }
            sleep(interval.min(left(deadline, self.clock.now()))).await;
        }
    }

    async fn green_set(&self, green: &Green) -> Result<Result<TaskSet, Measurement>, AwsError> {
        let service: Service =
            ecs::service(&self.clients, &green.at.cluster, &green.at.service).await?;
        Ok(service
            .created_by(&green.deployment)
            .cloned()
            .ok_or_else(|| {
                Measurement::Bad(format!(
                    "service `{}` has no task set of {} any more",
                    green.at.service, green.deployment
                ))
            }))
    }

    async fn measure_tasks(&self, green: &Green) -> Result<Measurement, AwsError> {
        let set = match self.green_set(green).await? {
            Ok(set) => set,
            Err(gone) => return Ok(gone),
        };
        let cluster = &green.at.cluster;
        let (running, stopped) = try_join!(
            ecs::running_tasks(&self.clients, cluster, &set.id),
            ecs::stopped_tasks(&self.clients, cluster, &green.at.service, &set.id),
        )?;
        let has_health_check = green.expected.has_health_check;
        Ok(measure_tasks(&greenlight_core::gate::TaskSet {
            desired: set.desired,
            running: set.running,
            pending: set.pending,
            steady: set.is_steady,
            tasks: running
                .into_iter()
                .map(|task| Task {
                    id: task.id,
                    status: task.last_status,
                    health: task.health,
                    has_health_check,
                })
                .collect(),
            stopped: stopped
                .iter()
                .map(|task| StoppedTask {
                    id: task.id.clone(),
                    reason: stop_reason(task),
                })
                .collect(),
        }))
    }

    async fn measure_digest(&self, green: &Green) -> Result<Measurement, AwsError> {
        let set = match self.green_set(green).await? {
            Ok(set) => set,
            Err(gone) => return Ok(gone),
        };
        let tasks = ecs::running_tasks(&self.clients, &green.at.cluster, &set.id).await?;
        let mut summary = Measurement::NothingToMeasure(
            "no container of the green tasks has an image in ECR whose digest is known".to_owned(),
        );
        for (name, accepted) in &green.expected.containers {
            let running = containers(&tasks, &[name]);
            summary = measure_digests(&running, accepted);
            if !matches!(summary, Measurement::Good(_)) {
                break;
            }
        }
        Ok(summary)
    }

    async fn measure_targets(&self, green: &Green) -> Result<Measurement, AwsError> {
        let set = match self.green_set(green).await? {
            Ok(set) => set,
            Err(gone) => return Ok(gone),
        };
        let Some(load_balancer) = set.load_balancers.first() else {
            return Ok(Measurement::NothingToMeasure(
                "the green task set has no target group".to_owned(),
            ));
        };
        let health = elbv2::target_health(&self.clients, &load_balancer.target_group).await?;
        let targets = health
            .into_iter()
            .map(|found| TargetHealth {
                target: found.target,
                state: found.state,
                reason: found.reason,
            })
            .collect::<Vec<_>>();
        Ok(measure_targets(set.desired, &targets))
    }

    async fn measure_http(
        &self,
        green: &Green,
        check: &HttpCheck,
        probe: &Probe,
        base_url: &mut Option<String>,
    ) -> Result<Measurement, AwsError> {
        let url = match &check.request.to {
            Destination::Url(url) => url.clone(),
            Destination::TestListener { path } => {
                let base = match base_url {
                    Some(base) => base,
                    None => match self.test_listener(green).await? {
                        Ok(found) => base_url.insert(found),
                        Err(none) => return Ok(none),
                    },
                };
                format!("{base}{path}")
            }
        };
        Ok(match probe.ask(check, &url).await {
            Ok(answer) => {
                let judged =
                    check.judge(answer.status, &answer.headers, &answer.body, answer.latency);
                match judged {
                    Ok(()) => Measurement::Good(format!(
                        "{} {url} answered {} in {} ms, {} times in a row",
                        check.request.method.as_str(),
                        answer.status,
                        answer.latency.as_millis(),
                        check.consecutive
                    )),
                    Err(reason) => Measurement::NotYet(format!(
                        "{} {url}: {reason}",
                        check.request.method.as_str()
                    )),
                }
            }
            Err(error) => Measurement::Unmeasured(chain(&error)),
        })
    }

    /// The base URL of the deployment group's test listener: never that of production, which does
    /// not lead to the green tasks.
    async fn test_listener(&self, green: &Green) -> Result<Result<String, Measurement>, AwsError> {
        let listeners = codedeploy::listeners(&self.clients, &green.group).await?;
        let Some(listener) = listeners.test.first() else {
            return Ok(Err(Measurement::Bad(format!(
                "{} has no test listener, so the green tasks cannot be asked; give it one, or give \
                 the check a `url`",
                green.group
            ))));
        };
        let address = elbv2::listener_address(&self.clients, listener).await?;
        Ok(Ok(address.base_url()))
    }
}

fn left(deadline: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(deadline)).unwrap_or(Duration::ZERO)
}

fn with_hint(error: &AwsError) -> String {
    match error.hint() {
        Some(hint) => format!("{}; {hint}", chain(error)),
        None => chain(error),
    }
}
