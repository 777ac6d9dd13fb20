//! The sample account with Greenlight in it: each function's own handler, run in this process
//! whenever the simulated Lambda invokes it, with credentials of its own.

use std::sync::{Arc, Mutex};

use greenlight_aws::table::StoredTarget;
use greenlight_core::{
    record::{DeploymentRecord, Status},
    target::{Target, TargetName},
};
use greenlight_deployer::{Deployer, ask::Asked};
use rehearsal::{
    account::{Settings, ecs::ServiceSpec, elb, functions::FunctionError, template::Template},
    scenario::sample::{Sample, Stand, sample_account_with},
};
use serde_json::Value;
use tokio::time::Duration;

use crate::{
    event_contract::EventContract,
    run::{deployer, handler, kept},
    web::Web,
    wire::Wire,
};

/// The logical ids of the functions in template.yaml.
pub const DEPLOY_ON_PUSH: &str = "DeployOnPush";
/// See [`DEPLOY_ON_PUSH`].
pub const VALIDATE_GREEN: &str = "ValidateGreen";
/// See [`DEPLOY_ON_PUSH`].
pub const RECORD_DEPLOYMENT: &str = "RecordDeployment";
/// See [`DEPLOY_ON_PUSH`].
pub const PIPELINE_ACTION: &str = "PipelineAction";
/// See [`DEPLOY_ON_PUSH`].
pub const RECONCILE: &str = "Reconcile";
/// See [`DEPLOY_ON_PUSH`].
pub const BOARD: &str = "Board";
/// See [`DEPLOY_ON_PUSH`].
pub const REGISTER_TARGET: &str = "RegisterTarget";

/// A scenario is quiet within so much simulated time, or something hangs.
const QUIET_BOUND: Duration = Duration::from_hours(8);

/// The sample account with Greenlight in it.
#[derive(Debug)]
pub struct World {
    /// The account.
    pub sample: Sample,
    /// The use cases as a person with all permissions has them.
    pub operator: Deployer,
    /// The wire of `deploy-on-push`.
    pub push_wire: Wire,
    /// The wire of `record-deployment`.
    pub record_wire: Wire,
    /// The wire of `validate-green`.
    pub gate_wire: Wire,
    /// The wire of `pipeline-action`.
    pub action_wire: Wire,
    /// The wire of `reconcile`.
    pub reconcile_wire: Wire,
    /// The wire of `board`.
    pub board_wire: Wire,
    /// The wire of `register-target`.
    pub register_wire: Wire,
    /// The network of the functions' probes.
    pub web: Web,
    gate_answers: Arc<Mutex<Vec<Answered>>>,
    action_answers: Arc<Mutex<Vec<Answered>>>,
    expects_refusals: bool,
    /// In the end, checks all that was emitted.
    _contract: EventContract,
}

/// An invocation of a function, and what it gave.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What it was given.
    pub payload: Value,
    /// What the function gave.
    pub answer: Result<Value, FunctionError>,
}

impl World {
    /// The sample account with the sample target registered.
    pub async fn open() -> Self {
        Self::open_with(Settings::for_tests(), &sample_targets()).await
    }

    /// The sample account for another way to deploy, with its target registered.
    pub async fn open_stand(stand: Stand) -> Self {
        Self::open_stand_with(stand, &targets_of(stand), |_| {}).await
    }

    /// The same with other targets, and another service.
    pub async fn open_stand_with(
        stand: Stand,
        targets: &[Target],
        change: impl FnOnce(&mut ServiceSpec),
    ) -> Self {
        let sample = sample_account_with(Settings::for_tests(), stand, change);
        let world = Self::set_up(sample.await.unwrap(), true).await;
        world.register(targets).await;
        world
    }

    /// The same in an account with other settings, and with these targets registered.
    pub async fn open_stand_in(settings: Settings, stand: Stand, targets: &[Target]) -> Self {
        let sample = sample_account_with(settings, stand, |_| {});
        let world = Self::set_up(sample.await.unwrap(), true).await;
        world.register(targets).await;
        world
    }

    /// The same with another template, which may not allow all that is needed.
    pub async fn open_stand_of(stand: Stand, change: impl FnOnce(&mut Template)) -> Self {
        let sample = sample_account_with(Settings::for_tests(), stand, |_| {});
        let mut sample = sample.await.unwrap();
        change(&mut sample.template);
        let mut world = Self::set_up(sample, true).await;
        world.expects_refusals = true;
        world.register(&targets_of(stand)).await;
        world
    }

    /// The sample account with these targets registered.
    pub async fn open_with(settings: Settings, targets: &[Target]) -> Self {
        let sample = sample_account_with(settings, Stand::CodeDeploy, |_| {});
        let world = Self::set_up(sample.await.unwrap(), true).await;
        world.register(targets).await;
        world
    }

    /// The same with targets whose services may not be there.
    pub async fn open_without_adopting(targets: &[Target]) -> Self {
        let world = Self::set_up(sample().await, true).await;
        for target in targets {
            world.operator.apply(target).await.unwrap();
        }
        world
    }

    /// The sample account whose functions do not know the hook function.
    pub async fn open_without_hook() -> Self {
        let world = Self::set_up(sample().await, false).await;
        for target in &sample_targets() {
            world.operator.apply(target).await.unwrap();
        }
        world
    }

    /// Registers targets.
    pub async fn register(&self, targets: &[Target]) {
        for target in targets {
            self.operator.apply(target).await.unwrap();
            self.operator.adopt(&target.name).await.unwrap();
        }
    }

    async fn set_up(sample: Sample, knows_hook: bool) -> Self {
        let (push_wire, record_wire) = (Wire::new(), Wire::new());
        let (gate_wire, action_wire) = (Wire::new(), Wire::new());
        let reconcile_wire = Wire::new();
        let (board_wire, register_wire) = (Wire::new(), Wire::new());
        let wires = |logical_id: &str| match logical_id {
            DEPLOY_ON_PUSH => push_wire.clone(),
            RECORD_DEPLOYMENT => record_wire.clone(),
            VALIDATE_GREEN => gate_wire.clone(),
            PIPELINE_ACTION => action_wire.clone(),
            RECONCILE => reconcile_wire.clone(),
            BOARD => board_wire.clone(),
            REGISTER_TARGET => register_wire.clone(),
            other => panic!("template.yaml has a function `{other}` that no test knows"),
        };
        let (account, web) = (sample.account.clone(), Web::default());
        // Where no pipeline waits the schedule finds nothing, hour after hour.
        if sample.stand != Stand::Releases {
            account.events().pause_schedules();
        }
        let gate_answers: Arc<Mutex<Vec<Answered>>> = Arc::default();
        let action_answers: Arc<Mutex<Vec<Answered>>> = Arc::default();
        sample
            .account
            .deploy(&sample.template, |function| {
                let wire = wires(&function.logical_id);
                let mut environment = function.environment.clone();
                if !knows_hook {
                    environment.remove("GREENLIGHT_HOOK");
                }
                let handler = handler(&account, &function.logical_id, &environment, wire, &web);
                match function.logical_id.as_str() {
                    VALIDATE_GREEN => kept(handler, gate_answers.clone()),
                    PIPELINE_ACTION => kept(handler, action_answers.clone()),
                    _ => handler,
                }
            })
            .await
            .unwrap();
        let environment = sample
            .template
            .functions
            .iter()
            .find(|it| it.logical_id == DEPLOY_ON_PUSH);
        let environment = environment.unwrap().environment.clone();
        let operator = deployer(
            &sample.account,
            "operator",
            &environment,
            &Wire::new(),
            &Web::default(),
        );
        Self {
            _contract: EventContract::of(&sample.account),
            sample,
            operator,
            push_wire,
            record_wire,
            gate_wire,
            action_wire,
            reconcile_wire,
            board_wire,
            register_wire,
            web,
            gate_answers,
            action_answers,
            expects_refusals: false,
        }
    }

    /// The use cases as another person with all permissions has them.
    pub fn person(&self, name: &str) -> Deployer {
        self.person_on(name, &Wire::new())
    }

    /// The same behind a wire.
    pub fn person_on(&self, name: &str, wire: &Wire) -> Deployer {
        let functions = &self.sample.template.functions;
        let mut functions = functions.iter();
        let function = functions.find(|it| it.logical_id == DEPLOY_ON_PUSH);
        let environment = &function.unwrap().environment;
        let web = Web::default();
        deployer(&self.sample.account, name, environment, wire, &web)
    }

    /// The invocations of `validate-green` that are over, oldest first.
    pub fn gate_answers(&self) -> Vec<Answered> {
        self.gate_answers.lock().unwrap().clone()
    }

    /// The invocations of `pipeline-action` with a job of a Lambda invoke action that are over, oldest first.
    pub fn jobs(&self) -> Vec<Answered> {
        let mut answers = self.action_answers.lock().unwrap().clone();
        answers.retain(|answer| answer.payload.get("CodePipeline.job").is_some());
        answers
    }

    /// Deploys an image because a person asks for it: a tag or digest.
    pub async fn ask(&self, image: &str) -> Asked {
        let wish = image.parse().unwrap();
        let target = self.target().await;
        self.operator
            .ask(target, &wish, "jane", false)
            .await
            .unwrap()
    }

    /// The newest record of `digest`.
    pub async fn record_of(&self, digest: &str) -> DeploymentRecord {
        let mut history = self.history().await;
        history.retain(|record| record.candidate.digest.as_str() == digest);
        history.swap_remove(0)
    }

    /// What `deploy-on-push` asked of an operation (`ecs:UpdateService`), oldest first.
    pub fn asked_by_push(&self, action: &str) -> Vec<Value> {
        let calls = self
            .sample
            .account
            .journal()
            .calls_of(DEPLOY_ON_PUSH, action);
        calls.into_iter().map(|call| call.request).collect()
    }

    /// Waits until nothing happens any more.
    pub async fn quiet(&self) {
        self.sample.until_quiet(QUIET_BOUND).await.unwrap();
    }

    /// The sample target with its state.
    pub async fn target(&self) -> StoredTarget {
        self.operator
            .target(&name())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    /// The digest that Greenlight's record says is live.
    pub async fn recorded(&self) -> Option<String> {
        let current = self.target().await.state.current?;
        Some(current.candidate.digest.to_string())
    }

    /// The sample target's records, newest first.
    pub async fn history(&self) -> Vec<DeploymentRecord> {
        self.operator.history(&name(), 100).await.unwrap()
    }

    /// The status of the newest record of `digest`.
    pub async fn status_of(&self, digest: &str) -> Option<Status> {
        let history = self.history().await;
        let record = history
            .iter()
            .find(|record| record.candidate.digest.as_str() == digest);
        record.map(|record| record.status)
    }

    /// The detail-types of the events that Greenlight emitted, oldest first.
    pub fn emitted(&self) -> Vec<String> {
        self.emitted_events()
            .iter()
            .map(|event| event["detail-type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The events that Greenlight emitted, oldest first.
    pub fn emitted_events(&self) -> Vec<Value> {
        let mut events = self.sample.account.events().history();
        events.retain(|event| event["source"] == "greenlight");
        events
    }

    /// Invokes a function and waits for what it gives.
    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Value, FunctionError> {
        let template = &self.sample.template;
        let found = template
            .functions
            .iter()
            .find(|it| it.logical_id == function)
            .unwrap();
        self.sample
            .account
            .functions()
            .invoke(&found.name, payload)
            .await
    }
}

/// Whatever a test is about, its functions may do no more than template.yaml allows them, on the very resources.
impl Drop for World {
    fn drop(&mut self) {
        if self.expects_refusals || std::thread::panicking() {
            return;
        }
        let refused = self.sample.account.refused_by_policies();
        assert!(
            refused.is_empty(),
            "template.yaml does not allow it: {refused:#?}"
        );
    }
}

/// The name of the sample target.
pub fn name() -> TargetName {
    "api-test".parse().unwrap()
}

/// The sample target.
pub fn sample_targets() -> Vec<Target> {
    targets_of(Stand::CodeDeploy)
}

/// The sample target of another way to deploy.
pub fn targets_of(stand: Stand) -> Vec<Target> {
    targets_in(stand.targets())
}

/// The targets of a YAML document.
pub fn targets_in(document: &str) -> Vec<Target> {
    let document: Value = serde_norway::from_str(document).unwrap();
    greenlight_core::target::parse(&document).unwrap()
}

/// The target of [`Stand::Rolling`] whose gate asks production for `/health`.
pub fn health_behind(world: &World) -> Vec<Target> {
    let listener = elb::listener(&world.sample.account, &world.sample.production_listener);
    let check = format!(
        "http: {{ url: \"{}/health\", timeout: 30s }}",
        listener.unwrap().url
    );
    let targets = Stand::Rolling.targets();
    targets_in(&targets.replace("targets: { timeout: 3m }", &check))
}

async fn sample() -> Sample {
    let sample = sample_account_with(Settings::for_tests(), Stand::CodeDeploy, |_| {});
    sample.await.unwrap()
}
