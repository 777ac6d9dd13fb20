//! Every block of code in the manual is held by a rule, which docs/contributing.md lists. Commands of `greenlight` are
//! run by `cli/tests/snippets.rs`, and those of docs/getting-started.md by `cargo rehearse getting-started`.

pub(crate) mod blocks;
mod hcl;
mod outputs;
mod shell;
mod terraform;

use std::collections::BTreeMap;

use greenlight_core::job::request::JobRequest;
use serde_json::Value;
use serde_norway::Value as Yaml;

use blocks::{Block, of_page, pages, root};

/// Why a block is not as it has to be.
type Held = Result<(), String>;

#[test]
fn every_block_is_held_by_a_rule() {
    let mut problems = Vec::new();
    let pages = pages().into_iter();
    let blocks: Vec<Block> = pages
        .flat_map(|(page, text)| of_page(&page, &text))
        .collect();
    for block in &blocks {
        if let Err(problem) = hold(block) {
            problems.push(format!("{}:{}: {problem}", block.page, block.line));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(
        blocks.len() > 100,
        "the manual has lost its blocks: {}",
        blocks.len()
    );
}

fn hold(block: &Block) -> Held {
    let text = block.text.as_str();
    match block.info.as_str() {
        "yaml" => targets(&yaml(text)?),
        "yaml,action" => action(&yaml(text)?),
        "yaml,actions" => {
            let actions = yaml(text)?;
            let actions = actions.as_sequence().ok_or("it is no list of actions")?;
            actions.iter().try_for_each(action)
        }
        "yaml,resources" => resources(&yaml(text)?),
        "yaml,template" => template(&yaml(text)?),
        "json" => serde_json::from_str::<Value>(text)
            .map(|_| ())
            .map_err(said),
        "hcl" => terraform::hold(text),
        "sh" => shell::syntax(text).and_then(|()| shell::hold(text)),
        "sh,foreign" => shell::syntax(text),
        "insights" => insights(text),
        "rust,ignore" => outputs::calls(text),
        "" | "text" => outputs::hold(block),
        other => Err(format!("no rule holds `{other}`")),
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn yaml(text: &str) -> Result<Yaml, String> {
    serde_norway::from_str(text).map_err(said)
}

/// A document of targets, as strictly as `greenlight targets apply` takes it.
fn targets(document: &Yaml) -> Held {
    let document = serde_json::to_value(document).map_err(said)?;
    target_document(&document)
}

fn target_document(document: &Value) -> Held {
    let parsed = greenlight_core::target::parse(document).map_err(said)?;
    if parsed.is_empty() {
        return Err("it has no target".to_owned());
    }
    Ok(())
}

/// An action of a pipeline that asks Greenlight something.
fn action(action: &Yaml) -> Held {
    let configuration = action["Configuration"]
        .as_mapping()
        .ok_or("it has no configuration")?;
    let text = |value: &Yaml| match value {
        Yaml::Tagged(tagged) => tagged.value.as_str().map(resolved),
        other => other.as_str().map(resolved),
    };
    let mut given = BTreeMap::new();
    for (name, value) in configuration {
        let (Some(name), Some(value)) = (name.as_str(), text(value)) else {
            return Err(format!("{name:?} is no text"));
        };
        given.insert(name.to_owned(), value);
    }
    let asked = match action["ActionTypeId"]["Provider"].as_str() {
        Some("Lambda") => {
            let parameters = given.get("UserParameters").map(String::as_str);
            JobRequest::of_user_parameters(parameters)
        }
        Some("Greenlight") => JobRequest::of_configuration(&given),
        other => return Err(format!("no action of Greenlight is {other:?}")),
    };
    asked.map(|_| ()).map_err(said)
}

/// The text as it is once CodePipeline has put in what its variables are.
fn resolved(text: &str) -> String {
    let mut rest = text;
    let mut resolved = String::new();
    while let Some((before, variable)) = rest.split_once("#{") {
        resolved += before;
        let (name, behind) = variable.split_once('}').unwrap_or((variable, ""));
        let execution = "3137f7cb-7cf7-4e39-8a0b-6a3f3c1e9d10";
        let is_execution = name == "codepipeline.PipelineExecutionId";
        resolved += if is_execution { execution } else { "v1.4.2" };
        rest = behind;
    }
    resolved + rest
}

/// A part of a template of CloudFormation.
fn template(document: &Yaml) -> Held {
    let sections = [
        "Parameters",
        "Resources",
        "Outputs",
        "Conditions",
        "Mappings",
    ];
    let document = document.as_mapping().ok_or("it is no mapping")?;
    for (section, content) in document {
        let known = section.as_str().is_some_and(|it| sections.contains(&it));
        if !known || !content.is_mapping() {
            return Err(format!("{section:?} is no section of a template"));
        }
        for (name, parameter) in content.as_mapping().into_iter().flatten() {
            if section == "Parameters" && parameter["Type"].as_str().is_none() {
                return Err(format!("the parameter {name:?} has no type"));
            }
        }
    }
    Ok(())
}

/// Resources of a template, of which targets are read as `register-target` reads their properties.
fn resources(resources: &Yaml) -> Held {
    for (name, resource) in resources.as_mapping().into_iter().flatten() {
        let kind = resource["Type"].as_str();
        let kind = kind.ok_or_else(|| format!("the resource {name:?} has no type"))?;
        if kind == "Custom::GreenlightTarget" {
            target_properties(&plain(&resource["Properties"]))?;
        }
    }
    Ok(())
}

/// The properties of a target, but for those that are the resource's.
fn target_properties(properties: &Value) -> Held {
    let mut properties = properties.clone();
    let given = properties.as_object_mut().ok_or("it has no properties")?;
    given
        .remove("ServiceToken")
        .ok_or("it has no ServiceToken")?;
    for own in ["ServiceTimeout", "Verify"] {
        given.remove(own);
    }
    greenlight_core::target::parse_properties(&properties)
        .map(|_| ())
        .map_err(said)
}

/// What CloudFormation makes of it: a text for whatever is named elsewhere.
fn plain(value: &Yaml) -> Value {
    match value {
        Yaml::Tagged(_) => Value::from("named-elsewhere"),
        Yaml::Mapping(mapping) => {
            let entries = mapping.iter();
            let entries =
                entries.filter_map(|(name, it)| Some((name.as_str()?.to_owned(), plain(it))));
            entries.collect()
        }
        Yaml::Sequence(list) => list.iter().map(plain).collect(),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

/// A query of CloudWatch Logs Insights: its fields are those of docs/logging.md.
fn insights(text: &str) -> Held {
    let logging = std::fs::read_to_string(root().join("docs/logging.md")).map_err(said)?;
    let verbs = ["fields", "filter", "sort"];
    for part in text.lines().map(|line| line.trim_start_matches("| ")) {
        let mut words = part.split([' ', ',']).filter(|word| !word.is_empty());
        if words.next().is_none_or(|verb| !verbs.contains(&verb)) {
            return Err(format!("`{part}` is no command of a query"));
        }
        let fields = words.take_while(|word| *word != "=");
        for field in fields.filter(|field| !field.starts_with('@')) {
            let known = ["level", "message"].contains(&field)
                || logging.contains(&format!("| `{field}` |"));
            if !known {
                return Err(format!("no log has the field `{field}`"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_block_that_is_wrong_is_found() {
    let lambda =
        "ActionTypeId: {Provider: Lambda}\nConfiguration: {UserParameters: '{\"targt\": \"a\"}'}\n";
    let stack = "resource \"aws_cloudformation_stack\" \"a\" {\n name = \"a\"\n template_body = jsonencode({Resources = \
                 {T = {Type = \"Custom::GreenlightTarget\", Properties = {ServiceToken = \"a\", nam = \"api\"}}}})\n}\n";
    for (info, text, expected) in [
        ("yaml", "name: api\nimage: []\n", "unknown key"),
        ("yaml", "targets: []\n", "targets"),
        ("yaml,action", lambda, "targt"),
        (
            "yaml,actions",
            "- {ActionTypeId: {Provider: ECS}, Configuration: {ClusterName: a}}\n",
            "no action",
        ),
        (
            "yaml,template",
            "Parameter: {A: {Type: String}}\n",
            "no section",
        ),
        ("json", "{\"a\": }\n", "expected value"),
        (
            "hcl",
            "resource \"aws_ecs_service\" \"a\" {\n  name = \"a\n}\n",
            "expected",
        ),
        (
            "hcl",
            "resource \"aws_ecs_service\" \"a\" {\n  nmae = \"a\"\n}\n",
            "nmae",
        ),
        (
            "hcl",
            "resource \"aws_ecs_servise\" \"a\" {\n  name = \"a\"\n}\n",
            "aws_ecs_servise",
        ),
        ("hcl", stack, "nam"),
        ("sh", "cargo rehearse shipp\n", "shipp"),
        ("sh", "cargo rehearse --al\n", "--al"),
        ("sh", "cargo tset\n", "cargo tset"),
        (
            "sh",
            "sam deploy --parameter-overrides RepositoryName=a\n",
            "RepositoryName",
        ),
        (
            "sh",
            "aws cloudformation deploy --template-file examples/api.yaml --parameter-overrides A=1\n",
            "`A`",
        ),
        ("sh", "sam deploy --guide\n", "--guide"),
        (
            "sh",
            "aws ecr put-image-tag-mutability --repository a\n",
            "--repository",
        ),
        ("sh", "aws ecr tag-image\n", "tag-image"),
        ("sh", "pip install awssamcli\n", "awssamcli"),
        ("sh", "rm -r target\n", "rm"),
        ("sh", "greenlight hold api --reason \"ticket\n", "syntax"),
        ("sh,foreign", "if true\n", "syntax"),
        ("insights", "fields @timestamp, targt\n", "targt"),
        (
            "rust,ignore",
            "world.does_not_exist(1);\n",
            "does_not_exist",
        ),
        ("text", "some output\n", "some output"),
        ("python", "1\n", "no rule"),
    ] {
        let (info, text) = (info.to_owned(), text.to_owned());
        let block = Block {
            page: "docs/cli.md".to_owned(),
            line: 1,
            info,
            text,
        };
        let problem = hold(&block).expect_err(&block.text);
        assert!(problem.contains(expected), "{}: {problem}", block.text);
    }
}
