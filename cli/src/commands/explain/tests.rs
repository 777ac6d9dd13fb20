use crate::commands::promises::assert_kept;
use greenlight_core::deployment::Circumstances;
use greenlight_core::inquiry::{Subject, inquire};
use greenlight_core::record::DeploymentRecord;
use greenlight_core::target::{ImageSource, TargetName};
use greenlight_deployer::explain::{Answer, AtTarget};

use super::told;
use crate::commands::sample;

fn name(text: &str) -> TargetName {
    text.parse().unwrap()
}

/// What the sample target, busy as it is, says of an image.
fn found(which: char, tag: &str, past: Vec<DeploymentRecord>) -> AtTarget {
    let stored = sample::busy();
    let subject = Subject {
        repository: sample::candidate(which).repository,
        digest: sample::digest(which),
        tags: vec![tag.parse().unwrap()],
        pushed_at: Some("2026-11-22T10:59:58Z".parse().unwrap()),
        is_archived: false,
    };
    let at = "2026-11-22T13:00:00Z".parse().unwrap();
    let circumstances = Circumstances {
        target: &stored.target.name,
        at,
        lease_until: at,
        closure: None,
    };
    let source: &ImageSource = &stored.target.images[0];
    let account = inquire(circumstances, &stored.state, source, &subject);
    AtTarget {
        target: stored.target.name.clone(),
        answer: Answer::Found { subject, account },
        past,
    }
}

#[test]
fn each_target_says_what_it_would_do_and_why() {
    let failed = DeploymentRecord {
        candidate: sample::candidate('d'),
        ..sample::records().swap_remove(2)
    };
    let rejected = found('d', "test", vec![failed]);
    let live = AtTarget {
        target: name("api-live"),
        answer: Answer::NoSuchImage {
            repositories: vec![sample::proxy('a').repository],
            policy: None,
        },
        past: Vec::new(),
    };
    let web = AtTarget {
        target: name("web"),
        answer: Answer::OtherRepository {
            its: vec![sample::proxy('a').repository],
        },
        past: Vec::new(),
    };
    let output = told("test", &[live, rejected, web]);
    assert_kept("explain", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    api-live: there is no such image
      image   mco/proxy does not hold it
    api-test: is rejected
      image   mco/api f14424a90973, pushed 2026-11-22 10:59:58Z
      policy  the target takes the tag `test`
      now     mco/api:test (f14424a90973) failed at `api-test` before or was rolled away from, and is not deployed again automatically; push a new image
      before  2026-11-22 11:00:00Z failed (push): the gate before_traffic failed
    of other repositories only: `web`
    ");
    let rejected = &output.json["targets"][1];
    assert_eq!(rejected["verdict"], "taken");
    assert_eq!(rejected["decision"], "skip");
    assert_eq!(rejected["rule"], "rejected");
    assert_eq!(rejected["tags"][0]["verdict"], "taken");
    assert_eq!(rejected["past"][0]["status"], "failed");
    assert_eq!(output.json["targets"][0]["verdict"], "no_such_image");
    assert_eq!(output.json["targets"][2]["verdict"], "other_repository");
    assert_eq!(output.json["image"], "test");
}

#[test]
fn a_tag_that_is_not_taken_is_said_once() {
    let output = told("v2", &[found('d', "v2", Vec::new())]);
    assert_kept("explain", &output.json);
    insta::assert_snapshot!(output.text, @"
    api-test: is not taken
      image   mco/api f14424a90973, pushed 2026-11-22 10:59:58Z
      policy  the target takes only `test`, not `v2`
    ");
    let target = &output.json["targets"][0];
    assert_eq!(target["verdict"], "not_taken");
    assert_eq!(target["rule"], serde_json::Value::Null);
    assert_eq!(target["tags"][0]["rule"], target["text"]);
}

#[test]
fn what_is_live_under_way_or_waiting_is_called_so() {
    for (which, headline) in [('a', "is live"), ('b', "is being deployed"), ('c', "waits")] {
        let output = told("test", &[found(which, "test", Vec::new())]);
        assert_kept("explain", &output.json);
        let first = format!("api-test: {headline}\n");
        assert!(output.text.starts_with(&first), "{}", output.text);
    }
}

#[test]
fn without_targets_there_is_nothing_to_say() {
    assert_eq!(told("test", &[]).text, "no targets are registered\n");
}
