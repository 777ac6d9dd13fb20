//! Measurements of the green tasks: that they run, what they run, and whether the load balancer finds them healthy.

use futures_util::try_join;
use greenlight_aws::{AwsError, ecs, elbv2};
use greenlight_core::gate::{
    Measurement, Phase, StoppedTask, TargetHealth, Task, TaskSet, measure_digests, measure_targets,
    measure_tasks,
};

use super::{
    super::green::{Green, Seen},
    Instruments,
};
use crate::{
    log_lines::{self, BESIDE_A_REASON},
    observe::{containers, stop_reason},
};

impl Instruments<'_> {
    /// With what a stopped task has written last, once for each task that comes to be the last one.
    pub(super) async fn measure_tasks(&mut self) -> Result<Measurement, AwsError> {
        let (measured, stopped) = self.green.measure_tasks().await?;
        let Some(task) = stopped.filter(|task| self.told_of.as_ref() != Some(&task.id)) else {
            return Ok(measured);
        };
        let said = format!("stopped task {}: {}", task.id, stop_reason(&task));
        let lines = log_lines::of_stopped(&self.green.clients, &task, BESIDE_A_REASON).await;
        self.told_of = Some(task.id);
        Ok(measured.with_evidence([said]).with_evidence(lines))
    }
}

impl Green {
    /// The measurement, and a task that stopped by itself.
    async fn measure_tasks(&self) -> Result<(Measurement, Option<ecs::Task>), AwsError> {
        let seen = match self.look().await? {
            Ok(seen) => seen,
            Err(gone) => return Ok((gone, None)),
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
        let measured = measure_tasks(&TaskSet {
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
        });
        Ok((measured, log_lines::most_telling(stopped)))
    }

    async fn stopped(&self, started_by: &str) -> Result<Vec<ecs::Task>, AwsError> {
        let service = &self.service;
        ecs::stopped_tasks(&self.clients, &service.cluster, &service.name, started_by).await
    }

    pub(in crate::gate) async fn measure_digest(&self) -> Result<Measurement, AwsError> {
        let seen = match self.look().await? {
            Ok(seen) => seen,
            Err(gone) => return Ok(gone),
        };
        let tasks = self.tasks(&seen).await?;
        let mut good = Vec::new();
        for (name, accepted) in &self.expected.containers {
            let running = containers(&tasks, &[name]);
            let measured = measure_digests(&running, accepted);
            if measured.phase != Phase::Successful {
                return Ok(measured);
            }
            good.push((name, measured.summary));
        }
        Ok(match &good[..] {
            [] => Measurement::inconclusive(
                "no container of the green tasks has an image in ECR whose digest is known",
            )
            .for_good(),
            [(_, summary)] => Measurement::successful(summary.clone()),
            several => {
                let several = several
                    .iter()
                    .map(|(name, summary)| format!("`{name}`: {summary}"));
                Measurement::successful(several.collect::<Vec<_>>().join("; "))
            }
        })
    }

    pub(in crate::gate) async fn measure_targets(&self) -> Result<Measurement, AwsError> {
        let Seen {
            desired,
            target_groups,
            ..
        } = match self.look().await? {
            Ok(seen) => seen,
            Err(gone) => return Ok(gone),
        };
        let mut summary =
            Measurement::inconclusive("the green tasks are in no target group").for_good();
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
            if summary.phase != Phase::Successful {
                break;
            }
        }
        Ok(summary)
    }
}
