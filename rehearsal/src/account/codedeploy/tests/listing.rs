//! Which applications and groups there are.

use super::super::{Group, create_deployment_group};
use super::*;

#[tokio::test(start_paused = true)]
async fn applications_and_groups_come_in_pages() {
    let world = World::open();
    for number in 0..11 {
        let (application, name) = (format!("App{number:02}"), format!("Group{number:02}"));
        let group = |application: &str| {
            Group::new(
                application,
                &name,
                ("mco", &name),
                "arn:listener",
                ["blue", "green"],
            )
        };
        create_deployment_group(&world.account, group(&application));
        create_deployment_group(&world.account, group("Many"));
    }
    let mut applications = Vec::new();
    let mut input = json!({});
    loop {
        let page = world.call("ListApplications", input).unwrap();
        let names = page["applications"].as_array().unwrap().clone();
        assert!(names.len() <= 10);
        applications.extend(names);
        match page.get("nextToken") {
            Some(token) => input = json!({"nextToken": token}),
            None => break,
        }
    }
    // That of the sample, and `Many`.
    assert_eq!(applications.len(), 13);
    let first = world
        .call("ListDeploymentGroups", json!({"applicationName": "Many"}))
        .unwrap();
    assert_eq!(first["applicationName"], "Many");
    let more = json!({"applicationName": "Many", "nextToken": first["nextToken"]});
    let second = world.call("ListDeploymentGroups", more).unwrap();
    assert_eq!(second["deploymentGroups"], json!(["Group10"]));

    let asked = json!({"applicationName": "Many", "deploymentGroupNames": ["Group03", "Nobody"]});
    let found = world.call("BatchGetDeploymentGroups", asked).unwrap();
    let infos = found["deploymentGroupsInfo"].as_array().unwrap();
    assert_eq!(infos.len(), 1);
    assert_eq!(infos[0]["computePlatform"], "ECS");
    assert_eq!(
        infos[0]["ecsServices"],
        json!([{"clusterName": "mco", "serviceName": "Group03"}])
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_has_the_error_that_codedeploy_names() {
    let world = World::open();
    let names: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    for (operation, input, code) in [
        (
            "ListApplications",
            json!({"nextToken": "x"}),
            "InvalidNextTokenException",
        ),
        (
            "ListDeploymentGroups",
            json!({}),
            "ApplicationNameRequiredException",
        ),
        (
            "ListDeploymentGroups",
            json!({"applicationName": "Other"}),
            "ApplicationDoesNotExistException",
        ),
        (
            "BatchGetDeploymentGroups",
            json!({"applicationName": "API"}),
            "DeploymentGroupNameRequiredException",
        ),
        (
            "BatchGetDeploymentGroups",
            json!({"applicationName": "API", "deploymentGroupNames": names}),
            "BatchLimitExceededException",
        ),
    ] {
        assert_eq!(
            world.error(operation, input.clone()).code,
            code,
            "{operation} {input}"
        );
    }
}
