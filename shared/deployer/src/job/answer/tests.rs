use greenlight_core::deployment::PushedImage;
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::plan::sample;

fn id() -> DeploymentId {
    DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &["answered"])
}

fn candidate() -> Candidate {
    Candidate::of(PushedImage {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: format!("sha256:{}", "ab".repeat(32)).parse().unwrap(),
        tag: Some("v2".parse().unwrap()),
        ordered_at: Timestamp::UNIX_EPOCH,
        rank: None,
    })
}

fn told(more: &serde_json::Value, ending: &Ending) -> JobOutcome {
    outcome(&sample::stored(more), id(), ending)
}

fn failure(ending: &Ending) -> (&'static str, String) {
    let told = told(&json!({}), ending);
    let JobOutcome::Failed {
        failure,
        deployment,
    } = told
    else {
        panic!("{told:?}");
    };
    assert_eq!(deployment, Some(id()));
    (failure.kind().as_str(), failure.message().to_owned())
}

#[test]
fn a_success_puts_out_everything_that_a_later_action_may_need() {
    let ending = Ending::Succeeded {
        candidate: candidate(),
        aws_id: "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/85aa".to_owned(),
        task_definition: Some(
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:8".to_owned(),
        ),
        previous: None,
    };
    let JobOutcome::Succeeded(success) = told(&json!({}), &ending) else {
        panic!("it succeeded");
    };
    let variables: Vec<(&str, &str)> = success
        .variables()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let digest = format!("sha256:{}", "ab".repeat(32));
    let image = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{digest}");
    assert_eq!(
        variables,
        [
            (
                "AwsDeploymentId",
                "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/85aa"
            ),
            ("DeploymentId", id().to_string().as_str()),
            ("Digest", &digest),
            ("Image", &image),
            // Always there: a reference to a variable that is not would fail the action that has it.
            ("PreviousDigest", ""),
            ("Tag", "v2"),
            (
                "TaskDefinitionArn",
                "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:8"
            ),
        ]
    );
    assert_eq!(
        success.summary(),
        "mco/api:v2 (abababababab) is live at `api-test`: https://eu-west-1.console.aws.amazon.com/ecs/v2/\
         clusters/mco/services/api/deployments/85aa?region=eu-west-1"
    );
    assert_eq!(
        success.external_execution_id(),
        Some(id().to_string().as_str())
    );
}

#[test]
fn a_pipeline_is_shown_by_its_execution() {
    let deploy = json!({
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": null,
        "deploy": {"pipeline": {"name": "api-prod", "action": "Source"}},
    });
    let ending = Ending::Succeeded {
        candidate: candidate(),
        aws_id: "699044b0-ae67-14be-6c24-8668b9c45946".to_owned(),
        task_definition: None,
        previous: None,
    };
    let JobOutcome::Succeeded(success) = told(&deploy, &ending) else {
        panic!("it succeeded");
    };
    assert!(
        success
            .summary()
            .contains("pipelines/api-prod/executions/699044b0")
    );
}

#[test]
fn each_ending_has_its_type_its_reason_and_what_to_do() {
    let not_started = |obstacle| Ending::NotStarted {
        obstacle,
        reason: "`ecs:RegisterTaskDefinition` failed".to_owned(),
    };
    for (ending, kind, words) in [
        (
            Ending::Failed {
                reason: "gate before_traffic failed".to_owned(),
                evidence: vec!["http: answered 500".to_owned()],
                aws_id: "d-ABC".to_owned(),
            },
            "JobFailed",
            [
                "gate before_traffic failed",
                "- http: answered 500",
                "greenlight history api-test",
            ],
        ),
        (
            not_started(Obstacle::Permission),
            "PermissionError",
            [
                "was not started",
                "ecs:RegisterTaskDefinition",
                "hint: mend this",
            ],
        ),
        (
            not_started(Obstacle::Configuration),
            "ConfigurationError",
            [
                "was not started",
                "ecs:RegisterTaskDefinition",
                "hint: mend this",
            ],
        ),
        (
            not_started(Obstacle::Image),
            "RevisionUnavailable",
            [
                "was not started",
                "ecs:RegisterTaskDefinition",
                "hint: mend this",
            ],
        ),
        (
            Ending::Superseded {
                reason: "superseded by mco/api:v3 (cdcdcdcdcdcd)".to_owned(),
            },
            "RevisionOutOfSync",
            [
                "Nothing was deployed",
                "mco/api:v3",
                "release the change again",
            ],
        ),
        (
            Ending::Crowded,
            "SystemUnavailable",
            ["no more can", "`api-test`", "wait until it has ended"],
        ),
    ] {
        let (found, message) = failure(&ending);
        assert_eq!(found, kind, "{message}");
        for words in words {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
}

#[test]
fn evidence_without_end_leaves_room_for_what_to_do() {
    let (_, message) = failure(&Ending::Failed {
        reason: "container `api` exited with 1".to_owned(),
        evidence: (0..500)
            .map(|n| format!("task {n} stopped: exit code 1"))
            .collect(),
        aws_id: "d-ABC".to_owned(),
    });
    assert!(message.chars().count() <= 5000);
    assert!(message.contains("container `api` exited with 1"));
    assert!(message.contains("greenlight history"), "{message}");
}
