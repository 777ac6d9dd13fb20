use crate::commands::promises::assert_kept;
use greenlight_deployer::targets::Applied;

use super::{Done, applied, check, checked, gone, listed, schema, shown};
use crate::commands::sample;

#[test]
fn each_applied_target_says_what_became_of_it() {
    let names = ["api-test", "worker", "web"].map(|name| name.parse().unwrap());
    let results = [Applied::Created, Applied::Changed, Applied::Unchanged];
    let adopted = ["mco/api:test (sha256:0123456789ab) was live", "", ""];
    let done: Vec<_> = names
        .iter()
        .zip(results)
        .zip(adopted)
        .map(|((name, applied), adopted)| {
            let adopted = (!adopted.is_empty()).then(|| adopted.to_owned());
            Done {
                name,
                applied,
                adopted,
                report: None,
            }
        })
        .collect();
    let output = applied(&done);
    assert_kept("targets-apply", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    api-test  created    mco/api:test (sha256:0123456789ab) was live
    worker    changed
    web       unchanged
    ");
    insta::assert_json_snapshot!(output.json, @r#"
    {
      "targets": [
        {
          "target": "api-test",
          "result": "created",
          "adopted": "mco/api:test (sha256:0123456789ab) was live",
          "report": null
        },
        {
          "target": "worker",
          "result": "changed",
          "adopted": null,
          "report": null
        },
        {
          "target": "web",
          "result": "unchanged",
          "adopted": null,
          "report": null
        }
      ]
    }
    "#);
}

#[test]
fn targets_are_listed_with_what_they_take_and_check() {
    let output = listed(&[Ok(sample::fresh()), Err(sample::bad())]);
    assert_kept("targets-list", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    TARGET    SERVICE                         IMAGES        STRATEGY            GATES
    api-test  mco/api                         mco/api:test  codedeploy API/API  before_traffic: tasks http; after_traffic: nothing
    web       not understood: apply it again  -             -                   -
    ");
    assert_eq!(
        output.json["targets"][0]["document"],
        sample::fresh().target.to_value()
    );
    assert_eq!(
        output.json["targets"][1]["problems"][0]["message"],
        "`images` is missing"
    );
}

#[test]
fn no_targets_are_said_to_be_none() {
    assert_eq!(listed(&[]).text, "no targets are registered\n");
}

#[test]
fn a_shown_target_can_be_applied_again() {
    let output = shown(&sample::busy());
    assert_kept("targets-show", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    targets:
    - name: api-test
      images:
      - container: api
        repository: mco/api
        tags:
        - test
      service:
        cluster: mco
        name: api
      deploy:
        codedeploy:
          application: API
          group: API
      gates:
        before_traffic:
        - tasks: {}
        - http:
            path: /health
        after_traffic: []
    ");
    let document: serde_json::Value = serde_norway::from_str(&output.text).unwrap();
    assert_eq!(
        greenlight_core::target::parse(&document).unwrap(),
        [sample::busy().target]
    );
}

#[test]
fn what_is_said_of_a_file_is_as_promised() {
    let good = checked(
        std::path::Path::new("targets.yaml"),
        &[sample::busy().target],
    );
    assert_kept("targets-check", &good.json);
    let missing = check(std::path::Path::new("/nowhere/targets.yaml"));
    assert!(missing.failure.is_some());
    assert_kept("targets-check", &missing.output.unwrap().json);
    assert_kept("targets-schema", &schema().json);
    assert_kept("targets-remove", &gone(&"api-test".parse().unwrap()).json);
}
