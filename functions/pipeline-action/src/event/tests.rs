//! Every sample event, and what is made of it.

use super::*;

fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn jobs_begun_actions_and_minutes_are_told_apart() {
    for (name, expected) in [
        ("codepipeline/job", Parsed::Job),
        ("codepipeline/job-with-artifacts", Parsed::Job),
        ("codepipeline/job-continued", Parsed::Job),
        ("codepipeline/job-unresolved", Parsed::Job),
        ("codepipeline/job-without-parameters", Parsed::Job),
        ("bad/job-no-id", Parsed::Job),
        ("bad/job-without-data", Parsed::Job),
        ("codepipeline/action-started", Parsed::Begun),
        ("codepipeline/action-started-with-a-number", Parsed::Begun),
        ("schedule/minute", Parsed::Tick),
    ] {
        assert_eq!(parse(&sample(name)), expected, "{name}");
    }
}

#[test]
fn everything_else_is_ignored_or_dropped_with_the_reason() {
    for (name, expected) in [
        ("codepipeline/action-succeeded", "it is SUCCEEDED"),
        ("codepipeline/action-of-codedeploy", "AWS/Deploy/CodeDeploy"),
        ("codepipeline/started", "asks for nothing here"),
        ("ecr/push-tagged", "`ECR Image Action`"),
        ("bad/action-no-type", "type"),
        ("bad/empty-object", "EventBridge"),
        ("bad/not-an-object", "EventBridge"),
        ("bad/null", "EventBridge"),
    ] {
        match parse(&sample(name)) {
            Parsed::Ignored { reason } | Parsed::Unreadable { reason } => {
                assert!(reason.contains(expected), "{name}: {reason}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}
