//! Task definitions from template files.

use serde_json::json;

use super::described;
use crate::task_definition::TaskDefinition;
use crate::template::Placeholders;

const FILE: &str = "s3://mco/taskdef.json";

fn read(text: &str, file: &str) -> Result<TaskDefinition, String> {
    let placeholders: Placeholders = [("IMAGE1_NAME", "mco/api@sha256:0a")].into_iter().collect();
    TaskDefinition::from_template(text, file, &placeholders).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    })
}

#[test]
fn a_template_names_its_images_by_placeholder() {
    let text = r#"{"family": "mco-api", "containerDefinitions": [{"name": "api", "image": "<IMAGE1_NAME>"}]}"#;
    let definition = read(text, FILE).unwrap();
    assert_eq!(definition.image_of("api"), Ok("mco/api@sha256:0a"));
    let yaml = "family: mco-api\ncontainerDefinitions:\n  - name: api\n    image: <IMAGE1_NAME>\n";
    assert_eq!(read(yaml, "taskdef.yaml").unwrap(), definition);
}

#[test]
fn what_the_aws_command_line_prints_can_be_a_template() {
    let tags = json!([{"key": "aws:x", "value": "x"}, {"key": "team", "value": "mco"}]);
    let text = json!({"taskDefinition": described(), "tags": tags}).to_string();
    let input = read(&text, FILE).unwrap().into_register_input(Vec::new());
    let expected = read(&described().to_string(), FILE).unwrap();
    let expected = expected.into_register_input(vec![json!({"key": "team", "value": "mco"})]);
    assert_eq!(input, expected);
    assert_eq!(input.get("revision"), None);
}

#[test]
fn what_cannot_be_registered_is_an_error_that_names_the_file() {
    let all = [
        read(
            "{\n  \"family\": \"f\",\n  \"containerDefinitions\": [],\n}",
            FILE,
        ),
        read(r#"{"containerDefinitions": []}"#, FILE),
        read(r#"{"taskDefinition": {"family": "f"}, "tags": []}"#, FILE),
        read(r#"{"taskDefinition": "mco-api:7"}"#, FILE),
        read("[]", FILE),
        read(
            "{\n\"family\": \"f\", \"containerDefinitions\": [{\"name\": \"a\",\n\"image\": \"<IMAGE_NAME>\"}]}",
            FILE,
        ),
        read("family: f\n  containerDefinitions: []", "taskdef.yaml"),
    ];
    let all: Vec<String> = all.into_iter().map(|read| read.unwrap_err()).collect();
    insta::assert_snapshot!(all.join("\n"), @"
    s3://mco/taskdef.json:4:1: not JSON: trailing comma
    s3://mco/taskdef.json cannot be registered: the task definition has no `family`
    s3://mco/taskdef.json cannot be registered: the task definition has no `containerDefinitions`
    s3://mco/taskdef.json cannot be registered: the task definition has no `family`
    s3://mco/taskdef.json cannot be registered: the task definition is not a JSON object
    s3://mco/taskdef.json:3: the placeholder `<IMAGE_NAME>` has no value
      hint: did you mean `<IMAGE1_NAME>`?
    taskdef.yaml:2:23: not YAML: mapping values are not allowed in this context
    ");
}
