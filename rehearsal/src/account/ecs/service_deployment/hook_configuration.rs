//! The lifecycle hooks of a service as they are configured (AWS-FACTS 7.2): at which stages which
//! function is asked, or a person is waited for.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::Stage;

/// How many of each type a service may have.
const AT_MOST: usize = 10;

/// One of `lifecycleHooks`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// Who decides.
    pub target: HookTarget,
    /// `lifecycleStages`
    pub stages: Vec<Stage>,
    /// `roleArn`: the role in which ECS invokes the function.
    pub role_arn: Option<String>,
    /// `hookDetails`: whatever the function is to be told.
    pub details: Option<Value>,
    /// `timeoutInMinutes`, of a stage.
    pub timeout_minutes: u32,
    /// What happens when that is over.
    pub on_timeout: HookAction,
}

/// Who decides at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookTarget {
    /// The function of this ARN.
    Lambda(String),
    /// Whoever calls `ContinueServiceDeployment`.
    Pause,
}

/// What a hook's time-out, or whoever continues a paused deployment, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookAction {
    /// `CONTINUE`
    Continue,
    /// `ROLLBACK`
    Rollback,
}

impl Hook {
    /// A function that is asked at these stages, with a day to answer.
    pub fn lambda(function_arn: &str, stages: &[Stage]) -> Self {
        Self::new(HookTarget::Lambda(function_arn.to_owned()), stages)
    }

    /// A pause at these stages, of a day at most.
    pub fn pause(stages: &[Stage]) -> Self {
        Self::new(HookTarget::Pause, stages)
    }

    fn new(target: HookTarget, stages: &[Stage]) -> Self {
        Self {
            target,
            stages: stages.to_vec(),
            role_arn: None,
            details: None,
            timeout_minutes: 1440,
            on_timeout: HookAction::Rollback,
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        // Documented: functions have a day at most, people a fortnight.
        let most = match self.target {
            HookTarget::Lambda(_) => 1440,
            HookTarget::Pause => 20160,
        };
        Duration::from_mins(u64::from(self.timeout_minutes.clamp(1, most)))
    }

    /// Why ECS would refuse these hooks of a service: a sentence.
    pub(super) fn check_all(hooks: &[Self]) -> Result<(), String> {
        let pauses = hooks.iter().filter(|it| it.target == HookTarget::Pause);
        let pauses = pauses.count();
        if pauses > AT_MOST || hooks.len() - pauses > AT_MOST {
            return Err(format!(
                "A service has at most {AT_MOST} lifecycle hooks of each type."
            ));
        }
        hooks.iter().try_for_each(Self::check)
    }

    fn check(&self) -> Result<(), String> {
        let pauses_traffic = |stage: &&Stage| {
            matches!(
                stage,
                Stage::TestTrafficShift | Stage::ProductionTrafficShift
            )
        };
        if let Some(stage) = self.stages.iter().find(|stage| !stage.takes_hooks()) {
            return Err(format!("{} takes no lifecycle hooks.", stage.name()));
        }
        match self.stages.iter().find(pauses_traffic) {
            Some(stage) if self.target == HookTarget::Pause => Err(format!(
                "PAUSE lifecycle hooks are not supported at {}.",
                stage.name()
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let stages: Vec<&str> = self.stages.iter().map(|stage| stage.name()).collect();
        let mut described = match &self.target {
            HookTarget::Lambda(arn) => json!({"targetType": "AWS_LAMBDA", "hookTargetArn": arn}),
            HookTarget::Pause => json!({"targetType": "PAUSE"}),
        };
        described["lifecycleStages"] = json!(stages);
        if let Some(role) = &self.role_arn {
            described["roleArn"] = role.as_str().into();
        }
        if let Some(details) = &self.details {
            described["hookDetails"] = details.clone();
        }
        described["timeoutConfiguration"] = json!({
            "timeoutInMinutes": self.timeout_minutes, "action": self.on_timeout.name(),
        });
        described
    }
}

impl HookTarget {
    /// `AWS_LAMBDA` or `PAUSE`.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Lambda(_) => "AWS_LAMBDA",
            Self::Pause => "PAUSE",
        }
    }
}

impl HookAction {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Rollback => "ROLLBACK",
        }
    }
}
