//! Which target a service deployment is of, and whether it is its own.

use greenlight_aws::ecs::RevisionImage;
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Preparation, PushedImage, TargetState},
    image::Registry,
    record::Origin,
    target,
};
use serde_json::json;

use super::*;

const DEPLOYMENT: &str =
    "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/EZe5RNVLH6PPzHXINuP28";
const OTHER: &str = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/another";
const DEFINITION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7";

fn candidate() -> Candidate {
    Candidate::of(PushedImage {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
        tag: None,
        ordered_at: Timestamp::UNIX_EPOCH,
        rank: None,
    })
}

fn stored(name: &str, phase: Option<Phase>) -> StoredTarget {
    let document = json!({"targets": [{
        "name": name,
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"native": {}},
    }]});
    let active = phase.map(|phase| Active {
        deployment: DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &[name]),
        candidate: candidate(),
        origin: Origin::Push,
        jobs: Vec::new(),
        stop: None,
        since: None,
        phase,
    });
    StoredTarget {
        target: target::parse(&document).unwrap().remove(0),
        home: Registry::of("123456789012", "eu-west-1").unwrap(),
        version: 1,
        line: None,
        state: TargetState {
            active,
            ..TargetState::default()
        },
    }
}

fn revision(image: &str) -> ServiceRevision {
    ServiceRevision {
        task_definition: DEFINITION.to_owned(),
        images: vec![RevisionImage {
            container: "api".to_owned(),
            image: image.to_owned(),
            digest: None,
        }],
        ..ServiceRevision::default()
    }
}

fn started(aws_id: &str, task_definition: Option<&str>) -> Phase {
    Phase::Started {
        aws_id: aws_id.to_owned(),
        task_definition: task_definition.map(str::to_owned),
    }
}

fn requested(task_definition: Option<&str>) -> Phase {
    Phase::Requested {
        lease_until: Timestamp::UNIX_EPOCH,
        prepared: Preparation {
            done: 0,
            task_definition: task_definition.map(str::to_owned),
        },
    }
}

#[test]
fn a_deployment_is_ours_by_its_arn_or_by_what_it_runs_until_that_is_known() {
    let before = Phase::Before {
        step: 0,
        aws_id: "arn:task".to_owned(),
        task_definition: Some(DEFINITION.to_owned()),
    };
    let (pinned, else_) = (candidate().pinned(), "mco/api:other".to_owned());
    for (phase, image, expected) in [
        (started(DEPLOYMENT, None), &else_, true),
        (started(OTHER, Some(DEFINITION)), &pinned, false),
        (started("ecs-svc/7", Some(DEFINITION)), &else_, true),
        (started("ecs-svc/7", Some("mco-api:6")), &pinned, false),
        (started("ecs-svc/7", None), &pinned, true),
        (requested(Some(DEFINITION)), &else_, true),
        (requested(Some("mco-api:6")), &pinned, false),
        (requested(None), &pinned, true),
        (requested(None), &else_, false),
        (before, &pinned, false),
    ] {
        let stored = stored("api-test", Some(phase.clone()));
        let found = ours(Some(&stored), DEPLOYMENT, &revision(image));
        assert_eq!(found.is_some(), expected, "{phase:?} {image}");
    }
    assert_eq!(
        ours(
            Some(&stored("api-test", None)),
            DEPLOYMENT,
            &revision(&pinned)
        ),
        None
    );
    assert_eq!(ours(None, DEPLOYMENT, &revision(&pinned)), None);
}

#[test]
fn of_several_targets_at_a_service_the_one_whose_deployment_it_is_decides() {
    let chosen_of = |targets: Vec<StoredTarget>| {
        chosen(targets, DEPLOYMENT, &revision("mco/api:other"))
            .map(|stored| stored.target.name.to_string())
    };
    let idle = || stored("idle", None);
    let its = || stored("its", Some(started(DEPLOYMENT, None)));
    assert_eq!(chosen_of(vec![idle(), its()]).as_deref(), Some("its"));
    assert_eq!(chosen_of(vec![its(), idle()]).as_deref(), Some("its"));
    assert_eq!(chosen_of(vec![idle()]).as_deref(), Some("idle"));
    assert_eq!(chosen_of(vec![]), None);
}
