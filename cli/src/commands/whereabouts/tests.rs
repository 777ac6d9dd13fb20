use super::{found, newest_of_each};
use crate::commands::promises::assert_kept;
use crate::commands::sample;

#[test]
fn each_target_that_runs_the_image_has_a_line() {
    let output = found("test", &[sample::busy()], &[]);
    assert_kept("where", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    TARGET    SERVICE  IMAGE         DIGEST        SINCE
    api-test  mco/api  mco/api:test  3a4dfb063801  2026-11-22 10:12:03Z
    ");
    insta::assert_json_snapshot!(output.json, @r#"
    {
      "image": "test",
      "targets": [
        {
          "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
          "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
          "tag": "test",
          "digest": "sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
          "target": "api-test",
          "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W1",
          "since": "2026-11-22T10:12:03.25Z"
        }
      ],
      "before": []
    }
    "#);
}

#[test]
fn an_image_that_runs_nowhere_is_said_to() {
    let output = found("mco/api:v1", &[], &[]);
    assert_kept("where", &output.json);
    assert_eq!(output.text, "`mco/api:v1` is live at no target\n");
}

#[test]
fn where_an_image_was_before_is_said_once_for_each_image() {
    let mut records = sample::records();
    records.remove(0);
    let twice = records[1].clone();
    records.push(twice);
    let output = found("mco/api", &[], &newest_of_each(records));
    assert_kept("where", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    `mco/api` is live at no target

    NOT LIVE  IMAGE         DIGEST        DEPLOYED              RESULT
    api-test  mco/api:test  56a8e1b8b416  2026-11-22 12:30:00Z  start failed
    api-test  mco/api:test  d60bbfffc19a  2026-11-22 11:00:00Z  failed
    api-test  mco/api:test  3a4dfb063801  2026-11-22 10:00:00Z  was live
    ");
    assert_eq!(output.json["before"].as_array().unwrap().len(), 3);
    assert_eq!(output.json["before"][2]["status"], "succeeded");
}
