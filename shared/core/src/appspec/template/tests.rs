use proptest::prelude::*;
use serde_json::{Value, json};

use super::AppSpecTemplate;
use crate::template::Placeholders;

const FILE: &str = "s3://mco/appspec.yaml";
const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:8";
const HOOK: &str = "CodeDeployHook_greenlight-validate-green";

const YAML: &str = r#"
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo:
          ContainerName: "<CONTAINER>"
          ContainerPort: 8080
        PlatformVersion: "LATEST"
        InventedIn2031: {deep: [1, "<CONTAINER>"]}
Hooks:
  - BeforeInstall: "CodeDeployHook_migrate"
More: true
"#;

fn placeholders() -> Placeholders {
    [("CONTAINER", "api")].into_iter().collect()
}

fn parsed(text: &str) -> AppSpecTemplate {
    AppSpecTemplate::parse(text, FILE, &placeholders()).unwrap()
}

fn refused(text: &str) -> String {
    AppSpecTemplate::parse(text, FILE, &placeholders())
        .unwrap_err()
        .to_string()
}

fn hooks(hooks: &[(&str, &str)]) -> Vec<(String, String)> {
    hooks
        .iter()
        .map(|(event, function)| ((*event).to_owned(), (*function).to_owned()))
        .collect()
}

#[test]
fn the_task_definition_is_filled_in_and_unknown_keys_survive() {
    let template = parsed(YAML);
    assert_eq!((template.container(), template.port()), ("api", 8080));
    insta::assert_snapshot!(template.to_json(ARN), @r#"{"version":0.0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","Properties":{"TaskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:8","LoadBalancerInfo":{"ContainerName":"api","ContainerPort":8080},"PlatformVersion":"LATEST","InventedIn2031":{"deep":[1,"api"]}}}}],"Hooks":[{"BeforeInstall":"CodeDeployHook_migrate"}],"More":true}"#);
}

#[test]
fn json_and_yaml_give_the_same() {
    let document: Value = serde_norway::from_str(YAML).unwrap();
    assert_eq!(parsed(&document.to_string()), parsed(YAML));
    let whole = YAML.replace("version: 0.0", "version: 0");
    assert_eq!(parsed(&whole).to_json(ARN), parsed(YAML).to_json(ARN));
}

#[test]
fn the_hooks_of_the_gates_are_added_to_those_of_the_template() {
    let wanted = hooks(&[("AfterInstall", HOOK), ("BeforeAllowTraffic", HOOK)]);
    let template = parsed(YAML).with_hooks(&wanted).unwrap();
    let document: Value = serde_json::from_str(&template.to_json(ARN)).unwrap();
    assert_eq!(
        document["Hooks"],
        json!([{"BeforeInstall": "CodeDeployHook_migrate"}, {"AfterInstall": HOOK}, {"BeforeAllowTraffic": HOOK}])
    );
    // A second time changes nothing.
    assert_eq!(template.clone().with_hooks(&wanted).unwrap(), template);
}

#[test]
fn without_hooks_of_either_side_there_are_none() {
    let silent = YAML.replace(
        "Hooks:\n  - BeforeInstall: \"CodeDeployHook_migrate\"\n",
        "",
    );
    let document: Value =
        serde_json::from_str(&parsed(&silent).with_hooks(&[]).unwrap().to_json(ARN)).unwrap();
    assert_eq!(document.get("Hooks"), None);
    let with = parsed(&silent)
        .with_hooks(&hooks(&[("AfterInstall", HOOK)]))
        .unwrap();
    assert_eq!(with.hooks(), hooks(&[("AfterInstall", HOOK)]));
}

#[test]
fn the_same_function_by_name_or_arn_is_no_conflict() {
    let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{HOOK}");
    let elsewhere = arn.replace("eu-west-1", "eu-west-2");
    for (there, ours, is_fine) in [
        (HOOK, HOOK, true),
        (&arn, HOOK, true),
        (HOOK, &arn, true),
        (&arn, &arn, true),
        (&arn, &elsewhere, false),
        (&format!("{arn}:live"), HOOK, false),
        ("CodeDeployHook_other", HOOK, false),
    ] {
        let text = YAML.replace("CodeDeployHook_migrate", there);
        let merged = parsed(&text).with_hooks(&hooks(&[("BeforeInstall", ours)]));
        assert_eq!(merged.is_ok(), is_fine, "{there} {ours}");
        if let Ok(merged) = merged {
            assert_eq!(merged.hooks(), hooks(&[("BeforeInstall", there)]));
        }
    }
}

#[test]
fn another_function_at_the_same_event_is_an_error_that_names_both() {
    let error = parsed(YAML).with_hooks(&hooks(&[("AfterInstall", HOOK), ("BeforeInstall", HOOK)]));
    insta::assert_snapshot!(error.unwrap_err(), @"
    s3://mco/appspec.yaml cannot take the hooks of the gates:
    Hooks.BeforeInstall: the template names `CodeDeployHook_migrate`, but the target's gate needs `CodeDeployHook_greenlight-validate-green` there; CodeDeploy calls one function at an event
      hint: take it out of the template, or the gate out of the target
    ");
}

#[test]
fn a_task_definition_that_is_not_the_placeholder_is_an_error() {
    let text = YAML.replace(
        "<TASK_DEFINITION>",
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7",
    );
    insta::assert_snapshot!(refused(&text), @"
    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0].TargetService.Properties.TaskDefinition: names `arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7`, so the revision that is registered for the new image would not be deployed
      hint: write `<TASK_DEFINITION>`
    ");
}

#[test]
fn an_unresolved_placeholder_is_an_error_with_its_line() {
    insta::assert_snapshot!(refused(&YAML.replace("<TASK_DEFINITION>", "<TASKDEFINITION>")), @"
    s3://mco/appspec.yaml:7: the placeholder `<TASKDEFINITION>` has no value
      hint: did you mean `<TASK_DEFINITION>`?
    ");
}

#[test]
fn everything_that_codedeploy_would_miss_is_said_at_once() {
    let text = r#"
version: "0.0"
Resources:
  - TargetService:
      Type: AWS::Lambda::Function
      Properties:
        taskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo: {ContainerPort: "8080", ContainerName: ""}
Hooks:
  - AfterInstal: a
  - Install: b
  - AfterInstall:
  - BeforeInstall: c
    AfterAllowTraffic: d
  - BeforeInstall: e
  - f
"#;
    insta::assert_snapshot!(refused(text), @r#"
    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    version: has to be the number 0.0, not "0.0"
    Hooks[0].AfterInstal: no lifecycle event that takes a function
      hint: did you mean `AfterInstall`?
    Hooks[1].Install: no lifecycle event that takes a function
      hint: did you mean `AfterInstall`?
    Hooks[2].AfterInstall: not the name or ARN of a Lambda function
    Hooks[4].BeforeInstall: `c` is named at this event before
    Hooks[5]: not a mapping of an event to a function
    Resources[0].TargetService.Type: has to be `AWS::ECS::Service`, not `AWS::Lambda::Function`
    Resources[0].TargetService.Properties: `TaskDefinition` is missing
      hint: write `TaskDefinition` instead of `taskDefinition`
    Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerName: has to be a text, not ""
    Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerPort: has to be a number from 1 to 65535, not "8080"
      hint: write `8080` without quotes
    "#);
}

#[test]
fn each_level_that_is_missing_is_named() {
    let service = |it: Value| json!({"version": 0.0, "Resources": [{"TargetService": it}]});
    let kind = "AWS::ECS::Service";
    let all: Vec<String> = [
        json!([]),
        json!({}),
        json!({"version": 1, "resources": []}),
        json!({"version": 0.0, "Resources": {}}),
        json!({"version": 0.0, "Resources": []}),
        json!({"version": 0.0, "Resources": [3]}),
        json!({"version": 0.0, "Resources": [{"MyService": {}}]}),
        service(json!(null)),
        service(json!([])),
        service(json!({"Type": kind})),
        service(json!({"Type": kind, "Properties": {"TaskDefinition": "<TASK_DEFINITION>"}})),
        service(json!({"Type": kind, "Properties": {"TaskDefinition": 3, "LoadBalancerInfo": {"ContainerName": "a", "ContainerPort": 65536}}})),
        json!({"version": 0.0, "Resources": [{"TargetService": {}}], "Hooks": {"AfterInstall": "a"}}),
    ]
    .iter()
    .map(|document| refused(&document.to_string()))
    .collect();
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    not a mapping

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    `version` is missing
    `Resources` is missing

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    version: has to be the number 0.0, not 1
    `Resources` is missing
      hint: write `Resources` instead of `resources`

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources: has to be a list of one resource

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources: has to be a list of one resource

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0]: not a mapping

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0]: `TargetService` is missing
      hint: write `TargetService` instead of `MyService`

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0]: `TargetService` is missing

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0].TargetService: not a mapping

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0].TargetService: `Properties` is missing

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0].TargetService.Properties: `LoadBalancerInfo` is missing

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Resources[0].TargetService.Properties.TaskDefinition: has to be a text, not 3
    Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerPort: has to be a number from 1 to 65535, not 65536

    s3://mco/appspec.yaml is not an AppSpec for a deployment to ECS:
    Hooks: not a list
      hint: such as `[{"AfterInstall":"CodeDeployHook_check"}]`
    Resources[0].TargetService: `Type` is missing
    Resources[0].TargetService: `Properties` is missing
    "#);
}

proptest! {
    #[test]
    fn no_arn_can_break_the_text(arn in any::<String>()) {
        let document: Value = serde_json::from_str(&parsed(YAML).to_json(&arn)).unwrap();
        prop_assert_eq!(
            document.pointer("/Resources/0/TargetService/Properties/TaskDefinition"),
            Some(&json!(arn))
        );
    }
}
