//! The sample account with Greenlight in it: each function's own handler, run in this process
//! whenever the simulated Lambda invokes it, with credentials of its own.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use greenlight_aws::{
    Clients,
    table::{StoredTarget, Table},
};
use greenlight_core::{
    record::{DeploymentRecord, Status},
    target::{Target, TargetName},
};
use greenlight_deployer::{Deployer, ask::Asked, clock::Clock, probe::Probe};
use greenlight_runtime::{
    aws::sdk_config,
    config::AwsConfig,
    function::{Failure, Invocation},
    logging::chain,
};
use rehearsal::{
    account::ecs::ServiceSpec,
    account::{
        Account, Settings, access_key_id,
        functions::{self, FunctionError, Handler},
    },
    scenario::sample::{Sample, Stand, sample_account_with},
};
use serde_json::Value;
use tokio::time::Duration;

use crate::wire::Wire;

/// The logical ids of the functions in template.yaml.
pub const DEPLOY_ON_PUSH: &str = "DeployOnPush";
/// See [`DEPLOY_ON_PUSH`].
pub const VALIDATE_GREEN: &str = "ValidateGreen";
/// See [`DEPLOY_ON_PUSH`].
pub const RECORD_DEPLOYMENT: &str = "RecordDeployment";

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
    gate_answers: Arc<Mutex<Vec<Answered>>>,
}

/// An invocation of `validate-green`, and what it gave.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The hook's payload.
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
        let (push_wire, record_wire, gate_wire) = (Wire::new(), Wire::new(), Wire::new());
        let wires = |logical_id: &str| match logical_id {
            DEPLOY_ON_PUSH => push_wire.clone(),
            RECORD_DEPLOYMENT => record_wire.clone(),
            VALIDATE_GREEN => gate_wire.clone(),
            other => panic!("template.yaml has a function `{other}` that no test knows"),
        };
        let account = sample.account.clone();
        let gate_answers: Arc<Mutex<Vec<Answered>>> = Arc::default();
        sample
            .account
            .deploy(&sample.template, |function| {
                let wire = wires(&function.logical_id);
                let mut environment = function.environment.clone();
                if !knows_hook {
                    environment.remove("GREENLIGHT_HOOK");
                }
                let handler = handler(&account, &function.logical_id, &environment, wire);
                if function.logical_id == VALIDATE_GREEN {
                    return kept(handler, gate_answers.clone());
                }
                handler
            })
            .await
            .unwrap();
        let environment = sample
            .template
            .functions
            .iter()
            .find(|it| it.logical_id == DEPLOY_ON_PUSH);
        let environment = environment.unwrap().environment.clone();
        let operator = deployer(&sample.account, "operator", &environment, &Wire::new());
        Self {
            sample,
            operator,
            push_wire,
            record_wire,
            gate_wire,
            gate_answers,
        }
    }

    /// The invocations of `validate-green` that are over, oldest first.
    pub fn gate_answers(&self) -> Vec<Answered> {
        self.gate_answers.lock().unwrap().clone()
    }

    /// Deploys an image because a person asks for it: a tag or digest.
    pub async fn ask(&self, image: &str) -> Asked {
        let wish = image.parse().unwrap();
        let target = self.target().await;
        self.operator.ask(target, &wish, "jane").await.unwrap()
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

async fn sample() -> Sample {
    let sample = sample_account_with(Settings::for_tests(), Stand::CodeDeploy, |_| {});
    sample.await.unwrap()
}

/// A deployer that calls the account as `caller`.
pub fn deployer(
    account: &Account,
    caller: &str,
    environment: &std::collections::BTreeMap<String, String>,
    wire: &Wire,
) -> Deployer {
    account.add_caller(caller);
    let variables = [
        ("AWS_REGION", account.settings().region.as_str()),
        ("AWS_ACCESS_KEY_ID", &access_key_id(caller)),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = AwsConfig::parse(&variables.into_iter().collect()).unwrap();
    let clients = Clients::new(&sdk_config(&config, wire.client(account.http_client())));
    Deployer {
        table: Table::new(clients.clone(), &environment["GREENLIGHT_TABLE"]),
        clients,
        bus: environment["GREENLIGHT_BUS"].clone(),
        hook_function: environment.get("GREENLIGHT_HOOK").cloned(),
        probe: probe(account),
        clock: Clock::starting_at(account.clock().now()),
    }
}

/// Runs a function's handler as Lambda does: it is gone when it crashes or its time is over.
fn handler(
    account: &Account,
    logical_id: &str,
    environment: &std::collections::BTreeMap<String, String>,
    wire: Wire,
) -> Handler {
    let deployer = deployer(account, logical_id, environment, &wire);
    let logical_id = logical_id.to_owned();
    Arc::new(move |invocation: functions::Invocation| {
        let (deployer, wire) = (deployer.clone(), wire.clone());
        let logical_id = logical_id.clone();
        async move {
            let event = Invocation {
                payload: invocation.payload,
                request_id: invocation.request_id,
                deadline: invocation.until,
            };
            let run = async {
                match logical_id.as_str() {
                    DEPLOY_ON_PUSH => {
                        let context = deploy_on_push::Context { deployer };
                        deploy_on_push::handle(&context, event).await.map_err(|error| told(&error))
                    }
                    VALIDATE_GREEN => {
                        let context = validate_green::Context { deployer };
                        validate_green::handle(&context, event).await.map_err(|error| told(&error))
                    }
                    _ => {
                        let context = record_deployment::Context { deployer };
                        record_deployment::handle(&context, event).await.map_err(|error| told(&error))
                    }
                }
            };
            tokio::select! {
                result = run => result,
                () = wire.crashed() => Err(FunctionError::new("Runtime.ExitError", "the process died")),
                () = tokio::time::sleep_until(invocation.until) => {
                    Err(FunctionError::new("Sandbox.Timedout", "the time was over"))
                }
            }
        }
        .boxed()
    })
}

/// The handler, with what it gives written down.
fn kept(handler: Handler, answers: Arc<Mutex<Vec<Answered>>>) -> Handler {
    Arc::new(move |invocation: functions::Invocation| {
        let (handler, answers) = (handler.clone(), answers.clone());
        async move {
            let payload = invocation.payload.clone();
            let answer = handler(invocation).await;
            let kept = Answered {
                payload,
                answer: answer.clone(),
            };
            answers.lock().unwrap().push(kept);
            answer
        }
        .boxed()
    })
}

fn told(error: &impl Failure) -> FunctionError {
    FunctionError::new(error.error_type(), chain(error))
}

/// Asks over the account's virtual network.
fn probe(account: &Account) -> Probe {
    let account = account.clone();
    Probe::simulated(move |request| {
        let account = account.clone();
        Box::pin(async move {
            let uri = request.uri().clone();
            account
                .request(uri, request)
                .await
                .map_err(|error| error.to_string())
        })
    })
}
