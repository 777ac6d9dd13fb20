//! One measurement of each kind of check.

use futures_util::try_join;
use greenlight_aws::{AwsError, chain, ecs, elbv2};
use greenlight_core::{
    gate::{
        Measurement, StoppedTask, TargetHealth, Task, TaskSet, measure_digests, measure_targets,
        measure_tasks,
    },
    target::check::{Destination, HttpCheck},
};

use super::green::{Green, Seen};
use crate::{
    observe::{containers, stop_reason},
    probe::Probe,
};

impl Green {
    pub(super) async fn measure_tasks(&self) -> Result<Measurement, AwsError> {
        let seen = match self.look().await? {
            Ok(seen) => seen,
            Err(gone) => return Ok(gone),
        };
        let (running, stopped) = try_join!(self.tasks(&seen), self.stopped(&seen.started_by))?;
        let stopped = match running.first() {
            // They carry something else in `startedBy`.
            Some(task) if task.started_by != seen.started_by => {
                self.stopped(&task.started_by).await?
            }
            _ => stopped,
        };
        let has_health_check = self.expected.has_health_check;
        Ok(measure_tasks(&TaskSet {
            desired: seen.desired,
            running: seen.running,
            pending: seen.pending,
            steady: seen.is_steady,
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

    async fn stopped(&self, started_by: &str) -> Result<Vec<ecs::Task>, AwsError> {
        let service = &self.service;
        ecs::stopped_tasks(&self.clients, &service.cluster, &service.name, started_by).await
    }

    pub(super) async fn measure_digest(&self) -> Result<Measurement, AwsError> {
        let seen = match self.look().await? {
            Ok(seen) => seen,
            Err(gone) => return Ok(gone),
        };
        let tasks = self.tasks(&seen).await?;
        let mut good = Vec::new();
        for (name, accepted) in &self.expected.containers {
            let running = containers(&tasks, &[name]);
            match measure_digests(&running, accepted) {
                Measurement::Good(summary) => good.push((name, summary)),
                otherwise => return Ok(otherwise),
            }
        }
        Ok(match &good[..] {
            [] => Measurement::NothingToMeasure(
                "no container of the green tasks has an image in ECR whose digest is known"
                    .to_owned(),
            ),
            [(_, summary)] => Measurement::Good(summary.clone()),
            several => {
                let several = several
                    .iter()
                    .map(|(name, summary)| format!("`{name}`: {summary}"));
                Measurement::Good(several.collect::<Vec<_>>().join("; "))
            }
        })
    }

    pub(super) async fn measure_targets(&self) -> Result<Measurement, AwsError> {
        let Seen {
            desired,
            target_groups,
            ..
        } = match self.look().await? {
            Ok(seen) => seen,
            Err(gone) => return Ok(gone),
        };
        let mut summary =
            Measurement::NothingToMeasure("the green tasks are in no target group".to_owned());
        for target_group in &target_groups {
            let health = elbv2::target_health(&self.clients, target_group).await?;
            let targets = health
                .into_iter()
                .map(|found| TargetHealth {
                    target: found.target,
                    state: found.state,
                    reason: found.reason,
                })
                .collect::<Vec<_>>();
            summary = measure_targets(desired, &targets);
            if !matches!(summary, Measurement::Good(_)) {
                break;
            }
        }
        Ok(summary)
    }

    pub(super) async fn measure_http(
        &self,
        check: &HttpCheck,
        probe: &Probe,
        base_url: &mut Option<String>,
    ) -> Result<Measurement, AwsError> {
        let url = match &check.request.to {
            Destination::Url(url) => url.clone(),
            Destination::TestListener { path } => {
                let base = match base_url {
                    Some(base) => base,
                    None => match self.test_listener().await? {
                        Ok(found) => base_url.insert(found),
                        Err(none) => return Ok(none),
                    },
                };
                format!("{base}{path}")
            }
        };
        let method = check.request.method.as_str();
        let answer = match probe.ask(check, &url).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Measurement::Unmeasured(chain(&error))),
        };
        let judged = check.judge(answer.status, &answer.headers, &answer.body, answer.latency);
        Ok(match judged {
            Ok(()) => Measurement::Good(format!(
                "{method} {url} answered {} in {} ms, {} times in a row",
                answer.status,
                answer.latency.as_millis(),
                check.consecutive
            )),
            Err(reason) => Measurement::NotYet(format!("{method} {url}: {reason}")),
        })
    }
}
