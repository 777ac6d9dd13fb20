use crate::commands::promises::assert_kept;
use greenlight_core::gate::Decision;
use greenlight_deployer::approve::Given;
use greenlight_deployer::control::Answered;

use super::told;
use crate::commands::sample;

const JANE: &str = "arn:aws:sts::123456789012:assumed-role/Admin/jane";
const JOE: &str = "arn:aws:iam::123456789012:user/joe";

/// What came of these answers, where two approvals are needed.
fn given(answers: &[(&str, bool, Option<&str>)], missing: u32) -> Given {
    let mut approval = sample::approval();
    for (who, approved, reason) in answers {
        let at = "2026-11-22T11:04:05Z".parse().unwrap();
        let decision = Decision::new(who, *approved, *reason, at);
        approval = approval.with(decision).unwrap();
    }
    Given::Gate {
        who: answers.last().unwrap().0.into(),
        approval,
        missing,
    }
}

#[test]
fn what_was_decided_is_said_with_what_is_still_needed() {
    let name = "api-test".parse().unwrap();
    let output = told(&name, true, &given(&[(JANE, true, None)], 1));
    assert_kept("approve", &output.json);
    assert_kept("reject", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    api-test  gate before_traffic approved for mco/api:test (d60bbfffc19a): 1 of 2 approvals are still needed, until 2026-11-22 11:30:00Z (by arn:aws:sts::123456789012:assumed-role/Admin/jane)
    ");
    sample::assert_documented(&format!("{:#}\n", output.json));
    insta::assert_json_snapshot!(output.json, @r#"
    {
      "target": "api-test",
      "approved": true,
      "who": "arn:aws:sts::123456789012:assumed-role/Admin/jane",
      "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
      "result": "gate before_traffic approved for mco/api:test (d60bbfffc19a): 1 of 2 approvals are still needed, until 2026-11-22 11:30:00Z",
      "missing": 1,
      "gate": {
        "point": "before_traffic",
        "aws_id": "d-ABCDEF123",
        "deployment": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
        "needed": 2,
        "question": "Has the migration run?",
        "images": "mco/api:test (d60bbfffc19a)",
        "asked_at": "2026-11-22T11:00:00Z",
        "until": "2026-11-22T11:30:00Z",
        "decisions": [
          {
            "who": "arn:aws:sts::123456789012:assumed-role/Admin/jane",
            "approved": true,
            "at": "2026-11-22T11:04:05Z"
          }
        ],
        "is_announced": false
      }
    }
    "#);
}

#[test]
fn the_last_approval_and_a_rejection_say_what_follows() {
    let name = "api-test".parse().unwrap();
    let enough = given(&[(JANE, true, None), (JOE, true, None)], 0);
    insta::assert_snapshot!(told(&name, true, &enough).text, @"
    api-test  gate before_traffic approved for mco/api:test (d60bbfffc19a): no more approvals are needed (by arn:aws:iam::123456789012:user/joe)
    ");
    let no = given(
        &[(JANE, true, None), (JOE, false, Some("too late today"))],
        0,
    );
    insta::assert_snapshot!(told(&name, false, &no).text, @"
    api-test  gate before_traffic rejected for mco/api:test (d60bbfffc19a): the gate fails (by arn:aws:iam::123456789012:user/joe)
    ");
}

#[test]
fn what_aws_was_told_is_said_with_who_did_it() {
    let given = Given::Aws {
        who: JOE.into(),
        answered: Answered {
            deployment: sample::id(2),
            text: "mco/api:test (d60bbfffc19a): pause hook ecs-pause-1f2e was told to go on".into(),
        },
    };
    let output = told(&"api-test".parse().unwrap(), true, &given);
    assert_kept("approve", &output.json);
    assert_kept("reject", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    api-test  approved: mco/api:test (d60bbfffc19a): pause hook ecs-pause-1f2e was told to go on (by arn:aws:iam::123456789012:user/joe)
    ");
    assert_eq!(output.json["gate"], serde_json::Value::Null);
    assert_eq!(output.json["deployment"], "01KAPX2V9M3Z8QK4T7N5R6S0W2");
}
