use greenlight_aws::ecs::{RollingDeployment, Service};
use greenlight_core::{
    deployment::{Active, Phase, PushedImage, Queued, TargetState},
    image::Digest,
};
use jiff::Timestamp;
use serde_json::json;

use super::*;

const TASK_DEFINITION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:7";

fn digest(which: char) -> Digest {
    format!("sha256:{}", which.to_string().repeat(64))
        .parse()
        .unwrap()
}

fn image(repository: &str, which: char) -> Candidate {
    Candidate::of(PushedImage {
        repository: format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{repository}")
            .parse()
            .unwrap(),
        digest: digest(which),
        tag: None,
        ordered_at: Timestamp::UNIX_EPOCH,
        rank: None,
    })
}

fn id(cause: &str) -> DeploymentId {
    DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &[cause])
}

fn transition(state: &TargetState, candidate: &Candidate) -> Transition {
    let input = Input::Requested {
        deployment: id("new"),
        candidate: candidate.clone(),
        origin: Origin::person(""),
        job: None,
    };
    let target = "api-test".parse().unwrap();
    let circumstances = Circumstances {
        target: &target,
        at: Timestamp::UNIX_EPOCH,
        lease_until: Timestamp::UNIX_EPOCH,
        closure: None,
    };
    step(circumstances, state, input)
}

#[test]
fn what_is_asked_for_is_planned_with_what_waits_to_go_with_it() {
    let asked = image("mco/api", 'a');
    let mut state = TargetState::default();
    assert_eq!(
        in_the_end(&transition(&state, &asked), asked.clone()),
        asked
    );
    state.active = Some(Active {
        deployment: id("active"),
        candidate: image("mco/api", 'c'),
        origin: Origin::Push,
        jobs: Vec::new(),
        stop: None,
        since: None,
        phase: Phase::Started {
            aws_id: "d-1".into(),
            task_definition: None,
        },
    });
    state.queued = Some(Queued {
        deployment: id("queued"),
        candidate: image("mco/proxy", 'b'),
        reason: "another one is under way".into(),
        origin: Origin::Push,
        jobs: Vec::new(),
    });
    let planned = in_the_end(&transition(&state, &asked), asked.clone());
    let digests: Vec<Digest> = planned.images().map(|image| image.digest).collect();
    assert_eq!(digests, [digest('a'), digest('b')]);
}

#[test]
fn what_is_being_deployed_already_is_planned_as_it_is() {
    let asked = image("mco/api", 'a');
    let state = TargetState {
        active: Some(Active {
            deployment: id("active"),
            candidate: asked.clone(),
            origin: Origin::Push,
            jobs: Vec::new(),
            stop: None,
            since: None,
            phase: Phase::Started {
                aws_id: "d-1".into(),
                task_definition: None,
            },
        }),
        ..TargetState::default()
    };
    let transition = transition(&state, &asked);
    assert_eq!(in_the_end(&transition, asked.clone()), asked);
}

fn service(rollout: &str) -> Service {
    Service {
        controller: "ECS".into(),
        deployments: vec![RollingDeployment {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            task_definition: TASK_DEFINITION.into(),
            rollout_state: Some(rollout.into()),
            ..RollingDeployment::default()
        }],
        ..Service::default()
    }
}

#[test]
fn a_service_that_is_busy_or_unchanged_is_noted() {
    let stored = sample::stored(&json!({}));
    let busy = notes(&stored, &service("IN_PROGRESS"), None);
    assert_eq!(
        busy,
        ["deployment ecs-svc/1 of ECS service `mco/api` is running; this one would follow it"]
    );
    let unchanged = notes(&stored, &service("COMPLETED"), Some(TASK_DEFINITION));
    assert_eq!(
        unchanged,
        ["ECS service `mco/api` runs just this already, so no deployment would be started"]
    );
    assert!(notes(&stored, &service("COMPLETED"), None).is_empty());
}

#[test]
fn the_tasks_before_say_what_they_run_and_what_they_are_made_from() {
    let stored = sample::stored(&json!({"before": [
        {"task": {"command": ["migrate", "up"]}},
        {"task": {"task_definition": "family:seed", "container": "seed", "command": ["seed"]}},
        {"task": {}},
    ]}));
    assert_eq!(
        before(&stored),
        [
            BeforeTask {
                container: Some("api".into()),
                command: vec!["migrate".into(), "up".into()],
                source: None,
            },
            BeforeTask {
                container: Some("seed".into()),
                command: vec!["seed".into()],
                source: Some("family:seed".into()),
            },
            BeforeTask {
                container: None,
                command: Vec::new(),
                source: None,
            },
        ]
    );
}

fn base() -> Base {
    let document = json!({
        "family": "api",
        "taskDefinitionArn": TASK_DEFINITION,
        "containerDefinitions": [{"name": "api", "image": "mco/api:1"}],
    });
    Base {
        arn: TASK_DEFINITION.into(),
        document: TaskDefinition::parse(document).unwrap(),
        tags: vec![json!({"key": "team", "value": "api"})],
    }
}

#[test]
fn the_tags_that_ecs_tells_beside_a_task_definition_are_no_difference() {
    let base = base();
    assert!(compared(&base, &base.document).is_empty());
    let with_tags = base.document.clone().with_tags(base.tags.clone());
    assert!(compared(&base, &with_tags).is_empty());
    let other = base
        .document
        .clone()
        .with_tags(vec![json!({"key": "team", "value": "web"})]);
    assert_eq!(
        compared(&base, &other).to_string(),
        "~ tags[team].value: api → web"
    );
}
