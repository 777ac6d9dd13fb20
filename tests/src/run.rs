//! How a function runs: its own handler, with its own credentials, as Lambda runs it.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use greenlight_aws::{Clients, table::Table};
use greenlight_deployer::{Deployer, clock::Clock};
use greenlight_runtime::{
    aws::sdk_config,
    config::AwsConfig,
    function::{Failure, Invocation},
    logging::chain,
};
use rehearsal::account::{
    Account, access_key_id,
    functions::{self, FunctionError, Handler},
};

use crate::{
    web::Web,
    wire::Wire,
    world::{
        Answered, BOARD, DEPLOY_ON_PUSH, PIPELINE_ACTION, RECONCILE, REGISTER_TARGET,
        VALIDATE_GREEN,
    },
};

/// A deployer that calls the account as `caller`.
pub(crate) fn deployer(
    account: &Account,
    caller: &str,
    environment: &std::collections::BTreeMap<String, String>,
    wire: &Wire,
    web: &Web,
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
        probe: web.probe(account),
        clock: Clock::starting_at(account.clock().now()),
    }
}

/// Runs a function's handler as Lambda does: it is gone when it crashes or its time is over.
pub(crate) fn handler(
    account: &Account,
    logical_id: &str,
    environment: &std::collections::BTreeMap<String, String>,
    wire: Wire,
    web: &Web,
) -> Handler {
    let deployer = deployer(account, logical_id, environment, &wire, web);
    let logical_id = logical_id.to_owned();
    Arc::new(move |invocation: functions::Invocation| {
        let (deployer, wire) = (deployer.clone(), wire.clone());
        let logical_id = logical_id.clone();
        async move {
            let event = Invocation {
                payload: invocation.payload,
                request_id: invocation.request_id,
                function_arn: invocation.function_arn,
                deadline: invocation.until,
            };
            let run = async {
                match logical_id.as_str() {
                    DEPLOY_ON_PUSH => {
                        let context = deploy_on_push::Context { deployer };
                        Box::pin(deploy_on_push::handle(&context, event)).await.map_err(|error| told(&error))
                    }
                    VALIDATE_GREEN => {
                        let context = validate_green::Context { deployer };
                        Box::pin(validate_green::handle(&context, event)).await.map_err(|error| told(&error))
                    }
                    BOARD => {
                        let context = board::Context { deployer };
                        Box::pin(board::handle(&context, event)).await.map_err(|error| told(&error))
                    }
                    PIPELINE_ACTION => {
                        let context = pipeline_action::Context { deployer };
                        Box::pin(pipeline_action::handle(&context, event)).await.map_err(|error| told(&error))
                    }
                    REGISTER_TARGET => {
                        let context = register_target::Context { deployer };
                        Box::pin(register_target::handle(&context, event)).await.map_err(|error| told(&error))
                    }
                    RECONCILE => {
                        let context = reconcile::Context { deployer };
                        Box::pin(reconcile::handle(&context, event)).await.map_err(|error| told(&error))
                    }
                    _ => {
                        let context = record_deployment::Context { deployer };
                        Box::pin(record_deployment::handle(&context, event)).await.map_err(|error| told(&error))
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
pub(crate) fn kept(handler: Handler, answers: Arc<Mutex<Vec<Answered>>>) -> Handler {
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
