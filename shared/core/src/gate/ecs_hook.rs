//! The lifecycle hook of ECS's own deployments: what its payload says, and what it asks for.
//!
//! Source: AWS-FACTS 7.3, 7.4. Payloads come nested and, from an older contract, flat; stages come that no enumeration
//! names. How a hook is answered is in `greenlight-runtime`; what is carried from one call to the next, in
//! [`super::Unfinished`].

use serde_json::Value;

use crate::target::{GatePoint, Service};
use crate::text::excerpt;

/// The longest ARN and stage that are read.
const ARN_LIMIT: usize = 1024;
const STAGE_LIMIT: usize = 64;
/// So many weights are read: a deployment has two revisions, or a few more while it is reconciled.
const WEIGHTS_LIMIT: usize = 20;

const TEST_SHIFT: &str = "TEST_TRAFFIC_SHIFT";
const PRODUCTION_SHIFT: &str = "PRODUCTION_TRAFFIC_SHIFT";

/// What ECS tells a hook.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsHook {
    /// `lifecycleStage`, as it is written.
    pub stage: String,
    /// `resourceArn`: the service deployment.
    pub deployment: String,
    /// The account that the deployment is in.
    pub account: String,
    /// The service that is deployed to.
    pub service: Service,
    /// `targetServiceRevisionArn`: the green revision.
    pub target_revision: Option<String>,
    /// `testTrafficWeights`
    pub test_weights: Weights,
    /// `productionTrafficWeights`
    pub production_weights: Weights,
}

/// How much of the traffic reaches each service revision, in percent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights(Vec<(String, f64)>);

/// What ECS asks for at a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtStage {
    /// The verdict of a gate.
    Gate(GatePoint),
    /// Nothing that could be checked; it may go on.
    Nothing {
        /// Why, in one sentence.
        reason: String,
    },
}

/// A payload of ECS that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload of a lifecycle hook of ECS is not as expected: {what}")]
pub struct UnreadableHook {
    what: String,
}

/// Whether ECS has sent this payload, so that the return value is the answer. CodeDeploy's has none of these fields.
pub fn is_ecs_hook(payload: &Value) -> bool {
    let is_there = |field| payload.get(field).is_some();
    let is_codedeploys = is_there("LifecycleEventHookExecutionId");
    let of_ecs = ["lifecycleStage", "resourceArn", "executionDetails"];
    !is_codedeploys && of_ecs.into_iter().any(is_there)
}

impl EcsHook {
    /// Reads a payload, nested or flat.
    pub fn parse(payload: &Value) -> Result<Self, UnreadableHook> {
        let unreadable = |what: &str| UnreadableHook {
            what: what.to_owned(),
        };
        let details = payload.get("executionDetails");
        let field = |name| {
            let nested = details.and_then(|details| details.get(name));
            nested.or_else(|| payload.get(name))
        };
        let text = |name, limit| {
            let text = field(name).and_then(Value::as_str);
            text.filter(|text| (1..=limit).contains(&text.len()))
        };
        let stage = text("lifecycleStage", STAGE_LIMIT)
            .ok_or_else(|| unreadable("`lifecycleStage` is missing, or no stage"))?;
        let arn = text("resourceArn", ARN_LIMIT)
            .ok_or_else(|| unreadable("`resourceArn` is missing, or no ARN"))?;
        let (account, service) = service_of_deployment(arn).ok_or_else(|| {
            unreadable(&format!(
                "`resourceArn` is `{}`, not that of a service deployment",
                excerpt(arn, 200)
            ))
        })?;
        Ok(Self {
            stage: excerpt(stage, STAGE_LIMIT),
            deployment: arn.to_owned(),
            account,
            service,
            target_revision: text("targetServiceRevisionArn", ARN_LIMIT).map(str::to_owned),
            test_weights: Weights::read(field("testTrafficWeights")),
            production_weights: Weights::read(field("productionTrafficWeights")),
        })
    }

    /// What is asked for.
    ///
    /// | stage                                   | asks for                                    |
    /// |-----------------------------------------|---------------------------------------------|
    /// | one of a gate                           | that gate                                   |
    /// | a shift of traffic away from the green  | nothing: the deployment is being rolled back |
    /// | any other, known or not                 | nothing                                     |
    pub fn asks(&self) -> AtStage {
        let stage = &self.stage;
        if self.goes_back() {
            return AtStage::Nothing {
                reason: format!(
                    "{stage} takes the traffic away from the green tasks, since the deployment is being rolled back"
                ),
            };
        }
        match GatePoint::of_ecs_stage(stage) {
            Some(point) => AtStage::Gate(point),
            None => AtStage::Nothing {
                reason: format!("there is no gate at {stage}"),
            },
        }
    }

    /// A roll-back has no stages of its own: ECS comes by those of the shifts once more, with weights that lead away
    /// from the green revision (AWS-FACTS 7.5). Before the first shift the green revision has no weight either, but
    /// that is another stage.
    fn goes_back(&self) -> bool {
        let weights = match self.stage.as_str() {
            PRODUCTION_SHIFT => &self.production_weights,
            TEST_SHIFT => &self.test_weights,
            _ => return false,
        };
        let Some(green) = &self.target_revision else {
            return false;
        };
        match weights.of(green) {
            Some(weight) => weight <= 0.0,
            None => weights.0.iter().any(|(_, weight)| *weight > 0.0),
        }
    }

    /// The stage, with the traffic that reaches the green tasks, for people. Of a deployment that shifts in steps it
    /// tells the steps apart.
    pub fn stage_in_words(&self) -> String {
        let stage = &self.stage;
        let green = self.target_revision.as_deref();
        let of = |weights: &Weights| green.and_then(|green| weights.of(green));
        match (of(&self.production_weights), of(&self.test_weights)) {
            (Some(weight), _) => format!("{stage}, {weight} % of production traffic"),
            (None, Some(weight)) => format!("{stage}, {weight} % of test traffic"),
            (None, None) => stage.clone(),
        }
    }
}

impl Weights {
    fn read(weights: Option<&Value>) -> Self {
        let entries = weights.and_then(Value::as_object).into_iter().flatten();
        let weights = entries.filter_map(|(revision, weight)| {
            let fits = revision.len() <= ARN_LIMIT;
            fits.then_some((revision.clone(), weight.as_f64()?))
        });
        Self(weights.take(WEIGHTS_LIMIT).collect())
    }

    /// The share of a service revision.
    pub fn of(&self, revision: &str) -> Option<f64> {
        let found = self.0.iter().find(|(it, _)| it == revision);
        found.map(|(_, weight)| *weight)
    }
}

/// `arn:<partition>:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>`
fn service_of_deployment(arn: &str) -> Option<(String, Service)> {
    let [prefix, _, "ecs", _, account, resource]: [&str; 6] =
        arn.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?
    else {
        return None;
    };
    let ["service-deployment", cluster, name, id]: [&str; 4] =
        resource.split('/').collect::<Vec<_>>().try_into().ok()?
    else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let are_names = [cluster, name, id].into_iter().all(is_name);
    (prefix == "arn" && is_account && are_names).then(|| {
        let service = Service {
            cluster: cluster.to_owned(),
            name: name.to_owned(),
        };
        (account.to_owned(), service)
    })
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests;
