//! That what template.yaml allows is what decides: taken away, the call is refused, with the action and the resource,
//! and nothing is left half done; added, it is noticed.
//!
//! That the functions are allowed all that they call is proved by every test with a `World` and by every rehearsal,
//! since the simulated account refuses the rest; that they are allowed no more, by `cargo rehearse --permissions`
//! after all of them (docs/permissions.md).

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod stories;

use std::collections::BTreeSet;

use greenlight_core::record::Status;
use greenlight_tests::world::{DEPLOY_ON_PUSH, World};
use rehearsal::{
    account::{
        Settings,
        containers::ImageSpec,
        iam::{Policy, Use},
        template::{Choices, Template},
    },
    permissions::complaints,
    scenario::sample::{Stand, template_with},
};
use serde_json::json;

/// The policy of `deploy-on-push`, to be changed.
fn policy(template: &mut Template) -> &mut Policy {
    let mut functions = template.functions.iter_mut();
    let function = functions.find(|it| it.logical_id == DEPLOY_ON_PUSH);
    &mut function.unwrap().policy
}

/// A push to a world whose template is not enough: what was refused, and what the service was told.
async fn refused(stand: Stand, change: impl FnOnce(&mut Template)) -> (Vec<String>, World) {
    let world = World::open_stand_of(stand, change).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_ne!(world.status_of(&v2).await, Some(Status::Succeeded));
    (world.sample.account.refused_by_policies(), world)
}

#[tokio::test(start_paused = true)]
async fn without_its_statement_a_call_is_refused_and_nothing_is_half_done() {
    let table = [
        (
            Stand::Rolling,
            "ReadAndUpdateServices",
            "ecs:DescribeServices on resource: arn:aws:ecs:eu-west-1:123456789012:service/mco/api ",
        ),
        (
            Stand::Rolling,
            "PassTaskRoles",
            "iam:PassRole on resource: arn:aws:iam::123456789012:role/api-task ",
        ),
        (
            Stand::CodeDeploy,
            "NeededByCreateDeployment",
            "codedeploy:GetDeploymentConfig on resource: \
             arn:aws:codedeploy:eu-west-1:123456789012:deploymentconfig:CodeDeployDefault.ECSCanary10Percent5Minutes ",
        ),
    ];
    for (stand, sid, what) in table {
        let (refused, world) = refused(stand, |template| {
            assert!(policy(template).remove(sid), "{sid}");
        })
        .await;
        let sentence = format!(
            "User: arn:aws:sts::123456789012:assumed-role/DeployOnPushRole/DeployOnPush is not authorized to \
             perform: {what}because no identity-based policy allows the "
        );
        assert_eq!(refused.len(), 1, "{sid}: {refused:?}");
        assert!(refused[0].starts_with(&sentence), "{}", refused[0]);
        // The service runs what it ran, by the task definition that it had.
        assert_eq!(
            world.recorded().await,
            Some(world.sample.v1.clone()),
            "{sid}"
        );
        let deploys = ["ecs:UpdateService", "codedeploy:CreateDeployment"];
        let journal = world.sample.account.journal();
        let done = deploys
            .iter()
            .flat_map(|action| journal.calls_of(DEPLOY_ON_PUSH, action))
            .filter(|call| call.status == 200);
        assert_eq!(done.count(), 0, "{sid}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_allowed_on_another_repository_or_cluster_is_not_allowed_here() {
    let table = [
        ("RepositoryNames", "other/*", "repository/mco/api "),
        ("ClusterNames", "other", "service/mco/api "),
    ];
    for (parameter, value, resource) in table {
        let (refused, world) = refused(Stand::Rolling, |template| {
            let narrowed = template_with(&Settings::for_tests(), &[(parameter, value)]);
            *template = narrowed.unwrap();
        })
        .await;
        assert!(
            refused.iter().any(|it| it.contains(resource)),
            "{parameter}: {refused:?}"
        );
        assert!(world.asked_by_push("ecs:UpdateService").is_empty());
    }
}

#[test]
fn an_action_that_is_added_and_never_used_is_noticed() {
    let with_one_more = |template: &mut Template| {
        let more = json!({"Statement": [{"Sid": "More", "Effect": "Allow", "Action": "ecs:DeleteService", "Resource": "*"}]});
        *policy(template) = Policy::parse(&[more]).unwrap();
        template
            .functions
            .retain(|it| it.logical_id == DEPLOY_ON_PUSH);
    };
    let mut template = template_with(&Settings::for_tests(), &[]).unwrap();
    with_one_more(&mut template);
    let unused = complaints(&template, &BTreeSet::new(), &[]);
    assert_eq!(
        unused,
        ["DeployOnPush may ecs:DeleteService (statement More) and never does"]
    );
    let used = Use {
        function: DEPLOY_ON_PUSH.to_owned(),
        statement: "More".to_owned(),
        action: "ecs:DeleteService".to_owned(),
    };
    assert!(complaints(&template, &BTreeSet::from([used]), &[]).is_empty());
}

#[test]
fn a_condition_that_the_simulated_account_does_not_know_is_an_error() {
    let template = |condition: &str| {
        let text = format!(
            "
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/reader/
      Policies:
        - Statement:
            - Sid: Read
              Effect: Allow
              Action: ecs:DescribeTasks
              Resource: '*'
              Condition: {condition}
"
        );
        Template::parse(&text, &Choices::of(&Settings::for_tests()))
    };
    template("{ArnLike: {ecs:cluster: '*'}}").unwrap();
    for (condition, part) in [
        ("{ArnIs: {ecs:cluster: '*'}}", "`ArnIs` is not understood"),
        ("{ArnLike: {ecs:moon: '*'}}", "`ecs:moon` is not understood"),
    ] {
        let error = template(condition).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains("Reader.Policies"),
            "{error}"
        );
    }
}
