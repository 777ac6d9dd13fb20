//! Hooks that wait for a person, and `ContinueServiceDeployment` (AWS-FACTS 7.6).

use serde_json::{Value, json};

use super::control::find;
use super::events;
use super::hook_configuration::Hook;
use super::hooks::Verdict;
use super::record::HookStatus;
use super::runner::{Ended, Run};
use super::stage::Stage;
use crate::account::ecs::{Account, Members, ServiceError};
use crate::account::journal::Tone;

impl Run {
    /// Waits until somebody continues the deployment or rolls it back.
    pub(super) async fn wait_for_somebody(
        &self,
        hook: &Hook,
        stage: Stage,
    ) -> Result<Verdict, Ended> {
        let id = self.begin_hook(hook, stage, "ecs-pause");
        let text = format!("{} waits for somebody to answer {id}", stage.name());
        self.note(Tone::Neutral, text);
        self.tell(&id, "HOOK_AWAITING_ACTION");
        let answered = self
            .wait(hook.timeout(), |record| {
                let hook = record.hooks.iter().find(|hook| hook.id == id)?;
                (hook.status != HookStatus::AwaitingAction).then_some(hook.status)
            })
            .await?;
        Ok(match answered {
            Some(HookStatus::Succeeded) => {
                self.note(Tone::Good, format!("{}: continued", stage.name()));
                self.tell(&id, "HOOK_SUCCEEDED");
                Verdict::Continue
            }
            Some(_) => {
                self.note(Tone::Bad, format!("{}: to be rolled back", stage.name()));
                self.tell(&id, "HOOK_FAILED");
                Verdict::Rollback {
                    reason: format!("Lifecycle hook {id} was answered with ROLLBACK."),
                    failed: false,
                }
            }
            None => {
                let verdict = self.timed_out(hook, &id);
                self.tell(&id, "HOOK_TIMED_OUT");
                verdict
            }
        })
    }

    /// `ECS Hook State Change`
    fn tell(&self, id: &str, event_name: &str) {
        let found = self.deployment.read(|record| {
            let hook = record.hooks.iter().find(|hook| hook.id == id)?;
            Some((record.arn.clone(), hook.clone()))
        });
        let Some((deployment, hook)) = found else {
            return;
        };
        let (cluster, service) = (&self.place.cluster, &self.place.service);
        let service = self
            .account
            .arn("ecs", &format!("service/{cluster}/{service}"));
        let failed = matches!(event_name, "HOOK_FAILED" | "HOOK_TIMED_OUT");
        let detail = json!({
            "eventType": if failed { "ERROR" } else { "INFO" },
            "eventName": event_name,
            "hookId": id,
            "hookType": hook.kind,
            "expiresAt": events::text(hook.expires),
            "lifecycleStage": hook.stage.name(),
            "clusterArn": self.account.arn("ecs", &format!("cluster/{cluster}")),
            "serviceArn": service,
            "serviceDeploymentArn": deployment,
            "updatedAt": events::text(self.account.clock().now()),
        });
        let bus = self.account.events();
        bus.put_detail(
            "aws.ecs",
            "ECS Hook State Change",
            &json!([service]),
            &detail,
        );
    }
}

/// `ContinueServiceDeployment`
pub(in crate::account::ecs) fn continue_service_deployment(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let arn = input.string("serviceDeploymentArn")?;
    let id = input.string("hookId")?;
    let invalid = |message: String| ServiceError::new("InvalidParameterException", message);
    let status = match input.optional_string("action")? {
        None | Some("CONTINUE") => HookStatus::Succeeded,
        Some("ROLLBACK") => HookStatus::Failed,
        Some(other) => return Err(invalid(format!("Unknown action: {other}"))),
    };
    let deployment = find(account, arn)?;
    let now = account.clock().now();
    deployment.change(|record| {
        let hook = record.hooks.iter_mut().find(|hook| hook.id == id);
        let hook = hook.ok_or_else(|| invalid(format!("There is no lifecycle hook {id}.")))?;
        if hook.status != HookStatus::AwaitingAction {
            let message = format!(
                "The lifecycle hook {id} does not await an action: {}.",
                hook.status.name()
            );
            return Err(invalid(message));
        }
        hook.status = status;
        record.updated = now;
        Ok(())
    })?;
    Ok(json!({"serviceDeploymentArn": arn}))
}
