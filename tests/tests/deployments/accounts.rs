//! Targets of another account, or of a role: who calls what.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::BTreeSet;

use greenlight_core::{record::Status, target::Target};
use greenlight_tests::{
    asked::calls,
    world::{DEPLOY_ON_PUSH, RECORD_DEPLOYMENT, World, targets_in},
};
use jiff::Timestamp;
use rehearsal::{
    account::{
        Settings,
        containers::ImageSpec,
        events::{Disturbance, Pattern},
        journal::Call,
        sts,
    },
    clock::Clock,
    scenario::sample::Stand,
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

const OTHER_ACCOUNT: &str = "210987654321";
const OWN_ACCOUNT: &str = "123456789012";
/// Under which the calls with the role's credentials are journalled.
const ROLE: &str = "role:greenlight-deploys";

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/greenlight-deploys")
}

/// A stand's target with a role, and with the gates that run within Greenlight itself: CodeDeploy calls
/// functions of its own account only.
fn targets(stand: Stand, account: &str) -> Vec<Target> {
    let document = stand.targets();
    let document = match stand {
        Stand::CodeDeploy => {
            let (before, rest) = document.split_once("    gates:\n").unwrap();
            let (_, after) = rest.split_once("    on_failure").unwrap();
            format!("{before}    on_failure{after}")
        }
        _ => document.to_owned(),
    };
    with_role(&document, account)
}

fn with_role(document: &str, account: &str) -> Vec<Target> {
    let line = format!("  - name: api-test\n    role_arn: {}\n", role(account));
    targets_in(&document.replace("  - name: api-test\n", &line))
}

/// The stand with the role, which these callers may assume. The SDK keeps credentials by the machine's
/// clock, so the account's begins where that is.
async fn open(stand: Stand, account: &str, trusted: &[&str]) -> World {
    let settings = Settings {
        clock: Clock::scaled(Timestamp::now(), 1.0),
        ..Settings::for_tests()
    };
    let world = World::open_stand_in(settings, stand, &[]).await;
    let mut all = vec!["operator"];
    all.extend(trusted);
    sts::create_role(&world.sample.account, &role(account), &all).unwrap();
    world.register(&targets(stand, account)).await;
    world
}

const FUNCTIONS: [&str; 2] = [DEPLOY_ON_PUSH, RECORD_DEPLOYMENT];

/// Tells what the deploying services tell as the other account would, until nothing happens any more.
async fn as_from_the_other_account(world: &World) {
    let events = world.sample.account.events();
    for _ in 0..3600 {
        for event in events.take_held() {
            let text = event.to_string().replace(OWN_ACCOUNT, OTHER_ACCOUNT);
            events.deliver(&serde_json::from_str::<Value>(&text).unwrap());
        }
        sleep(Duration::from_millis(500)).await;
    }
    world.quiet().await;
}

fn hold(world: &World) {
    let sources = json!({"source": ["aws.ecs", "aws.codedeploy", "aws.codepipeline"]});
    let pattern = Pattern::parse(&sources).unwrap();
    world
        .sample
        .account
        .events()
        .disturb(pattern, Disturbance::Hold);
}

/// What `record-deployment` asks as itself while it reads which target an event is about; it asks again
/// with the role.
const ASKED_MEANWHILE: [&str; 2] = ["GetDeployment", "ListDeploymentTargets"];

/// The services that the functions have called as themselves, and with the role.
fn services(world: &World) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (role, mut own): (Vec<Call>, Vec<Call>) = calls(world)
        .into_iter()
        .partition(|call| call.caller == ROLE);
    own.retain(|call| !ASKED_MEANWHILE.contains(&call.operation.as_str()));
    let services = |calls: Vec<Call>| calls.into_iter().map(|call| call.service).collect();
    (services(own), services(role))
}

fn assumed(world: &World, function: &str) -> usize {
    let journal = world.sample.account.journal();
    journal.calls_of(function, "sts:AssumeRole").len()
}

/// What a role is for: nothing of it is asked with the function's own credentials, and nothing else with
/// the role's.
fn of_the_role(stand: Stand) -> BTreeSet<&'static str> {
    match stand {
        Stand::CodeDeploy => BTreeSet::from(["codedeploy", "ecs"]),
        Stand::Templates => BTreeSet::from(["codedeploy", "ecs", "s3"]),
        Stand::Pipeline => BTreeSet::from(["codepipeline", "ecs"]),
        _ => BTreeSet::from(["ecs"]),
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_of_another_account_is_deployed_to_and_concluded_with_its_role_alone() {
    for stand in [
        Stand::CodeDeploy,
        Stand::Migration,
        Stand::Task,
        Stand::Sidecars,
        Stand::Pipeline,
    ] {
        let world = open(stand, OTHER_ACCOUNT, &FUNCTIONS).await;
        hold(&world);
        let image = match stand {
            Stand::Task => ImageSpec::one_shot("v2", Duration::from_secs(30), 0),
            _ => ImageSpec::migration("v2", 0),
        };
        let v2 = world.sample.push(&image).unwrap();
        as_from_the_other_account(&world).await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Succeeded, "{stand:?}: {record:?}");
        assert_eq!(world.recorded().await.as_ref(), Some(&v2));
        let (own, role) = services(&world);
        assert_eq!(
            own,
            BTreeSet::from(["dynamodb", "ecr", "events", "sts"]),
            "{stand:?}"
        );
        assert_eq!(role, of_the_role(stand), "{stand:?}");
        for function in FUNCTIONS {
            assert_eq!(assumed(&world, function), 1, "{stand:?} {function}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_once_for_many_deployments() {
    let world = open(Stand::Rolling, OTHER_ACCOUNT, &FUNCTIONS).await;
    hold(&world);
    for version in ["v2", "v3"] {
        let digest = world.sample.push(&ImageSpec::healthy(version)).unwrap();
        let events = world.sample.account.events();
        for _ in 0..1200 {
            for event in events.take_held() {
                let text = event.to_string().replace(OWN_ACCOUNT, OTHER_ACCOUNT);
                events.deliver(&serde_json::from_str::<Value>(&text).unwrap());
            }
            sleep(Duration::from_millis(500)).await;
        }
        world.quiet().await;
        assert_eq!(world.recorded().await, Some(digest));
    }
    assert!(
        calls(&world)
            .iter()
            .filter(|call| call.caller == ROLE)
            .count()
            > 10
    );
    for function in FUNCTIONS {
        assert_eq!(assumed(&world, function), 1, "{function}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_own_account_is_nothing_to_a_target_of_another() {
    let world = open(Stand::Rolling, OTHER_ACCOUNT, &FUNCTIONS).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Started));
}

#[tokio::test(start_paused = true)]
async fn a_role_of_the_own_account_is_used_as_well() {
    for stand in [Stand::CodeDeploy, Stand::Rolling] {
        let world = open(stand, OWN_ACCOUNT, &FUNCTIONS).await;
        // The functions themselves may do nothing of it.
        for function in FUNCTIONS {
            for action in [
                "ecs:DescribeServices",
                "ecs:RegisterTaskDefinition",
                "ecs:UpdateService",
                "codedeploy:CreateDeployment",
                "codedeploy:GetDeployment",
                "codedeploy:ListDeploymentTargets",
            ] {
                world.sample.account.deny(function, action);
            }
        }
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Succeeded, "{stand:?}: {record:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_must_not_be_assumed_is_named_with_what_to_do() {
    let world = open(Stand::Rolling, OTHER_ACCOUNT, &[]).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::StartFailed);
    let reason = record.reason.unwrap();
    let role = role(OTHER_ACCOUNT);
    for said in [
        format!("`sts:AssumeRole` failed for the role `{role}`"),
        format!("allow `sts:AssumeRole` on the role `{role}` in the policy of the role that calls"),
        "name that role in the trust policy of this one".to_owned(),
    ] {
        assert!(reason.contains(&said), "{said}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn gates_that_codedeploy_would_call_from_another_account_are_refused() {
    let world = open(Stand::CodeDeploy, OTHER_ACCOUNT, &FUNCTIONS).await;
    let gated = with_role(Stand::CodeDeploy.targets(), OTHER_ACCOUNT);
    world.register(&gated).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::StartFailed);
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("answered only in account 123456789012"),
        "{reason}"
    );
    assert_eq!(world.sample.deployments().len(), 0);
}
