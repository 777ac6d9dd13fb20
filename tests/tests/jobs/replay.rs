//! What was given up on is sent again: seen first, sent once its cause is mended, deleted only when it was sent.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    dead_letter::{Destination, Queue},
    record::Status,
};
use greenlight_deployer::{
    Deployer,
    replay::{Fate, Replay, ReplayError, Replayed},
};
use greenlight_tests::{
    wire::{Fault, Wire},
    world::{DEPLOY_ON_PUSH, RECORD_DEPLOYMENT, World},
};
use rehearsal::account::containers::ImageSpec;
use serde_json::json;
use tokio::time::{Duration, sleep};

/// A name of the template, and the URL of that queue in the simulated account.
const PUSH: &str = "PushDeadLetterQueue";
const FUNCTIONS: &str = "FunctionDeadLetterQueue";

fn url(name: &str) -> String {
    format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}")
}

fn everything(queue: Queue, name: &str) -> Replay {
    Replay {
        queue,
        url: url(name),
        limit: 100,
        dry_run: false,
    }
}

async fn replay(deployer: &Deployer, replay: &Replay) -> Vec<Replayed> {
    let mut told = Vec::new();
    let done = deployer
        .replay(replay, |replayed| told.push(replayed))
        .await;
    done.unwrap();
    told
}

fn waiting(world: &World, queue: &str) -> usize {
    let queue = world.sample.account.queue(queue).unwrap();
    queue.bodies().len()
}

/// A world with a push that was tried five times.
async fn given_up() -> (World, String) {
    let world = World::open().await;
    world.sample.account.deny(DEPLOY_ON_PUSH, "dynamodb:Query");
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_hours(4)).await;
    assert_eq!(waiting(&world, PUSH), 1);
    (world, v2)
}

#[tokio::test(start_paused = true)]
async fn a_push_that_was_given_up_on_is_deployed_when_its_cause_is_mended() {
    let (world, v2) = given_up().await;
    let push = everything(Queue::Push, PUSH);
    let look = Replay {
        dry_run: true,
        ..push.clone()
    };
    // A look hides nothing from the next one.
    for _ in 0..2 {
        let seen = replay(&world.operator, &look).await;
        let [
            Replayed {
                letter: Some(letter),
                fate: Fate::Seen,
                ..
            },
        ] = seen.as_slice()
        else {
            panic!("{seen:?}");
        };
        assert_eq!(letter.event, "ECR Image Action");
        assert_eq!(letter.subject.as_deref(), Some("mco/api:test"));
        assert_eq!(letter.to, Destination::Source);
    }
    assert_eq!(
        (waiting(&world, PUSH), waiting(&world, "PushQueue")),
        (1, 0)
    );

    world.sample.account.allow(DEPLOY_ON_PUSH, "dynamodb:Query");
    let sent = replay(&world.operator, &push).await;
    assert!(
        matches!(
            sent.as_slice(),
            [Replayed {
                fate: Fate::Sent,
                ..
            }]
        ),
        "{sent:?}"
    );
    world.quiet().await;
    assert_eq!(waiting(&world, PUSH), 0);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert!(replay(&world.operator, &push).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_sending_and_deleting_sends_twice_and_deploys_once() {
    let (world, v2) = given_up().await;
    world.sample.account.allow(DEPLOY_ON_PUSH, "dynamodb:Query");
    let push = everything(Queue::Push, PUSH);
    let wire = Wire::new();
    let person = world.person_on("jane", &wire);
    // GetQueueAttributes, ListDeadLetterSourceQueues, ReceiveMessage, SendMessage, and then DeleteMessage.
    wire.inject(4, Fault::CrashBefore);
    tokio::select! {
        _ = replay(&person, &push) => panic!("it does not come to its end"),
        () = wire.crashed() => {}
    }
    assert_eq!(wire.seen().last().unwrap().operation, "DeleteMessage");
    assert_eq!(waiting(&world, PUSH), 1, "it is not lost");
    // It is hidden, until the one who died does not come for it.
    assert!(replay(&world.operator, &push).await.is_empty());
    world.quiet().await;
    sleep(Duration::from_mins(6)).await;
    assert_eq!(replay(&world.operator, &push).await.len(), 1);
    world.quiet().await;
    assert_eq!(waiting(&world, PUSH), 0);
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.deployments().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_a_function_gave_up_on_goes_to_that_function() {
    let world = World::open().await;
    let account = &world.sample.account;
    account.deny(RECORD_DEPLOYMENT, "dynamodb:Query");
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_hours(1)).await;
    assert_eq!(waiting(&world, FUNCTIONS), 1);
    assert_ne!(world.status_of(&v2).await, Some(Status::Succeeded));
    account.allow(RECORD_DEPLOYMENT, "dynamodb:Query");
    let sent = replay(&world.operator, &everything(Queue::Functions, FUNCTIONS)).await;
    let [
        Replayed {
            letter: Some(letter),
            fate: Fate::Sent,
            ..
        },
    ] = sent.as_slice()
    else {
        panic!("{sent:?}");
    };
    assert_eq!(
        letter.event,
        "CodeDeploy Deployment State-change Notification"
    );
    assert!(
        letter.reason.as_deref().unwrap().contains("dynamodb:Query"),
        "{letter:?}"
    );
    let Destination::Function { arn, .. } = &letter.to else {
        panic!("{letter:?}");
    };
    assert!(arn.contains(":function:RecordDeployment"), "{arn}");
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(waiting(&world, FUNCTIONS), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_nobody_understands_stays_and_is_told_and_holds_up_no_other() {
    let world = World::open().await;
    let account = &world.sample.account;
    let queue = account.queue(FUNCTIONS).unwrap();
    let tick = json!({"detail-type": "Scheduled Event", "time": "2026-11-22T10:00:00Z"});
    queue.send("not JSON");
    let targeted = |arn: String| [("TARGET_ARN".to_owned(), arn)].into();
    queue.send_with(
        &tick,
        targeted("arn:aws:sns:eu-west-1:123456789012:ChatTopic".to_owned()),
    );
    queue.send_with(&tick, targeted(account.functions().arn("NobodyKnows")));
    queue.send_with(&tick, targeted(account.functions().arn("Reconcile")));
    let told = replay(&world.operator, &everything(Queue::Functions, FUNCTIONS)).await;
    let fates: Vec<&Fate> = told.iter().map(|it| &it.fate).collect();
    assert!(
        matches!(
            fates.as_slice(),
            [
                Fate::Unusable(_),
                Fate::Unusable(_),
                Fate::Kept(_),
                Fate::Sent
            ]
        ),
        "{fates:?}"
    );
    let Fate::Unusable(why) = fates[1] else {
        panic!("{fates:?}");
    };
    assert!(why.to_string().contains("ChatTopic"), "{why}");
    world.quiet().await;
    // They are given back, so that the next look sees them at once.
    let again = replay(&world.operator, &everything(Queue::Functions, FUNCTIONS)).await;
    assert_eq!(again.len(), 3);
    assert_eq!(waiting(&world, FUNCTIONS), 3);
    assert_eq!(account.functions().ran("Reconcile").times, 1);
}

#[tokio::test(start_paused = true)]
async fn so_many_messages_are_sent_as_were_asked_for() {
    let world = World::open().await;
    let account = &world.sample.account;
    let queue = account.queue(FUNCTIONS).unwrap();
    for _ in 0..25 {
        let reconcile = account.functions().arn("Reconcile");
        queue.send_with(json!({}), [("TARGET_ARN".to_owned(), reconcile)].into());
    }
    let some = Replay {
        limit: 12,
        ..everything(Queue::Functions, FUNCTIONS)
    };
    assert_eq!(replay(&world.operator, &some).await.len(), 12);
    assert_eq!(waiting(&world, FUNCTIONS), 13);
    let rest = replay(&world.operator, &everything(Queue::Functions, FUNCTIONS)).await;
    assert_eq!(rest.len(), 13);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_not_there_or_of_no_other_is_said() {
    let world = World::open().await;
    let deaf = |_: Replayed| ();
    let nowhere = everything(Queue::Functions, "NoSuchQueue");
    let error = world.operator.replay(&nowhere, deaf).await.unwrap_err();
    let ReplayError::Queue(aws) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(aws.kind, greenlight_aws::Kind::NotFound);
    let alone = everything(Queue::Push, FUNCTIONS);
    let error = world.operator.replay(&alone, deaf).await.unwrap_err();
    assert!(
        matches!(error, ReplayError::Source { count: 0, .. }),
        "{error:?}"
    );
}
