use serde_json::json;

use super::*;
use crate::task_definition::TaskDefinition;
use crate::verification::{
    State,
    sample::{deployed, repository as uri},
};

#[expect(
    clippy::needless_pass_by_value,
    reason = "written down where it is called"
)]
fn wanted(platform: serde_json::Value) -> WantedPlatform {
    let document = json!({
        "family": "mco-api", "requiresCompatibilities": ["EC2"], "runtimePlatform": platform,
        "containerDefinitions": [],
    });
    TaskDefinition::parse(document).unwrap().wanted_platform()
}

fn arm() -> WantedPlatform {
    wanted(json!({"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}))
}

fn offered(architecture: &str) -> Offered {
    Offered::by_config(&json!({"os": "linux", "architecture": architecture}))
}

#[test]
fn an_image_for_another_processor_does_not_fit() {
    let finding = platform("mco/api:test", &arm(), Some(&offered("amd64")));
    assert_eq!(
        (finding.state, finding.check),
        (State::Missing, "image.platform")
    );
    assert_eq!(
        finding.remedy.as_deref(),
        Some(
            "build it for linux/arm64 (`docker buildx build --platform linux/arm64`), or change the task \
             definition's `runtimePlatform`"
        )
    );
    assert_eq!(
        platform("x", &arm(), Some(&offered("arm64"))).state,
        State::Ok
    );
}

#[test]
fn what_cannot_be_told_of_a_platform_is_not_guessed() {
    let states = [
        platform("x", &arm(), None),
        platform("x", &wanted(json!(null)), Some(&offered("arm64"))),
    ]
    .map(|finding| finding.state);
    assert_eq!(states, [State::CannotCheck, State::CannotCheck]);
}

#[test]
fn a_repository_that_is_not_there_is_told_with_the_command() {
    let finding = repository::<()>(&uri(), &Look::Missing);
    assert_eq!(finding.state, State::Missing);
    assert_eq!(
        finding.remedy.as_deref(),
        Some(
            "create it: `aws ecr create-repository --region eu-west-1 --repository-name mco/api`, or name \
             another in `images`"
        )
    );
}

#[test]
fn a_tag_that_no_image_has_yet_is_a_warning() {
    let target = deployed("deploy: {rolling: {}}");
    let source = &target.images[0];
    let finding = tag(source, &uri(), &Look::Missing);
    assert_eq!(
        (finding.state, finding.text.as_str()),
        (
            State::Warning,
            "no image of repository `mco/api` has the tag `test` yet"
        )
    );
    let found = Look::Found("test".parse().unwrap());
    assert_eq!(tag(source, &uri(), &found).state, State::Ok);
}

#[test]
fn an_archived_image_cannot_be_pulled() {
    assert_eq!(archived("x", false), None);
    assert_eq!(archived("x", true).unwrap().state, State::Missing);
}
