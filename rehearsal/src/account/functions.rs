//! Lambda: registered functions, invoked and waited for or invoked asynchronously (AWS-FACTS 9).
//!
//! What a function *is* is a [`Handler`]: in tests a closure, in a rehearsal the Runtime API server with
//! a real process behind it (`runtime_api.rs`). Who invokes functions lies elsewhere: CodeDeploy's hooks,
//! [`super::events`], and the event source mapping in [`super::queue`].

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Account;
use super::journal::Tone;

/// What runs when a function is invoked.
pub type Handler =
    Arc<dyn Fn(Invocation) -> BoxFuture<'static, Result<Value, FunctionError>> + Send + Sync>;

/// One invocation, as the handler gets it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// A UUID.
    pub request_id: String,
    /// The function's ARN.
    pub function_arn: String,
    /// When the function is killed, on the account's clock.
    pub deadline: Timestamp,
    /// The same on tokio's clock: functions run in real time however fast the account's runs.
    pub until: Instant,
    /// The event.
    pub payload: Value,
}

/// An invocation that failed: Lambda's `errorType` and `errorMessage`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// Such as `Sandbox.Timedout`, or whatever the function calls its errors.
    pub error_type: String,
    /// A sentence.
    pub message: String,
}

/// How a function is set up.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Lambda's own limits are 1 s to 900 s.
    pub timeout: Duration,
    /// How often a failed asynchronous invocation is tried again: at most, and by default, 2.
    pub retries: usize,
    /// Queue that gets a record of an asynchronous invocation whose last try failed.
    pub on_failure: Option<String>,
    /// Queue that gets the bare event of such an invocation (`DeadLetterConfig`).
    pub dead_letters: Option<String>,
}

/// Lambda's functions. Clones are the same.
#[derive(Debug, Clone)]
pub struct Functions {
    account: Account,
}

#[derive(Default)]
pub(crate) struct State {
    functions: BTreeMap<String, Function>,
    /// Invocations that run, or wait for their next try.
    pending: usize,
}

#[derive(Clone, Default)]
struct Function {
    ran: Ran,
    configuration: Configuration,
    handler: Option<Handler>,
}

/// What the invocations of a function were until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// How many are over.
    pub times: usize,
    /// How long the longest of them took, on the account's clock.
    pub longest: Duration,
    /// How long all of them took together.
    pub total: Duration,
}

/// Whether the journal notes that an invocation begins. That one failed it always notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    Noted,
    Unnoted,
}

/// The waits before the second and the third try of an asynchronous invocation.
const RETRY_AFTER: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

impl Account {
    /// Lambda's functions.
    pub fn functions(&self) -> Functions {
        Functions {
            account: self.clone(),
        }
    }
}

impl Functions {
    /// Gives the function of this name something to run; what it ran before is replaced.
    pub fn register(&self, name: &str, handler: Handler) {
        self.account.state().functions.function(name).handler = Some(handler);
    }

    /// Sets the function up; without this it has Lambda's defaults, and 60 s.
    pub fn configure(&self, name: &str, configuration: Configuration) {
        self.account.state().functions.function(name).configuration = configuration;
    }

    /// The function's configuration, if there is such a function.
    pub fn configuration(&self, name_or_arn: &str) -> Option<Configuration> {
        let state = self.account.state();
        state
            .functions
            .functions
            .get(short_name(name_or_arn))
            .map(|it| it.configuration.clone())
    }

    /// Can this function be invoked?
    pub fn exists(&self, name_or_arn: &str) -> bool {
        let state = self.account.state();
        state
            .functions
            .functions
            .get(short_name(name_or_arn))
            .is_some_and(|it| it.handler.is_some())
    }

    /// What the invocations of the function of this name were until now.
    pub fn ran(&self, name: &str) -> Ran {
        let state = self.account.state();
        let function = state.functions.functions.get(short_name(name));
        function.map(|it| it.ran).unwrap_or_default()
    }

    /// The ARN of the function of this name.
    pub fn arn(&self, name: &str) -> String {
        self.account.arn("lambda", &format!("function:{name}"))
    }

    /// How many invocations are running or waiting to be tried again.
    pub fn pending(&self) -> usize {
        self.account.state().functions.pending
    }

    /// Invokes a function and waits for its answer. A function of another account or region, or one that
    /// does not exist, is an error of type `ResourceNotFoundException`.
    pub fn invoke(
        &self,
        name_or_arn: &str,
        payload: Value,
    ) -> BoxFuture<'static, Result<Value, FunctionError>> {
        let pending = Pending::start(&self.account);
        let request_id = self.request_id();
        let invoked = self.clone().attempt(
            name_or_arn.to_owned(),
            request_id,
            payload,
            Beginning::Noted,
        );
        async move {
            let _pending = pending;
            invoked.await
        }
        .boxed()
    }

    /// Invokes a function and forgets about it: a failure is tried again after one and after two more
    /// minutes, and then goes to where the function's configuration sends it.
    pub fn invoke_async(&self, name_or_arn: &str, payload: Value) {
        self.invoke_later(name_or_arn, self.request_id(), payload, Beginning::Noted);
    }

    /// The same for a schedule, which does it again and again: that it does is not noted.
    pub(super) fn invoke_on_schedule(&self, name_or_arn: &str, request_id: String, payload: Value) {
        self.invoke_later(name_or_arn, request_id, payload, Beginning::Unnoted);
    }

    fn invoke_later(
        &self,
        name_or_arn: &str,
        request_id: String,
        payload: Value,
        beginning: Beginning,
    ) {
        let functions = self.clone();
        let pending = Pending::start(&self.account);
        let name = name_or_arn.to_owned();
        tokio::spawn(async move {
            let _pending = pending;
            functions
                .try_until_exhausted(name, request_id, payload, beginning)
                .await;
        });
    }

    async fn try_until_exhausted(
        &self,
        name: String,
        request_id: String,
        payload: Value,
        beginning: Beginning,
    ) {
        let configuration = self.configuration(&name).unwrap_or_default();
        let mut waits = RETRY_AFTER.iter().take(configuration.retries);
        let mut attempts = 0;
        loop {
            attempts += 1;
            // Every try has the same request id, as in Lambda.
            let attempt =
                self.clone()
                    .attempt(name.clone(), request_id.clone(), payload.clone(), beginning);
            let Err(error) = attempt.await else { return };
            if let Some(wait) = waits.next() {
                self.account.clock().sleep(*wait).await;
                continue;
            }
            self.give_up(
                &name,
                &configuration,
                &request_id,
                attempts,
                &payload,
                &error,
            );
            return;
        }
    }

    fn give_up(
        &self,
        name: &str,
        configuration: &Configuration,
        request_id: &str,
        attempts: usize,
        payload: &Value,
        error: &FunctionError,
    ) {
        let name = short_name(name);
        self.account.journal().note(
            "lambda",
            Tone::Bad,
            format!("{name} failed {attempts} times and is not tried again"),
        );
        if let Some(queue) = configuration
            .on_failure
            .as_ref()
            .and_then(|it| self.account.queue(it))
        {
            queue.send(json!({
                "version": "1.0",
                "timestamp": self.account.clock().now().to_string(),
                "requestContext": {
                    "requestId": request_id,
                    "functionArn": format!("{}:$LATEST", self.arn(name)),
                    "condition": "RetriesExhausted",
                    "approximateInvokeCount": attempts,
                },
                "requestPayload": payload,
                "responseContext": {
                    "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
                },
                "responsePayload": error.payload(),
            }));
        }
        if let Some(queue) = configuration
            .dead_letters
            .as_ref()
            .and_then(|it| self.account.queue(it))
        {
            queue.send(payload.clone());
        }
    }

    async fn attempt(
        self,
        name_or_arn: String,
        request_id: String,
        payload: Value,
        beginning: Beginning,
    ) -> Result<Value, FunctionError> {
        let name = short_name(&name_or_arn);
        let function = self
            .account
            .state()
            .functions
            .functions
            .get(name)
            .cloned()
            .unwrap_or_default();
        let Function {
            configuration,
            handler: Some(handler),
            ..
        } = function
        else {
            let arn = if name == name_or_arn {
                self.arn(name)
            } else {
                name_or_arn.clone()
            };
            return Err(FunctionError::new(
                "ResourceNotFoundException",
                format!("Function not found: {arn}"),
            ));
        };
        let now = self.account.clock().now();
        let invocation = Invocation {
            request_id,
            function_arn: self.arn(name),
            deadline: SignedDuration::try_from(configuration.timeout)
                .ok()
                .and_then(|timeout| now.checked_add(timeout).ok())
                .unwrap_or(Timestamp::MAX),
            until: Instant::now() + configuration.timeout,
            payload,
        };
        if beginning == Beginning::Noted {
            self.account
                .journal()
                .note("lambda", Tone::Neutral, format!("{name} is invoked"));
        }
        let answer = self
            .answer(&handler, invocation, configuration.timeout)
            .await;
        let took = self.account.clock().now().duration_since(now);
        let mut state = self.account.state();
        let ran = &mut state.functions.function(name).ran;
        ran.times += 1;
        ran.longest = ran.longest.max(took.unsigned_abs());
        ran.total += took.unsigned_abs();
        drop(state);
        if let Err(error) = &answer {
            self.account
                .journal()
                .note("lambda", Tone::Bad, format!("{name} failed: {error}"));
        }
        answer
    }

    /// The handler's answer; a panic and silence are errors, as in Lambda.
    async fn answer(
        &self,
        handler: &Handler,
        invocation: Invocation,
        timeout: Duration,
    ) -> Result<Value, FunctionError> {
        let request_id = invocation.request_id.clone();
        let until = invocation.until;
        let running = AssertUnwindSafe(handler(invocation)).catch_unwind();
        match tokio::time::timeout_at(until, running).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(FunctionError::new("panic", panic_message(panic.as_ref()))),
            Err(_) => Err(FunctionError::new(
                "Sandbox.Timedout",
                format!(
                    "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
                    timeout.as_secs_f64()
                ),
            )),
        }
    }

    fn request_id(&self) -> String {
        uuid(&self.account.unique())
    }
}

impl FunctionError {
    /// An error of this type, with this message.
    pub fn new(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.into(),
            message: message.into(),
        }
    }

    /// As Lambda puts it into the payload of the answer.
    pub fn payload(&self) -> Value {
        json!({"errorType": self.error_type, "errorMessage": self.message})
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(1),
            retries: RETRY_AFTER.len(),
            on_failure: None,
            dead_letters: None,
        }
    }
}

impl State {
    fn function(&mut self, name: &str) -> &mut Function {
        self.functions
            .entry(short_name(name).to_owned())
            .or_default()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}

/// Counts an invocation as pending for as long as it lives.
struct Pending(Account);

impl Pending {
    fn start(account: &Account) -> Self {
        account.state().functions.pending += 1;
        Self(account.clone())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.state().functions.pending -= 1;
    }
}

/// `arn:aws:lambda:eu-west-1:123456789012:function:Name:alias` → `Name`.
fn short_name(name_or_arn: &str) -> &str {
    match name_or_arn.strip_prefix("arn:") {
        Some(arn) => arn.split(':').nth(5).unwrap_or_default(),
        None => name_or_arn,
    }
}

/// The hexadecimal digits of a unique id, laid out as a UUID.
pub(crate) fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked".to_owned())
}

#[cfg(test)]
#[path = "functions_tests.rs"]
mod tests;
