use serde_json::json;

use super::*;
use crate::verification::{
    State,
    sample::{deployed, home, wrong},
};

fn definition(name: &str, image: &str) -> TaskDefinition {
    TaskDefinition::parse(json!({
        "family": "mco-api", "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {"name": name, "image": image, "portMappings": [{"containerPort": 8080}]},
        ],
    }))
    .unwrap()
}

const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:test";

#[test]
fn a_container_that_is_not_there_is_told_with_the_one_that_is_meant() {
    let target = deployed("deploy: {rolling: {}}");
    let findings = containers(&target, &home(), &definition("app", IMAGE));
    assert_eq!(
        wrong(&findings),
        [(
            "container.exists",
            "the task definition `mco-api` has no container named `api`; it has `app`",
            "write `app` in `images[0].container`",
        )]
    );
    let findings = containers(&target, &home(), &definition("api", IMAGE));
    assert_eq!(wrong(&findings), []);
}

#[test]
fn a_container_that_has_another_repositorys_image_is_a_warning() {
    let target = deployed("deploy: {rolling: {}}");
    let other = IMAGE.replace("mco/api", "mco/web");
    let findings = containers(&target, &home(), &definition("api", &other));
    let warning = &findings[1];
    assert_eq!(
        (warning.state, warning.check),
        (State::Warning, "container.repository")
    );
    // What is not in ECR says nothing.
    let findings = containers(&target, &home(), &definition("api", "nginx"));
    assert_eq!(wrong(&findings), []);
}

#[test]
fn the_port_behind_the_load_balancer_has_to_be_mapped() {
    let definition = definition("api", IMAGE);
    assert_eq!(port(&definition, "api", 8080).state, State::Ok);
    let finding = port(&definition, "api", 80);
    assert_eq!(
        (finding.state, finding.remedy.as_deref()),
        (
            State::Missing,
            Some("add `containerPort: 80` to the container's `portMappings`")
        )
    );
    assert!(
        port(&definition, "web", 80)
            .text
            .contains("has no container named `web`")
    );
}

#[test]
fn an_execution_role_is_needed_only_for_something() {
    let finding = execution_role(&definition("api", IMAGE)).unwrap();
    assert_eq!(
        finding.text,
        "task definition `mco-api` names no execution role, but container `api` has an image of ECR"
    );
    let finding = execution_role(&definition("api", "nginx")).unwrap();
    assert_eq!(finding.state, State::Ok);
    let mut document = definition("api", IMAGE).as_value().clone();
    document["executionRoleArn"] = json!("role");
    assert_eq!(
        execution_role(&TaskDefinition::parse(document).unwrap()),
        None
    );
}

#[test]
fn a_task_definition_that_is_not_there_is_told() {
    let finding = exists::<()>("mco-api", &Look::Missing);
    assert_eq!(
        (finding.state, finding.check),
        (State::Missing, "task_definition.exists")
    );
}
