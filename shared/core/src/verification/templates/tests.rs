use super::*;
use crate::verification::State;
use crate::verification::sample::target;

fn object() -> S3Object {
    S3Object {
        bucket: "mco-b".into(),
        key: "taskdef.json".into(),
    }
}

fn names() -> Placeholders {
    placeholders(&target(
        "images: [{container: api, repository: mco/api, tags: [test], placeholder: API_IMAGE}], \
         service: {cluster: mco, name: api}, deploy: {rolling: {}}, task_definition: s3://mco-b/taskdef.json",
    ))
}

#[test]
fn a_template_takes_the_placeholders_of_the_target() {
    let text = r#"{"family": "api", "containerDefinitions": [
        {"name": "api", "image": "<API_IMAGE>"}, {"name": "x", "image": "<IMAGE1_NAME>"}]}"#;
    let (finding, definition) = task_definition(text, &object(), &names());
    assert_eq!(finding.state, State::Ok);
    assert_eq!(definition.unwrap().family(), "api");
}

#[test]
fn a_template_that_cannot_be_used_is_told_with_why() {
    for (text, why) in [
        ("{", "not JSON"),
        (r#"{"family": "api"}"#, "has no `containerDefinitions`"),
        (
            r#"{"family": "<OTHER>", "containerDefinitions": []}"#,
            "OTHER",
        ),
    ] {
        let (finding, definition) = task_definition(text, &object(), &names());
        assert_eq!((finding.state, definition), (State::Missing, None));
        assert!(finding.text.contains(why), "{}", finding.text);
        assert!(!finding.text.contains('\n'), "{}", finding.text);
    }
}

#[test]
fn an_appspec_has_to_leave_its_hooks_to_the_gates() {
    let text = r#"{"version": 0.0, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
        "TaskDefinition": "<TASK_DEFINITION>", "LoadBalancerInfo": {"ContainerName": "api", "ContainerPort": 80}}}}],
        "Hooks": [{"AfterAllowTestTraffic": "other"}]}"#;
    let (finding, template) = app_spec(text, &object(), &names(), &[]);
    assert_eq!(finding.state, State::Ok);
    assert_eq!(template.unwrap().port(), 80);
    let hooks = [("AfterAllowTestTraffic".to_owned(), "ours".to_owned())];
    let (finding, _) = app_spec(text, &object(), &names(), &hooks);
    assert_eq!(finding.state, State::Missing);
    assert!(finding.text.contains("the target's gate needs `ours`"));
}

#[test]
fn a_template_that_is_not_there_is_told_with_its_key() {
    let finding = exists::<()>(&object(), "task_definition", &Look::Missing);
    assert_eq!(
        (finding.text.as_str(), finding.remedy.as_deref()),
        (
            "template `s3://mco-b/taskdef.json` does not exist",
            Some("upload it, or name another in `task_definition`")
        )
    );
}
