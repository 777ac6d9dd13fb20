use crate::commands::promises::assert_kept;
use greenlight_core::deployment::{Phase, Preparation};
use greenlight_core::gate::Decision;

use super::{detail, overview};
use crate::commands::sample;
use greenlight_core::deployment::Hold;
use serde_json::json;

#[test]
fn the_overview_has_a_line_for_each_target() {
    let mut worker = sample::fresh();
    worker.target.name = "worker".parse().unwrap();
    let output = overview(
        &[Ok(sample::busy()), Err(sample::bad()), Ok(worker)],
        &[],
        sample::now(),
    );
    assert_kept("status", &output.json);
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
    sample::assert_documented(&detail(&sample::busy(), None, &[], sample::now()).text);
    insta::assert_snapshot!(detail(&sample::busy(), None, &[], sample::now()).text, @"
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
    insta::assert_snapshot!(detail(&sample::fresh(), None, &[], sample::now()).text, @"
    target      api-test
    service     mco/api
    repository  123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live        nothing known: no deployment has concluded since it was registered
    ");
}

#[test]
fn the_json_form_is_the_same_in_the_overview_and_for_one_target() {
    let one = detail(&sample::busy(), None, &[], sample::now()).json;
    assert_eq!(
        overview(&[Ok(sample::busy())], &[], sample::now()).json["targets"][0],
        one
    );
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
      "hold": null,
      "line": null,
      "window": null,
      "rollback": null,
      "rejected": [
        "sha256:f14424a90973b09aac0a5543c5ea465dda7d792b7c9aa53518be7eb18d31f4ff"
      ],
      "asked": []
    }
    "#);
}

#[test]
fn drift_is_shown_with_what_was_expected_and_its_cause() {
    let output = detail(&sample::drifted(false), None, &[], sample::now());
    assert_kept("status", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    target           api-test
    service          mco/api
    repository       123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live             mco/api:test (drift)
    digest           sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8
    since            2026-11-22 10:12:03Z
    by               01KAPX2V9M3Z8QK4T7N5R6S0W1
    task definition  arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    drift            found 2026-11-22 11:00:00Z: mco/api:test (d60bbfffc19a) runs, not mco/api:test (3a4dfb063801)
                     deployed by ECS service deployment k3Jd8sLq, registered by role Terraform
    ");
    let drift = &output.json["current"]["drift"];
    sample::assert_documented(&format!("{drift:#}\n"));
    insta::assert_json_snapshot!(drift, @r#"
    {
      "found_at": "2026-11-22T11:00:00Z",
      "expected": "mco/api:test (3a4dfb063801)",
      "runs": "mco/api:test (d60bbfffc19a)",
      "cause": "deployed by ECS service deployment k3Jd8sLq, registered by role Terraform",
      "is_foreign": false
    }
    "#);
    insta::assert_snapshot!(overview(&[Ok(sample::drifted(true))], &[], sample::now()).text, @"
    TARGET    LIVE                                    DIGEST        SINCE                 DEPLOYING  WAITING
    api-test  nginx:latest, not mco/api:test (drift)  3a4dfb063801  2026-11-22 10:12:03Z  -          -
    ");
}

#[test]
fn what_waits_for_an_answer_is_shown_with_the_way_to_answer_it() {
    let (stored, progress) = sample::paused();
    let output = detail(&stored, Some(&progress), &progress.asked, sample::now());
    assert_kept("status", &output.json);
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
        detail(&before, None, &[], sample::now()).json["active"]["phase"],
        serde_json::json!("before")
    );
    // What is not understood has no progress: that of the others stays with them.
    let targets = [Err(sample::bad()), Ok(paused), Ok(before), Ok(requested)];
    let output = overview(&targets, &[Some(progress), None, None], sample::now());
    assert_kept("status", &output.json);
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
    let output = detail(&sample::fresh(), None, &asked, sample::now());
    assert_kept("status", &output.json);
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

/// The same with a target that is held, with windows of which none is open, and with the line stopped.
fn closed() -> greenlight_aws::table::StoredTarget {
    let mut stored = sample::busy();
    let mut document = stored.target.to_value();
    document["windows"] = json!([{"allow": "Mon-Fri 09:00-17:00", "zone": "Europe/London"}]);
    stored.target = greenlight_core::target::parse(&document).unwrap().remove(0);
    stored.state.active = None;
    let hold = |by: &str, reason: Option<&str>, until: Option<&str>| Hold {
        by: by.to_owned(),
        reason: reason.map(str::to_owned),
        since: "2026-11-22T10:00:00Z".parse().unwrap(),
        until: until.map(|until| until.parse().unwrap()),
    };
    stored.state.hold = Some(hold("ada", Some("ticket 7"), None));
    stored.line = Some(hold("grace", None, Some("2026-11-22T15:00:00Z")));
    if let Some(queued) = &mut stored.state.queued {
        queued.reason = "every target is held by grace until 2026-11-22T15:00:00Z".to_owned();
    }
    stored
}

#[test]
fn all_that_keeps_deployments_is_shown() {
    let mut stored = closed();
    let output = detail(&stored, None, &[], sample::now());
    assert_kept("status", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    target           api-test
    service          mco/api
    repository       123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live             mco/api:test
    digest           sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d
    since            2026-11-22 10:12:03Z
    by               01KAPX2V9M3Z8QK4T7N5R6S0W1
    task definition  arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    waiting          mco/api:test (56a8e1b8b416): every target is held by grace until 2026-11-22T15:00:00Z
    line             every target is held by grace until 2026-11-22T15:00:00Z, since 2026-11-22 10:00:00Z
    hold             held by ada (ticket 7), since 2026-11-22 10:00:00Z
    window           window `Mon-Fri 09:00-17:00` (Europe/London) opens at 2026-11-23T09:00:00Z
    rejected         sha256:f14424a90973b09aac0a5543c5ea465dda7d792b7c9aa53518be7eb18d31f4ff
    ");
    assert_eq!(output.json["hold"]["by"], "ada");
    assert_eq!(output.json["line"]["until"], "2026-11-22T15:00:00Z");
    assert_eq!(
        output.json["window"],
        "window `Mon-Fri 09:00-17:00` (Europe/London) opens at 2026-11-23T09:00:00Z"
    );
    // At a glance there is what comes first; when that is over, what comes next.
    let waiting = |stored: &greenlight_aws::table::StoredTarget, now: &str| {
        let output = overview(&[Ok(stored.clone())], &[], now.parse().unwrap());
        assert_kept("status", &output.json);
        let line = output.text.lines().nth(1).unwrap().to_owned();
        line.rsplit("  ").next().unwrap().trim().to_owned()
    };
    assert_eq!(
        waiting(&stored, "2026-11-22T14:00:00Z"),
        "56a8e1b8b416: line stopped"
    );
    assert_eq!(
        waiting(&stored, "2026-11-22T15:00:00Z"),
        "56a8e1b8b416: held"
    );
    stored.state.hold = None;
    assert_eq!(
        waiting(&stored, "2026-11-22T15:00:00Z"),
        "56a8e1b8b416: window closed"
    );
    assert_eq!(waiting(&stored, "2026-11-23T09:00:00Z"), "56a8e1b8b416");
    stored.state.queued = None;
    assert_eq!(waiting(&stored, "2026-11-22T15:00:00Z"), "window closed");
}
