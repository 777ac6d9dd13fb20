//! Which image each container is expected to run.

use greenlight_core::{
    deployment::{PushedImage, TargetState},
    image::Registry,
    target,
};
use jiff::Timestamp;
use serde_json::json;

use super::*;

const HOME: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64))
        .parse()
        .unwrap()
}

fn repository(name: &str) -> RepositoryUri {
    format!("{HOME}/{name}").parse().unwrap()
}

/// A target that takes the images of two repositories.
fn stored() -> StoredTarget {
    let document = json!({"targets": [{
        "name": "api-test",
        "images": [
            {"container": "api", "repository": "mco/api", "tags": ["test"]},
            {"container": "router", "repository": "mco/router", "tags": ["test"]},
        ],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"native": {}},
    }]});
    StoredTarget {
        target: target::parse(&document).unwrap().remove(0),
        home: Registry::of("123456789012", "eu-west-1").unwrap(),
        version: 1,
        line: None,
        state: TargetState::default(),
    }
}

fn definition(router: &str) -> TaskDefinition {
    let document = json!({"family": "mco-api", "containerDefinitions": [
        {"name": "api", "image": format!("{HOME}/mco/api@{}", digest('a'))},
        {"name": "router", "image": router},
        {"name": "agent", "image": "public.ecr.aws/x/agent:1"},
    ]});
    TaskDefinition::parse(document).unwrap()
}

fn candidate(repositories: &[(&str, char)]) -> Candidate {
    let images = repositories.iter().map(|(name, digit)| PushedImage {
        repository: repository(name),
        digest: digest(*digit),
        tag: None,
        ordered_at: Timestamp::UNIX_EPOCH,
        rank: None,
    });
    Candidate::of_images(images.collect()).unwrap()
}

fn expected_of(
    router: &str,
    resolved: &[RevisionImage],
    stored: Option<&StoredTarget>,
    candidate: Option<&Candidate>,
) -> Vec<(String, String)> {
    let wanted = Wanted {
        task_definition: "mco-api:7",
        resolved,
        stored,
        candidate,
    };
    let found = sources(&definition(router), wanted).into_iter();
    found
        .map(|(name, source)| match source {
            Source::Digest(_, digest) => (name, digest.as_str()[7..8].to_owned()),
            Source::Reference(image) => (name, image.tag.unwrap().to_string()),
        })
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, found)| ((*name).to_owned(), (*found).to_owned()))
        .collect()
}

#[test]
fn ours_are_the_images_of_the_candidate_and_what_it_says_nothing_of_stays_as_it_is_pinned() {
    let stored = stored();
    let pinned = format!("{HOME}/mco/router@{}", digest('b'));
    let both = candidate(&[("mco/api", 'c'), ("mco/router", 'd')]);
    let of_both = expected_of(&pinned, &[], Some(&stored), Some(&both));
    assert_eq!(of_both, pairs(&[("api", "c"), ("router", "d")]));
    let one = candidate(&[("mco/router", 'd')]);
    let of_one = expected_of(&pinned, &[], Some(&stored), Some(&one));
    assert_eq!(of_one, pairs(&[("api", "a"), ("router", "d")]));
}

#[test]
fn of_somebody_elses_deployment_a_tag_is_what_ecs_resolved_it_to_or_names_now() {
    let (stored, tagged) = (stored(), format!("{HOME}/mco/router:v7"));
    let now = expected_of(&tagged, &[], Some(&stored), None);
    assert_eq!(now, pairs(&[("api", "a"), ("router", "v7")]));
    let resolved = [RevisionImage {
        container: "router".to_owned(),
        image: tagged.clone(),
        digest: Some(digest('e').to_string()),
    }];
    let then = expected_of(&tagged, &resolved, Some(&stored), None);
    assert_eq!(then, pairs(&[("api", "a"), ("router", "e")]));
}

#[test]
fn without_a_target_every_container_with_an_image_in_ecr_is_looked_at() {
    let tagged = format!("{HOME}/mco/router:v7");
    let found = expected_of(&tagged, &[], None, None);
    assert_eq!(found, pairs(&[("api", "a"), ("router", "v7")]));
}

#[test]
fn before_there_are_tasks_the_images_are_those_of_the_candidate() {
    let found = images_of(&stored(), &candidate(&[("mco/router", 'd')]));
    let router = GreenImage {
        container: "router".to_owned(),
        repository: repository("mco/router"),
        digest: digest('d'),
    };
    assert_eq!(found, [router]);
}
