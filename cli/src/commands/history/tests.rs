use crate::commands::promises::assert_kept;
use greenlight_core::record::{Deed, Intervention};

use super::told;
use crate::commands::sample;

#[test]
fn each_deployment_says_how_and_why_it_ended() {
    let output = told(&"api-test".parse().unwrap(), &sample::records(), &[]);
    assert_kept("history", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    REQUESTED             STATUS        IMAGE         DIGEST        TOOK    BY    DEPLOYMENT
    2026-11-22 13:00:00Z  started       mco/api:test  56a8e1b8b416  -       push  d-GHIJKL456
    2026-11-22 12:30:00Z  start failed  mco/api:test  56a8e1b8b416  1s      push  01KAPX2V9M3Z8QK4T7N5R6S0W3
      the task definition `mco-api` has no container named `api`; it has `app`
    2026-11-22 11:00:00Z  failed        mco/api:test  d60bbfffc19a  6m 41s  push  d-ABCDEF123
      the gate before_traffic failed
      gate before_traffic: check `http` failed: status 500 instead of 200
    2026-11-22 10:00:00Z  succeeded     mco/api:test  3a4dfb063801  42s     user  01KAPX2V9M3Z8QK4T7N5R6S0W1
    ");
    let failed = &output.json["deployments"][2];
    sample::assert_documented(&format!("{failed:#}\n"));
    insta::assert_json_snapshot!(failed, @r#"
    {
      "id": "01KAPX2V9M3Z8QK4T7N5R6S0W2",
      "target": "api-test",
      "candidate": {
        "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
        "digest": "sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
        "tag": "test",
        "ordered_at": "2026-11-22T10:00:00Z"
      },
      "origin": {
        "kind": "push"
      },
      "status": "failed",
      "requested_at": "2026-11-22T11:00:00Z",
      "started_at": "2026-11-22T11:00:01Z",
      "concluded_at": "2026-11-22T11:06:41Z",
      "aws_id": "d-ABCDEF123",
      "previous": "sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
      "reason": "the gate before_traffic failed",
      "evidence": [
        "gate before_traffic: check `http` failed: status 500 instead of 200\n"
      ],
      "gates": {}
    }
    "#);
}

#[test]
fn no_deployments_are_said_to_be_none() {
    assert_eq!(
        told(&"api-test".parse().unwrap(), &[], &[]).text,
        "nothing was deployed to `api-test` yet\n"
    );
}

#[test]
fn what_was_overridden_is_shown() {
    let mut record = sample::records().remove(1);
    record.origin = greenlight_core::record::Origin::Person {
        by: "ada".to_owned(),
        overrides: Some("the target is held by grace".to_owned()),
    };
    let output = told(&"api-test".parse().unwrap(), &[record], &[]);
    assert_kept("history", &output.json);
    assert!(
        output.text.contains("  ada, overriding  "),
        "{}",
        output.text
    );
    assert!(
        output
            .text
            .contains("\n  ada overrides: the target is held by grace\n"),
        "{}",
        output.text
    );
}

#[test]
fn what_people_did_stands_among_the_deployments_with_who_and_why() {
    let hand = |at: &str, by: &str, reason: Option<&str>, deed| Intervention {
        id: "01KAPX2V9M3Z8QK4T7N5R6S0W9".parse().unwrap(),
        at: at.parse().unwrap(),
        by: by.to_owned(),
        reason: reason.map(str::to_owned),
        deed,
    };
    let rollback = Deed::RolledBack {
        deployment: "01KAPX2V9M3Z8QK4T7N5R6S0W4".parse().unwrap(),
        from: "mco/api:test (d60bbfffc19a)".to_owned(),
        to: "mco/api:test (3a4dfb063801)".to_owned(),
    };
    let until = Some("2026-11-22T18:00:00Z".parse().unwrap());
    let hands = [
        hand("2026-11-22T12:40:00Z", "grace", None, Deed::Released),
        hand(
            "2026-11-22T11:20:00Z",
            "ada",
            Some("ticket 7"),
            Deed::Held { until },
        ),
        hand("2026-11-22T11:05:00Z", "ada", Some("it is slow"), rollback),
    ];
    let records = &sample::records()[1..];
    let output = told(&"api-test".parse().unwrap(), records, &hands);
    assert_kept("history", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    REQUESTED             STATUS        IMAGE         DIGEST        TOOK    BY     DEPLOYMENT
    2026-11-22 12:40:00Z  release       -             -             -       grace  -
    2026-11-22 12:30:00Z  start failed  mco/api:test  56a8e1b8b416  1s      push   01KAPX2V9M3Z8QK4T7N5R6S0W3
      the task definition `mco-api` has no container named `api`; it has `app`
    2026-11-22 11:20:00Z  hold          -             -             -       ada    -
      until 2026-11-22 18:00:00Z
      ticket 7
    2026-11-22 11:05:00Z  rollback      -             -             -       ada    01KAPX2V9M3Z8QK4T7N5R6S0W4
      from mco/api:test (d60bbfffc19a) to mco/api:test (3a4dfb063801)
      it is slow
    2026-11-22 11:00:00Z  failed        mco/api:test  d60bbfffc19a  6m 41s  push   d-ABCDEF123
      the gate before_traffic failed
      gate before_traffic: check `http` failed: status 500 instead of 200
    2026-11-22 10:00:00Z  succeeded     mco/api:test  3a4dfb063801  42s     user   01KAPX2V9M3Z8QK4T7N5R6S0W1
    ");
    assert_eq!(output.json["interventions"][1]["deed"], "held");
    assert_eq!(output.json["interventions"][2]["by"], "ada");
}
