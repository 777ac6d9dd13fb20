use super::{detail, overview};
use crate::commands::sample;

#[test]
fn the_overview_has_a_line_for_each_target() {
    let output = overview(&[Ok(sample::busy()), Ok(sample::fresh()), Err(sample::bad())]);
    insta::assert_snapshot!(output.text, @"
    TARGET    LIVE                            DIGEST        SINCE                 DEPLOYING     WAITING
    api-test  mco/api:test                    aaaaaaaaaaaa  2026-11-22 10:12:03Z  bbbbbbbbbbbb  cccccccccccc
    api-test  nothing known                   -             -                     -             -
    web       not understood: apply it again  -             -                     -             -
    ");
}

#[test]
fn one_target_is_shown_with_all_that_is_known() {
    insta::assert_snapshot!(detail(&sample::busy()).text, @"
    target           api-test
    service          mco/api
    repository       123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api
    live             mco/api:test
    digest           sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    since            2026-11-22 10:12:03Z
    by               01KAPX2V9M3Z8QK4T7N5R6S0W1
    task definition  arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    deploying        mco/api:test (bbbbbbbbbbbb), d-ABCDEF123
    waiting          mco/api:test (cccccccccccc): another deployment is under way
    rejected         sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
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
    insta::assert_json_snapshot!(one, @r#"
    {
      "target": "api-test",
      "service": {
        "cluster": "mco",
        "name": "api"
      },
      "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
      "current": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W1",
        "task_definition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7",
        "since": "2026-11-22T10:12:03.25Z"
      },
      "active": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
        "aws_id": "d-ABCDEF123"
      },
      "queued": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "tag": "test",
        "digest": "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W3",
        "reason": "another deployment is under way"
      },
      "rejected": [
        "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      ]
    }
    "#);
}
