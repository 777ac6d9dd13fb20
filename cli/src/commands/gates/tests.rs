use crate::commands::promises::assert_kept;
use greenlight_core::gate::Decision;

use super::{Which, told};
use crate::commands::sample;

#[test]
fn every_check_is_shown_with_its_counts_measurements_and_evidence() {
    let mut record = sample::records().swap_remove(2);
    let report = sample::report();
    record.gates = [(report.point, report)].into();
    let output = told(&record);
    assert_kept("gates", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    target      api-test
    deployment  01KAPX2V9M3Z8QK4T7N5R6S0W2
    as          d-ABCDEF123
    image       mco/api:test (d60bbfffc19a)
    status      failed

    gate before_traffic: failed, from 2026-11-22 11:05:00Z for 7s
      CHECK          VERDICT  GOOD  BAD  ERRORS  NO DATA  TOOK  LIMITS
      tasks          passed   1     0    0       0        3s    every 3s, for 5m at most, 0 failures allowed, any errors allowed
      http (health)  failed   1     2    0       0        4s    every 2s, until 3 in a row are good, for 2m at most, 1 failures allowed, any errors allowed
      tasks: 2 of 2 tasks run
        2026-11-22 11:05:03Z  successful    2 of 2 tasks run
      http (health): 2 measurements failed, more than 1: GET http://10.0.0.1:9001/health: status 500 instead of 200-299
        2026-11-22 11:05:03Z  failed          GET http://10.0.0.1:9001/health: status 500 instead of 200-299
        2026-11-22 11:05:05Z  successful  12  GET http://10.0.0.1:9001/health answered 200
        2026-11-22 11:05:07Z  failed          GET http://10.0.0.1:9001/health: status 500 instead of 200-299
        evidence: the body begins: `no connection to the database`
    ");
    assert_eq!(
        output.json["gates"][0]["checks"][1]["check"],
        "http (health)"
    );
    sample::assert_documented(&format!("{:#}\n", output.json["gates"][0]["checks"][1]));
    insta::assert_json_snapshot!(output.json["gates"][0]["checks"][1], @r#"
    {
      "check": "http (health)",
      "verdict": "failed",
      "summary": "2 measurements failed, more than 1: GET http://10.0.0.1:9001/health: status 500 instead of 200-299",
      "counts": {
        "successful": 1,
        "failed": 2,
        "errors": 0,
        "inconclusive": 0
      },
      "limits": "every 2s, until 3 in a row are good, for 2m at most, 1 failures allowed, any errors allowed",
      "measured": [
        {
          "at": "2026-11-22T11:05:03Z",
          "phase": "failed",
          "summary": "GET http://10.0.0.1:9001/health: status 500 instead of 200-299"
        },
        {
          "at": "2026-11-22T11:05:05Z",
          "phase": "successful",
          "summary": "GET http://10.0.0.1:9001/health answered 200",
          "value": 12.0
        },
        {
          "at": "2026-11-22T11:05:07Z",
          "phase": "failed",
          "summary": "GET http://10.0.0.1:9001/health: status 500 instead of 200-299"
        }
      ],
      "evidence": [
        "the body begins: `no connection to the database`"
      ],
      "started_at": "2026-11-22T11:05:03Z",
      "ended_at": "2026-11-22T11:05:07Z"
    }
    "#);
}

#[test]
fn that_no_gate_has_a_verdict_is_said_and_who_has_let_it_go_on() {
    let mut record = sample::records().swap_remove(3);
    let at = "2026-11-22T10:00:30Z".parse().unwrap();
    let who = "arn:aws:iam::123456789012:user/joe";
    record.decisions = vec![Decision::new(who, true, Some("looks good"), at)];
    insta::assert_snapshot!(told(&record).text, @"
    target      api-test
    deployment  01KAPX2V9M3Z8QK4T7N5R6S0W1
    image       mco/api:test (3a4dfb063801)
    status      succeeded
    decision    arn:aws:iam::123456789012:user/joe approved at 2026-11-22T10:00:30Z: looks good

    no gate has a verdict
    ");
}

#[test]
fn a_deployment_is_told_from_a_target() {
    assert_eq!(
        "01KAPX2V9M3Z8QK4T7N5R6S0W2".parse(),
        Ok(Which::Deployment(sample::id(2)))
    );
    let target = "api-test".parse().unwrap();
    assert_eq!("api-test".parse(), Ok(Which::Newest(target)));
    assert!("d-ABCDEF123".parse::<Which>().is_err());
}
