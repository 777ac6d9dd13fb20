use greenlight_core::deployment::{Phase, Preparation};
use greenlight_core::gate::Decision;

use super::{detail, overview};
use crate::commands::sample;

#[test]
fn the_overview_has_a_line_for_each_target() {
    let mut worker = sample::fresh();
    worker.target.name = "worker".parse().unwrap();
    let output = overview(&[Ok(sample::busy()), Err(sample::bad()), Ok(worker)], &[]);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    TARGET    LIVE                            DIGEST        SINCE                 DEPLOYING     WAITING
    api-test  mco/api:test                    3a4dfb063801  2026-11-22 10:12:03Z  d60bbfffc19a  56a8e1b8b416
    web       not understood: apply it again  -             -                     -             -
    worker    nothing known                   -             -                     -             -
    ");
}

#[test]
fn one_target_is_shown_with_all_that_is_known() {
    sample::assert_documented(&detail(&sample::busy(), None, &[]).text);
    insta::assert_snapshot!(detail(&sample::busy(), None, &[]).text, @"
    target           api-test
    service          mco/api
    repository       123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live             mco/api:test
    digest           sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d
    since            2026-11-22 10:12:03Z
    by               01KAPX2V9M3Z8QK4T7N5R6S0W1
    task definition  arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    deploying        mco/api:test (d60bbfffc19a), d-ABCDEF123
    waiting          mco/api:test (56a8e1b8b416): another deployment is under way
    rejected         sha256:f14424a90973b09aac0a5543c5ea465dda7d792b7c9aa53518be7eb18d31f4ff
    ");
    insta::assert_snapshot!(detail(&sample::fresh(), None, &[]).text, @"
    target      api-test
    service     mco/api
    repository  123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live        nothing known: no deployment has concluded since it was registered
    ");
}

#[test]
fn the_json_form_is_the_same_in_the_overview_and_for_one_target() {
    let one = detail(&sample::busy(), None, &[]).json;
    assert_eq!(overview(&[Ok(sample::busy())], &[]).json["targets"][0], one);
    sample::assert_documented(&format!("{one:#}\n"));
    insta::assert_json_snapshot!(one, @r#"
    {
      "target": "api-test",
      "service": {
        "cluster": "mco",
        "name": "api"
      },
      "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
      "current": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W1",
        "task_definition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7",
        "since": "2026-11-22T10:12:03.25Z",
        "is_proved": true
      },
      "active": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
        "origin": {
          "kind": "push"
        },
        "phase": "started",
        "aws_id": "d-ABCDEF123",
        "progress": null
      },
      "queued": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W3",
        "reason": "another deployment is under way"
      },
      "rollback": null,
      "rejected": [
        "sha256:f14424a90973b09aac0a5543c5ea465dda7d792b7c9aa53518be7eb18d31f4ff"
      ],
      "asked": []
    }
    "#);
}

#[test]
fn what_waits_for_an_answer_is_shown_with_the_way_to_answer_it() {
    let (stored, progress) = sample::paused();
    let output = detail(&stored, Some(&progress), &progress.asked);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    target           api-test
    service          mco/api
    repository       123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live             mco/api:test + mco/proxy:stable
    digest           sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d
    digest           sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd
    since            2026-11-22 10:12:03Z
    by               01KAPX2V9M3Z8QK4T7N5R6S0W1
    task definition  arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    deploying        mco/api:test (d60bbfffc19a), arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/k3Jd8sLq
    asked for by     ada
    progress         ECS service deployment k3Jd8sLq is IN_PROGRESS: POST_TEST_TRAFFIC_SHIFT
                     new revision 4823: 2 of 2 tasks running, 0 pending, 0 % of the production traffic, 100 % of the test traffic
                     hook ecs-pause-1f2e (PAUSE) AWAITING_ACTION
    awaiting         pause hook ecs-pause-1f2e waits for an answer at POST_TEST_TRAFFIC_SHIFT; `greenlight continue api-test` lets it go on, `greenlight abort api-test` takes it back; at 2026-11-22T11:30:00Z ECS rolls it back
    ");
    let progress = &output.json["active"]["progress"];
    sample::assert_documented(&format!("{progress:#}\n"));
    insta::assert_json_snapshot!(progress, @r#"
    {
      "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
      "headline": "ECS service deployment k3Jd8sLq is IN_PROGRESS: POST_TEST_TRAFFIC_SHIFT",
      "facts": [
        "new revision 4823: 2 of 2 tasks running, 0 pending, 0 % of the production traffic, 100 % of the test traffic",
        "hook ecs-pause-1f2e (PAUSE) AWAITING_ACTION"
      ],
      "awaiting": {
        "what": "pause hook ecs-pause-1f2e waits for an answer at POST_TEST_TRAFFIC_SHIFT",
        "until": "2026-11-22T11:30:00Z",
        "otherwise": "ECS rolls it back",
        "remedy": "`greenlight continue api-test` lets it go on, `greenlight abort api-test` takes it back"
      }
    }
    "#);
    insta::assert_json_snapshot!(output.json["current"]["with"], @r#"
    [
      {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/proxy@sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/proxy",
        "tag": "stable",
        "digest": "sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd"
      }
    ]
    "#);
}

#[test]
fn the_overview_says_what_a_deployment_is_about_to_do() {
    let (paused, progress) = sample::paused();
    let in_phase = |name: &str, phase: Phase| {
        let mut stored = sample::busy();
        stored.target.name = name.parse().unwrap();
        if let Some(active) = &mut stored.state.active {
            active.phase = phase;
        }
        stored
    };
    let before = in_phase(
        "migrates",
        Phase::Before {
            step: 0,
            aws_id: "arn:aws:ecs:eu-west-1:123456789012:task/mco/1".into(),
            task_definition: None,
        },
    );
    let requested = in_phase(
        "starts",
        Phase::Requested {
            lease_until: "2026-11-22T10:12:03Z".parse().unwrap(),
            prepared: Preparation::default(),
        },
    );
    assert_eq!(
        detail(&before, None, &[]).json["active"]["phase"],
        serde_json::json!("before")
    );
    // What is not understood has no progress: that of the others stays with them.
    let targets = [Err(sample::bad()), Ok(paused), Ok(before), Ok(requested)];
    let output = overview(&targets, &[Some(progress), None, None]);
    insta::assert_snapshot!(output.text, @"
    TARGET    LIVE                             DIGEST                       SINCE                 DEPLOYING                         WAITING
    web       not understood: apply it again   -                            -                     -                                 -
    api-test  mco/api:test + mco/proxy:stable  3a4dfb063801 + 56a8e1b8b416  2026-11-22 10:12:03Z  d60bbfffc19a waits for an answer  -
    migrates  mco/api:test                     3a4dfb063801                 2026-11-22 10:12:03Z  d60bbfffc19a: task 1 before it    56a8e1b8b416
    starts    mco/api:test                     3a4dfb063801                 2026-11-22 10:12:03Z  d60bbfffc19a is being started     56a8e1b8b416
    ");
}

#[test]
fn what_a_gate_asks_is_shown_with_who_has_answered_whosever_deployment_it_is() {
    let jane = "arn:aws:sts::123456789012:assumed-role/Admin/jane";
    let at = "2026-11-22T11:04:05Z".parse().unwrap();
    let decision = Decision::new(jane, true, None, at);
    let asked = [sample::approval().with(decision).unwrap()];
    let output = detail(&sample::fresh(), None, &asked);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    target      api-test
    service     mco/api
    repository  123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live        nothing known: no deployment has concluded since it was registered
    awaiting    gate before_traffic waits for 1 of 2 approvals: Has the migration run?; answer by `greenlight approve api-test` or `greenlight reject api-test --reason WHY`; at 2026-11-22T11:30:00Z the gate fails
                for mco/api:test (d60bbfffc19a)
                arn:aws:sts::123456789012:assumed-role/Admin/jane approved at 2026-11-22T11:04:05Z
    ");
    assert_eq!(output.json["asked"], serde_json::json!(asked));
    assert_eq!(output.json["asked"][0]["decisions"][0]["who"], jane);
}
