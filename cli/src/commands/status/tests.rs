use super::{detail, overview};
use crate::commands::sample;

#[test]
fn the_overview_has_a_line_for_each_target() {
    let mut worker = sample::fresh();
    worker.target.name = "worker".parse().unwrap();
    let output = overview(&[Ok(sample::busy()), Err(sample::bad()), Ok(worker)]);
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
    sample::assert_documented(&detail(&sample::busy()).text);
    insta::assert_snapshot!(detail(&sample::busy()).text, @"
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
    insta::assert_snapshot!(detail(&sample::fresh()).text, @"
    target      api-test
    service     mco/api
    repository  123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live        nothing known: no deployment has concluded since it was registered
    ");
}

#[test]
fn the_json_form_is_the_same_in_the_overview_and_for_one_target() {
    let one = detail(&sample::busy()).json;
    assert_eq!(overview(&[Ok(sample::busy())]).json["targets"][0], one);
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
        "since": "2026-11-22T10:12:03.25Z"
      },
      "active": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
        "aws_id": "d-ABCDEF123"
      },
      "queued": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W3",
        "reason": "another deployment is under way"
      },
      "rejected": [
        "sha256:f14424a90973b09aac0a5543c5ea465dda7d792b7c9aa53518be7eb18d31f4ff"
      ]
    }
    "#);
}
