//! What every function's `main` does: configuration, logs, clients, and then one event after another.
//!
//! Nothing but wiring happens before the first event is asked for. What goes wrong until then is reported to Lambda as
//! an error of the initialisation, in a sentence; what goes wrong with an event is that event's error.

mod init_error;

use crate::aws::sdk_config;
use crate::config::{Config, ConfigError, Variables};
use crate::http::{TrustError, shared_client};
use crate::logging::{self, chain};
use greenlight_aws::{Clients, table::Table};
use greenlight_deployer::{Deployer, clock::Clock, probe::Probe};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use std::error::Error;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use tracing::Instrument as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// What a function is built from.
#[derive(Debug)]
pub struct Wiring {
    /// The use cases, with the clients, the table and the clock that they work with.
    pub deployer: Deployer,
}

/// One event that Lambda hands to a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The event.
    pub payload: Value,
    /// Lambda's id of this invocation; a retry of the same event has the same.
    pub request_id: String,
    /// As what the function was invoked: its ARN, with the alias or version if there was one.
    pub function_arn: String,
    /// When Lambda stops the function.
    pub deadline: Instant,
}

impl Invocation {
    /// When Lambda stops the function, as a time of day.
    pub fn deadline_at(&self, clock: &Clock) -> Timestamp {
        let left = self.deadline.saturating_duration_since(Instant::now());
        clock.when_passed(left)
    }
}

/// An error that a function ends an invocation with.
pub trait Failure: Error + 'static {
    /// A name such as `Target.NotFound` that alarms and metric filters may depend on. It does not change.
    fn error_type(&self) -> &'static str;
}

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("failed to start tokio")]
    Tokio(#[source] std::io::Error),
}

impl InitError {
    /// A name that alarms may depend on.
    fn kind(&self) -> &'static str {
        match self {
            Self::Config(_) => "Config.Invalid",
            Self::Trust(_) => "Config.CaBundle",
            Self::Tokio(_) => "Runtime.Tokio",
        }
    }
}

/// Runs a function until Lambda ends it.
///
/// `build` makes the function's context from its wiring, once. `handle` answers one event: `Err` only for what a retry
/// may mend, since Lambda and the queues send the event again.
pub fn run<C, E: Failure>(
    build: impl FnOnce(Wiring) -> C,
    handle: impl AsyncFn(&C, Invocation) -> Result<Value, E>,
) -> ExitCode {
    let variables: Variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let started = wire(&variables).and_then(|wiring| {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Ok((tokio.map_err(InitError::Tokio)?, wiring))
    });
    match started {
        Ok((tokio, wiring)) => tokio.block_on(serve(build(wiring), handle)),
        Err(error) => {
            logging::init(Targets::new().with_default(LevelFilter::INFO));
            let message = chain(&error);
            tracing::error!(error_type = error.kind(), "{message}");
            init_error::report(&variables, error.kind(), &message);
            ExitCode::FAILURE
        }
    }
}

fn wire(variables: &Variables) -> Result<Wiring, InitError> {
    let config = Config::parse(variables)?;
    logging::init(config.log.clone());
    let clients = Clients::new(&sdk_config(&config.aws, shared_client(&config.aws)?));
    Ok(Wiring {
        deployer: Deployer {
            table: Table::new(clients.clone(), config.table),
            clients,
            bus: config.bus,
            hook_function: config.hook,
            probe: Probe::new(),
            clock: config.clock,
        },
    })
}

/// Answers events until the Runtime API is gone.
async fn serve<C, E: Failure>(
    context: C,
    handle: impl AsyncFn(&C, Invocation) -> Result<Value, E>,
) -> ExitCode {
    let shared = Rc::new((context, handle));
    let service = service_fn(move |event: LambdaEvent<Value>| {
        let shared = Rc::clone(&shared);
        // At level ERROR, so that even a filter that lets only errors through says whose they are.
        let span = tracing::error_span!("invocation", request_id = event.context.request_id);
        async move {
            let (context, handle) = &*shared;
            // Boxed, since the compiler gives up on the layout of all the SDK's futures within each other.
            Box::pin(handle(context, invocation(event)))
                .await
                .map_err(|error| diagnostic(&error))
        }
        .instrument(span)
    });
    match Runtime::new(service).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("failed to go on serving events: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn invocation(event: LambdaEvent<Value>) -> Invocation {
    let left = event
        .context
        .deadline()
        .duration_since(SystemTime::now())
        .unwrap_or(Duration::ZERO);
    Invocation {
        payload: event.payload,
        request_id: event.context.request_id,
        function_arn: event.context.invoked_function_arn,
        deadline: Instant::now() + left,
    }
}

/// Logs an invocation's error, once, and tells it to Lambda with everything that caused it.
fn diagnostic(error: &impl Failure) -> Diagnostic {
    let message = chain(error);
    tracing::error!(error_type = error.error_type(), "{message}");
    Diagnostic {
        error_type: error.error_type().to_owned(),
        error_message: message,
    }
}
