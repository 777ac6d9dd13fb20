//! Whatever happens to the handler, exactly one answer is taken. In virtual time.

use super::*;
use serde_json::json;
use std::sync::Mutex;

/// What the pretended caller does with each attempt, in order; it takes every attempt after those.
#[derive(Debug, Clone, Copy)]
enum Reaction {
    Unreachable,
    Refuses,
    Silent,
    /// The answer arrives, its acknowledgement does not.
    TakesInSilence,
}

#[derive(Debug, Default)]
struct Caller {
    reactions: Mutex<Vec<Reaction>>,
    taken: Mutex<Vec<HookVerdict>>,
    attempts: Mutex<u32>,
}

#[derive(Debug, thiserror::Error)]
#[error("connection refused")]
struct Fault;

#[derive(Debug, PartialEq, Eq)]
enum Receipt {
    Taken,
    AlreadyAnswered,
}

impl Caller {
    fn reacting(reactions: &[Reaction]) -> Self {
        Self {
            reactions: Mutex::new(reactions.iter().rev().copied().collect()),
            ..Self::default()
        }
    }

    fn take(&self, verdict: &HookVerdict) -> Receipt {
        let mut taken = self.taken.lock().unwrap();
        if taken.is_empty() {
            taken.push(verdict.clone());
            Receipt::Taken
        } else {
            Receipt::AlreadyAnswered
        }
    }
}

impl Contract for Caller {
    type Address = String;
    type Verdict = HookVerdict;
    type Answer = Receipt;
    type Error = Fault;

    fn address(payload: &Value) -> Result<String, NoAddress> {
        payload["hook"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| NoAddress {
                missing: "`hook` is missing".to_owned(),
            })
    }

    async fn answer(
        &self,
        address: &String,
        verdict: &HookVerdict,
    ) -> Result<Receipt, NotTaken<Fault>> {
        assert_eq!(address, "h-1");
        *self.attempts.lock().unwrap() += 1;
        let reaction = self.reactions.lock().unwrap().pop();
        match reaction {
            None => Ok(self.take(verdict)),
            Some(Reaction::Unreachable) => Err(NotTaken::TryAgain(Fault)),
            Some(Reaction::Refuses) => Err(NotTaken::Refused(Fault)),
            Some(Reaction::Silent) => std::future::pending().await,
            Some(Reaction::TakesInSilence) => {
                self.take(verdict);
                std::future::pending().await
            }
        }
    }
}

const MINUTE: Duration = Duration::from_mins(1);

fn passed() -> HookVerdict {
    HookVerdict::Succeeded {
        summary: "3 checks passed".to_owned(),
    }
}

async fn ask<H>(
    caller: &Caller,
    handler: impl FnOnce(&String) -> H + Send,
) -> Result<Answered<HookVerdict, Receipt>, Unanswered<Fault>>
where
    H: Future<Output = HookVerdict> + Send,
{
    let payload = json!({"hook": "h-1", "anything": ["else", null]});
    must_answer(caller, &payload, Instant::now() + MINUTE, handler).await
}

fn taken(caller: &Caller) -> Vec<HookVerdict> {
    caller.taken.lock().unwrap().clone()
}

fn only_message(caller: &Caller) -> String {
    match taken(caller).as_slice() {
        [HookVerdict::Failed { message }] => message.clone(),
        other => panic!("expected one failure, got {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_answered_once_as_it_is() {
    let failed = HookVerdict::Failed {
        message: "/health answered 500".to_owned(),
    };
    for verdict in [passed(), failed] {
        let caller = Caller::default();
        let answered = ask(&caller, |_| async { verdict.clone() }).await.unwrap();
        assert_eq!(answered.answer, Receipt::Taken);
        assert_eq!(answered.verdict, verdict);
        assert_eq!(taken(&caller), [verdict]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_as_a_failure() {
    let caller = Caller::default();
    ask(&caller, |_| async { panic!("index {} out of range", 7) })
        .await
        .unwrap();
    assert!(only_message(&caller).ends_with("index 7 out of range"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_first_step_is_answered_as_a_failure() {
    let caller = Caller::default();
    ask(&caller, |_| -> std::future::Ready<HookVerdict> {
        panic!("no client")
    })
    .await
    .unwrap();
    assert!(only_message(&caller).ends_with("no client"));
}

#[tokio::test(start_paused = true)]
async fn checks_that_do_not_end_are_answered_before_the_deadline() {
    let caller = Caller::default();
    let started = Instant::now();
    ask(&caller, |_| std::future::pending()).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(50));
    assert_eq!(only_message(&caller), "the checks did not end within 50 s");
}

#[tokio::test(start_paused = true)]
async fn a_short_time_limit_is_shared_between_the_checks_and_the_answer() {
    let caller = Caller::reacting(&[Reaction::Unreachable]);
    let payload = json!({"hook": "h-1"});
    let deadline = Instant::now() + Duration::from_secs(3);
    must_answer(&caller, &payload, deadline, |_| std::future::pending())
        .await
        .unwrap();
    assert!(Instant::now() < deadline);
    only_message(&caller);
}

#[tokio::test(start_paused = true)]
async fn an_expired_deadline_still_gets_an_attempt_and_ends() {
    let caller = Caller::default();
    let payload = json!({"hook": "h-1"});
    must_answer(&caller, &payload, Instant::now(), |_| {
        std::future::pending()
    })
    .await
    .unwrap();
    assert_eq!(only_message(&caller), "the checks did not end within 0 s");
}

#[tokio::test(start_paused = true)]
async fn a_bad_payload_with_an_address_is_answered() {
    let caller = Caller::default();
    let payload = json!({"hook": "h-1", "details": 17});
    let handler = |_: &String| {
        let details: Result<String, _> = serde_json::from_value(payload["details"].clone());
        let verdict = match details {
            Ok(_) => passed(),
            Err(error) => HookVerdict::Failed {
                message: error.to_string(),
            },
        };
        std::future::ready(verdict)
    };
    must_answer(&caller, &payload, Instant::now() + MINUTE, handler)
        .await
        .unwrap();
    assert!(only_message(&caller).starts_with("invalid type"));
}

#[tokio::test(start_paused = true)]
async fn a_payload_without_an_address_is_an_error_and_runs_nothing() {
    let caller = Caller::default();
    let handler =
        |_: &String| -> std::future::Ready<HookVerdict> { unreachable!("nobody waits for this") };
    for payload in [json!({}), json!(null), json!([1]), json!({"hook": 1})] {
        let error = must_answer(&caller, &payload, Instant::now() + MINUTE, handler)
            .await
            .unwrap_err();
        assert_eq!(
            chain(&error),
            "failed to find whom to answer: `hook` is missing"
        );
    }
    assert_eq!(*caller.attempts.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_fails_is_sent_again_until_it_is_taken() {
    let caller = Caller::reacting(&[
        Reaction::Unreachable,
        Reaction::Silent,
        Reaction::Unreachable,
    ]);
    let answered = ask(&caller, |_| async { passed() }).await.unwrap();
    assert_eq!(answered.answer, Receipt::Taken);
    assert_eq!(taken(&caller), [passed()]);
    assert_eq!(*caller.attempts.lock().unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_taken_unseen_counts_once() {
    let caller = Caller::reacting(&[Reaction::TakesInSilence]);
    let answered = ask(&caller, |_| async { passed() }).await.unwrap();
    assert_eq!(answered.answer, Receipt::AlreadyAnswered);
    assert_eq!(taken(&caller), [passed()]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_answer_is_an_error_at_once() {
    let caller = Caller::reacting(&[Reaction::Refuses]);
    let error = ask(&caller, |_| async { passed() }).await.unwrap_err();
    assert!(matches!(error, Unanswered::Refused(_)), "{error:?}");
    assert_eq!(*caller.attempts.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_cannot_be_reached_is_an_error_before_the_deadline() {
    for reaction in [Reaction::Unreachable, Reaction::Silent] {
        let caller = Caller::reacting(&[reaction; 1000]);
        let started = Instant::now();
        let error = ask(&caller, |_| std::future::pending()).await.unwrap_err();
        assert!(started.elapsed() < MINUTE);
        match reaction {
            Reaction::Unreachable => assert!(
                matches!(error, Unanswered::Failed { attempts: 4.., .. }),
                "{error:?}"
            ),
            _ => assert!(
                matches!(error, Unanswered::TimedOut { attempts: 3.. }),
                "{error:?}"
            ),
        }
    }
}
