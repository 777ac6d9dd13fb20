//! Schedules that tick, rest, are replaced, and end with their account.

use std::sync::Mutex;

use futures_util::FutureExt as _;

use super::*;
use crate::account::events::TargetKind;
use crate::account::functions::{FunctionError, Invocation};
use crate::account::queue::Attributes;
use crate::account::{Account, Settings};

type Seen = Arc<Mutex<Vec<Value>>>;

/// An account with a function `Sees`, which takes a simulated second, and what it was invoked with.
fn account() -> (Account, Seen) {
    let account = Account::new(Settings::for_tests());
    let seen = Seen::default();
    let (keep, clock) = (seen.clone(), account.clock().clone());
    account.functions().register(
        "Sees",
        Arc::new(move |it: Invocation| {
            keep.lock().unwrap().push(it.payload);
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(1)).await;
                Ok(json!(null))
            }
            .boxed()
        }),
    );
    (account, seen)
}

fn every(seconds: u64, kind: TargetKind) -> Schedule {
    Schedule {
        name: "often".to_owned(),
        every: Duration::from_secs(seconds),
        targets: vec![Target {
            kind,
            dead_letters: None,
        }],
    }
}

fn sees() -> TargetKind {
    TargetKind::Function("Sees".to_owned())
}

#[test]
fn a_rate_is_what_eventbridge_takes_for_one() {
    let table = [
        ("rate(1 minute)", Ok(60)),
        ("rate(5 minutes)", Ok(300)),
        ("rate(1 hour)", Ok(3600)),
        ("rate(2 days)", Ok(172_800)),
        ("rate(1 minutes)", Err("does not agree")),
        ("rate(2 minute)", Err("does not agree")),
        ("rate(0 minutes)", Err("from 1 on")),
        ("rate(one minute)", Err("from 1 on")),
        ("rate(1 fortnight)", Err("not minutes, hours or days")),
        ("rate(18446744073709551615 days)", Err("too seldom")),
        ("rate(1 minute", Err("is not a rate")),
        ("every minute", Err("is not a rate")),
        (
            "cron(0 12 * * ? *)",
            Err("`cron(0 12 * * ? *)` is not rehearsed"),
        ),
    ];
    for (expression, expected) in table {
        match (rate(expression), expected) {
            (Ok(every), Ok(seconds)) => assert_eq!(every.as_secs(), seconds, "{expression}"),
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "{expression}: {error}");
            }
            (given, _) => panic!("{expression}: {given:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_tick_invokes_with_the_event_of_aws_and_without_a_word() {
    let (account, seen) = account();
    account.events().add_schedule(every(60, sees()));
    account.clock().sleep(Duration::from_secs(59)).await;
    assert_eq!(seen.lock().unwrap().len(), 0);
    account.clock().sleep(Duration::from_secs(122)).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    let mut event = seen[0].clone();
    assert_ne!(event["id"], seen[1]["id"]);
    assert_eq!(event["id"].as_str().unwrap().len(), 36);
    event["id"] = "id".into();
    assert_eq!(
        event,
        json!({
            "version": "0",
            "id": "id",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": "2026-01-05T10:01:00Z",
            "region": "eu-west-1",
            "resources": ["arn:aws:events:eu-west-1:123456789012:rule/often"],
            "detail": {},
        })
    );
    assert_eq!(account.journal().happenings().len(), 0);
    assert_eq!(account.events().history().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_what_a_tick_invokes_counts_as_busy() {
    let (account, _) = account();
    account.events().add_schedule(every(60, sees()));
    let busy = || (account.functions().pending(), account.events().pending());
    assert_eq!(busy(), (0, 0));
    account.clock().sleep(Duration::from_millis(60_500)).await;
    assert_eq!(busy(), (1, 0));
    account.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(busy(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_fails_is_told_and_tried_again_as_any_event() {
    let (account, _) = account();
    account.functions().register(
        "Sees",
        Arc::new(|_| async { Err(FunctionError::new("Oh", "no")) }.boxed()),
    );
    account.events().add_schedule(every(3600, sees()));
    account.clock().sleep(Duration::from_mins(65)).await;
    let texts: Vec<String> = account
        .journal()
        .happenings()
        .into_iter()
        .map(|it| it.text)
        .collect();
    assert_eq!(texts.len(), 4, "{texts:?}");
    assert_eq!(texts[0], "Sees failed: Oh: no");
    assert_eq!(texts[3], "Sees failed 3 times and is not tried again");
}

#[tokio::test(start_paused = true)]
async fn schedules_rest_while_they_are_paused_and_tick_when_they_are_told_to() {
    let (account, seen) = account();
    let bus = account.events();
    bus.pause_schedules();
    bus.add_schedule(every(60, sees()));
    account.clock().sleep(Duration::from_mins(10)).await;
    assert_eq!(seen.lock().unwrap().len(), 0);
    bus.tick_schedules();
    account.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(seen.lock().unwrap().len(), 1);
    bus.resume_schedules();
    account.clock().sleep(Duration::from_mins(2)).await;
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_of_the_same_name_takes_the_place_of_the_first() {
    let (account, seen) = account();
    let queue = account.add_queue("ticks", Attributes::default()).unwrap();
    account.events().add_schedule(every(60, sees()));
    let to_queue = TargetKind::Queue("ticks".to_owned());
    account.events().add_schedule(every(120, to_queue));
    account.clock().sleep(Duration::from_secs(241)).await;
    assert_eq!(seen.lock().unwrap().len(), 0);
    assert_eq!(queue.bodies().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_ends_with_its_account_and_does_not_keep_it() {
    let (account, seen) = account();
    account.events().add_schedule(every(60, sees()));
    let (weak, clock) = (account.downgrade(), account.clock().clone());
    let tasks = tokio::runtime::Handle::current();
    assert_eq!(tasks.metrics().num_alive_tasks(), 1);
    drop(account);
    assert!(weak.upgrade().is_none());
    clock.sleep(Duration::from_secs(61)).await;
    assert_eq!(tasks.metrics().num_alive_tasks(), 0);
    assert_eq!(seen.lock().unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_the_account_are_the_same_with_a_schedule_and_without() {
    let (with, _) = account();
    with.events().add_schedule(every(60, sees()));
    with.clock().sleep(Duration::from_mins(3)).await;
    assert_eq!(with.unique(), account().0.unique());
}
