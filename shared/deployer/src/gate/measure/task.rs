//! A task with the same image, which has to end with exit code 0. It is started once for each measurement, and looked
//! at until it has ended.

use greenlight_aws::{
    AwsError,
    ecs::{self, RunTask},
};
use greenlight_core::{
    gate::{Measurement, Progress, task_token},
    target::OneShotTask,
};

use super::Instruments;
use crate::{
    conclude::task::{broken_off, failures},
    log_lines::{self, BESIDE_A_REASON},
    observe::{self, stop_reason},
    start::task::{launch, network, overrides, run_once},
};

/// Why a task may have been stopped by somebody: that says nothing of the image.
const BY_OTHERS: [&str; 5] = [
    "UserInitiated",
    "ServiceSchedulerInitiated",
    "SpotInterruption",
    "TerminationNotice",
    "InfrastructureHealth",
];

impl Instruments<'_> {
    pub(super) async fn measure_task(
        &self,
        check: &OneShotTask,
        progress: &Progress,
    ) -> Result<Measurement, AwsError> {
        match progress.memo() {
            Some(task) => self.look_at_task(task).await,
            None => self.run_task(check, progress).await,
        }
    }

    async fn run_task(
        &self,
        check: &OneShotTask,
        progress: &Progress,
    ) -> Result<Measurement, AwsError> {
        let about = &self.about;
        let service = &self.green.service;
        let found = ecs::service(&self.green.clients, &service.cluster, &service.name).await?;
        let Some(task_definition) = self.green.task_definition(&found) else {
            return Ok(Measurement::error(format!(
                "service `{service}` does not tell the task definition of its green tasks any more"
            ))
            .for_good());
        };
        let token = task_token(&[
            about.aws_id,
            about.point.name(),
            &about.gate_began_at.to_string(),
            progress.check(),
            &progress.ended().to_string(),
        ]);
        let images = about.stored.map(|stored| &stored.target.images);
        let first = images.and_then(|images| images.first());
        let container = check.container.as_ref().or(first.map(|it| &it.container));
        let mut request = RunTask {
            cluster: service.cluster.clone(),
            task_definition,
            network: network(check, Some(&found)),
            overrides: overrides(check, container),
            // Nobody waits for the event of its end.
            started_by: format!("greenlight-gate/{token}"),
            client_token: token,
            ..RunTask::default()
        };
        launch(&mut request, check, Some(&found));
        let task = run_once(&self.green.clients, &request).await?;
        Ok(runs(&task, "was started"))
    }

    async fn look_at_task(&self, arn: &str) -> Result<Measurement, AwsError> {
        let clients = &self.green.clients;
        let Some(task) = ecs::task(clients, &self.green.service.cluster, arn).await? else {
            return Ok(Measurement::error(format!(
                "ECS does not know task `{arn}` any more, so its end is unknown"
            )));
        };
        if task.last_status != "STOPPED" {
            return Ok(runs(arn, &format!("is {}", task.last_status)));
        }
        let definition = observe::task_definition(clients, &task.task_definition).await?;
        let failures = failures(&definition, &task);
        let broken_off = broken_off(&task);
        if failures.is_empty() && broken_off.is_none() {
            return Ok(
                Measurement::successful(format!("task {} ended with exit code 0", task.id))
                    .with_value(0.0),
            );
        }
        let code = task.stop_code.as_deref().unwrap_or_default();
        let all: Vec<String> = failures.into_iter().chain(broken_off).collect();
        let said = format!("task {} failed: {}", task.id, all.join("; "));
        let measured = if BY_OTHERS.contains(&code) {
            Measurement::error(said)
        } else {
            Measurement::failed(said)
        };
        let lines = log_lines::of_task(clients, &definition, &task, BESIDE_A_REASON).await;
        Ok(measured
            .with_evidence([format!("stopped task {}: {}", task.id, stop_reason(&task))])
            .with_evidence(lines))
    }
}

/// That the task `arn` is under way, which the next look has to know.
fn runs(arn: &str, how: &str) -> Measurement {
    let id = arn.rsplit('/').next().unwrap_or(arn);
    Measurement::running(format!(
        "task {id} {how}; it is not stopped when the time of the check is over"
    ))
    .with_memo(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_under_way_is_remembered_by_its_arn() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:task/mco/1";
        let found = runs(arn, "is PENDING");
        assert_eq!(found.memo.as_deref(), Some(arn));
        assert!(
            found.summary.starts_with("task 1 is PENDING"),
            "{}",
            found.summary
        );
    }
}
