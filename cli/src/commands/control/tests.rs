use crate::commands::promises::assert_kept;
use greenlight_deployer::control::Answered;

use super::told;
use crate::commands::sample;

#[test]
fn what_was_done_is_said_with_what_it_was_done_to() {
    let answered = Answered {
        deployment: sample::id(2),
        text: "mco/api:test (d60bbfffc19a): pause hook ecs-pause-1f2e was told to go on".into(),
    };
    let output = told(&"api-test".parse().unwrap(), &answered);
    assert_kept("continue", &output.json);
    assert_kept("abort", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    api-test  mco/api:test (d60bbfffc19a): pause hook ecs-pause-1f2e was told to go on
    ");
    insta::assert_json_snapshot!(output.json, @r#"
    {
      "target": "api-test",
      "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
      "result": "mco/api:test (d60bbfffc19a): pause hook ecs-pause-1f2e was told to go on"
    }
    "#);
}
