//! Contracts that wait for a verdict: a `CodeDeploy` hook, an ECS hook, a `CodePipeline` job, a resource of `CloudFormation`.
//!
//! Each of them hangs, or rolls a deployment back after an hour, where no answer comes. So whatever happens to the
//! handler (it fails, it panics, it runs out of time), exactly one answer is sent, and only a failure to send it is an
//! error. How one contract is answered is a [`Contract`]; what the verdict is, is the handler's to say.
//!
//! A handler must yield: one that blocks its thread cannot be stopped in time.

mod codedeploy_hook;
mod codepipeline_job;
mod ecs_hook;
mod hook_verdict;

pub use codedeploy_hook::{CodeDeployHook, HookAddress};
pub use codepipeline_job::CodePipelineJob;
pub use ecs_hook::{EcsHook, HookDetails};
pub use hook_verdict::HookVerdict;

use crate::logging::chain;
use futures_util::FutureExt as _;
use serde_json::Value;
use std::any::Any;
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// How much of the time is kept for the answer; half of it where there is less than twice as much.
const RESERVE: Duration = Duration::from_secs(10);
/// The end of the time that is not used, because Lambda stops the function then.
const MARGIN: Duration = Duration::from_millis(250);
/// The longest one attempt to answer may take, so that there is time for another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What is told to whoever waits.
pub trait Verdict: Send + Sync {
    /// Where the handler has none.
    fn of_fault(fault: &Fault) -> Self;

    /// Says it in the log.
    fn log(&self);
}

/// Why a handler gave no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It panicked, with this message.
    Panicked(String),
    /// It was not over after so long.
    TimedOut(Duration),
}

/// One kind of waiting caller.
pub trait Contract {
    /// Where the answer goes.
    type Address: Send + Sync;
    /// What it is told.
    type Verdict: Verdict;
    /// What the caller gave in return, or is to be given.
    type Answer: Send;
    /// Why an answer was not taken.
    type Error: Error + Send + Sync + 'static;

    /// Finds where the answer goes, and reads nothing else, so that a payload that is wrong elsewhere is answered too.
    ///
    /// # Errors
    /// Says what is missing.
    fn address(payload: &Value) -> Result<Self::Address, NoAddress>;

    /// Tries to answer once. That somebody has answered already is not an error.
    ///
    /// # Errors
    /// Says whether another attempt may succeed.
    fn answer(
        &self,
        address: &Self::Address,
        verdict: &Self::Verdict,
    ) -> impl Future<Output = Result<Self::Answer, NotTaken<Self::Error>>> + Send;
}

/// The payload does not say where the answer goes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{missing}")]
pub struct NoAddress {
    /// What was looked for, as a sentence.
    pub missing: String,
}

/// Why an attempt to answer came to nothing.
#[derive(Debug)]
pub enum NotTaken<E> {
    /// Another attempt may succeed.
    TryAgain(E),
    /// No attempt will.
    Refused(E),
}

/// The verdict, and what came of answering it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered<V, A> {
    /// What was answered.
    pub verdict: V,
    /// What the caller gave in return, or is to be given.
    pub answer: A,
}

/// No answer was given.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered<E: Error + 'static> {
    /// Nobody is known who could be answered.
    #[error("failed to find whom to answer")]
    NoAddress(#[source] NoAddress),
    /// The caller did not take the answer.
    #[error("failed to answer: the verdict was refused")]
    Refused(#[source] E),
    /// The time ran out after attempts that failed.
    #[error("failed to answer in time after {attempts} attempts")]
    Failed {
        /// How often it was tried.
        attempts: u32,
        /// What was wrong with the last attempt that ended.
        #[source]
        source: E,
    },
    /// The time ran out before any attempt ended.
    #[error("failed to answer in time: none of {attempts} attempts ended")]
    TimedOut {
        /// How often it was tried.
        attempts: u32,
    },
}

/// Finds the address in a payload, runs `handler` with it and answers its verdict, or why there is none, before
/// `deadline`.
///
/// # Errors
/// Only where no answer was given.
pub async fn must_answer<C, H>(
    contract: &C,
    payload: &Value,
    deadline: Instant,
    handler: impl FnOnce(&C::Address) -> H + Send,
) -> Result<Answered<C::Verdict, C::Answer>, Unanswered<C::Error>>
where
    C: Contract + Sync,
    H: Future<Output = C::Verdict> + Send,
{
    let address = C::address(payload).map_err(Unanswered::NoAddress)?;
    // Boxed, since the compiler gives up on the layout of so many futures within each other.
    Box::pin(must_answer_to(contract, &address, deadline, handler)).await
}

/// The same for an address that is known already.
///
/// # Errors
/// Only where no answer was given.
pub async fn must_answer_to<C, H>(
    contract: &C,
    address: &C::Address,
    deadline: Instant,
    handler: impl FnOnce(&C::Address) -> H + Send,
) -> Result<Answered<C::Verdict, C::Answer>, Unanswered<C::Error>>
where
    C: Contract + Sync,
    H: Future<Output = C::Verdict> + Send,
{
    let verdict: C::Verdict = verdict(deadline, async { handler(address).await }).await;
    verdict.log();
    let answer = answer(contract, address, &verdict, deadline).await?;
    Ok(Answered { verdict, answer })
}

/// The handler's verdict, or one that says why it has none.
async fn verdict<V: Verdict>(deadline: Instant, handler: impl Future<Output = V>) -> V {
    let left = deadline.saturating_duration_since(Instant::now());
    let given = left.saturating_sub(RESERVE).max(left / 2);
    match timeout_at(
        Instant::now() + given,
        AssertUnwindSafe(handler).catch_unwind(),
    )
    .await
    {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(panic)) => V::of_fault(&Fault::Panicked(said(panic.as_ref()).to_owned())),
        Err(_) => V::of_fault(&Fault::TimedOut(given)),
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
}

async fn answer<C: Contract + Sync>(
    contract: &C,
    address: &C::Address,
    verdict: &C::Verdict,
    deadline: Instant,
) -> Result<C::Answer, Unanswered<C::Error>> {
    let last_moment = deadline.checked_sub(MARGIN).unwrap_or(deadline);
    let mut pause = FIRST_PAUSE;
    let mut last_error = None;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let end = last_moment.min(Instant::now() + ATTEMPT_TIMEOUT);
        match timeout_at(end, contract.answer(address, verdict)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(NotTaken::Refused(error))) => return Err(Unanswered::Refused(error)),
            Ok(Err(NotTaken::TryAgain(error))) => {
                tracing::warn!(
                    attempts,
                    error = chain(&error),
                    "an attempt to answer failed"
                );
                last_error = Some(error);
            }
            Err(_) => tracing::warn!(attempts, "an attempt to answer took too long"),
        }
        if Instant::now() + pause >= last_moment {
            return Err(match last_error {
                Some(source) => Unanswered::Failed { attempts, source },
                None => Unanswered::TimedOut { attempts },
            });
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests;
