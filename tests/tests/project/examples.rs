//! What `examples/` says fits together: templates, targets, files and the manual. That its pipelines run is
//! shown by the rehearsal.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::path::{Path, PathBuf};

use greenlight_core::{
    appspec::AppSpecTemplate,
    target::{Strategy, Target},
    template::{Placeholders, resolve},
};
use greenlight_tests::world::{targets_in, targets_of};
use rehearsal::scenario::sample::Stand;
use serde_json::Value;

const TEMPLATES: [&str; 5] = [
    "worker.yaml",
    "api.yaml",
    "web.yaml",
    "both.yaml",
    "image-pipeline.yaml",
];

const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/x@sha256:\
    7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd12345678";

fn path(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../examples").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// The parameters of a template, and their defaults.
fn parameters(template: &str) -> Vec<(String, Option<String>)> {
    let document: serde_norway::Value = serde_norway::from_str(&read(template)).unwrap();
    let parameters = document["Parameters"].as_mapping().unwrap();
    let text = |value: &serde_norway::Value| match value {
        serde_norway::Value::String(text) => text.clone(),
        other => serde_norway::to_string(other).unwrap().trim().to_owned(),
    };
    parameters
        .iter()
        .map(|(name, it)| (text(name), it.get("Default").map(text)))
        .collect()
}

fn default(template: &str, parameter: &str) -> String {
    let mut all = parameters(template).into_iter();
    let found = all.find(|(name, _)| name == parameter);
    found.unwrap().1.unwrap()
}

fn target(name: &str) -> Target {
    let mut targets = targets_in(&read("targets.yaml")).into_iter();
    targets.find(|it| it.name.to_string() == name).unwrap()
}

#[test]
fn the_targets_name_what_the_templates_create_by_default() {
    for template in ["worker.yaml", "api.yaml"] {
        let default = |parameter: &str| default(template, parameter);
        let target = target(&default("TargetName"));
        let service = target.service.unwrap();
        assert_eq!(service.cluster, default("ClusterName"));
        assert_eq!(service.name, default("ServiceName"));
        let [image] = &target.images[..] else {
            panic!("{template}: {:?}", target.images);
        };
        assert_eq!(image.container, default("ServiceName"));
        assert_eq!(image.repository.to_string(), default("RepositoryName"));
        match target.deploy {
            Strategy::Rolling => assert_eq!(template, "worker.yaml"),
            Strategy::CodeDeploy(codedeploy) => {
                assert_eq!(codedeploy.application, default("ApplicationName"));
                assert_eq!(codedeploy.group, default("ApplicationName"));
            }
            other => panic!("{template}: {}", other.name()),
        }
    }
    for (parameter, of, name) in [
        ("WorkerTargetName", "worker.yaml", "TargetName"),
        (
            "WorkerTaskDefinitionPath",
            "worker.yaml",
            "TaskDefinitionPath",
        ),
        ("ApiTargetName", "api.yaml", "TargetName"),
        ("ApiTaskDefinitionPath", "api.yaml", "TaskDefinitionPath"),
        ("ApiAppSpecPath", "api.yaml", "AppSpecPath"),
    ] {
        assert_eq!(default("both.yaml", parameter), default(of, name));
    }
}

/// The targets of the manual's own, by name.
fn target_of_the_manual(name: &str) -> Target {
    let manual = read("README.md");
    let mut blocks = manual.split("```yaml\n").skip(1);
    let block = blocks.find(|it| it.starts_with(&format!("name: {name}\n")));
    let block = block.unwrap().split("```").next().unwrap();
    targets_in(block).remove(0)
}

#[test]
fn the_targets_of_the_manual_name_what_their_templates_create_by_default() {
    let web = target_of_the_manual("web");
    let default_of = |parameter: &str| default("web.yaml", parameter);
    let service = web.service.unwrap();
    assert_eq!(
        (service.cluster, service.name.clone()),
        (default_of("ClusterName"), default_of("ServiceName"))
    );
    assert_eq!(web.images[0].container, service.name);
    assert_eq!(
        web.images[0].repository.to_string(),
        default_of("RepositoryName")
    );
    assert!(matches!(web.deploy, Strategy::Native));
    let alarm = format!("names: [{}-errors]", service.name);
    assert!(read("README.md").contains(&alarm), "{alarm}");

    let image = target_of_the_manual("api");
    let default_of = |parameter: &str| default("image-pipeline.yaml", parameter);
    assert_eq!(
        image.images[0].repository.to_string(),
        default_of("RepositoryName")
    );
    let Strategy::Pipeline(pipeline) = image.deploy else {
        panic!("{}", image.deploy.name());
    };
    assert_eq!(pipeline.name, default_of("PipelineName"));
    let there = read("image-pipeline.yaml");
    for name in pipeline
        .action
        .iter()
        .chain(pipeline.variables.iter().map(|(name, _)| name))
    {
        assert!(there.contains(&format!("- Name: {name}\n")), "{name}");
    }
}

#[test]
fn the_stand_has_targets_for_the_same_services_as_the_examples() {
    let services = |targets: Vec<Target>| {
        let services = targets.into_iter().map(|it| {
            let strategy = it.deploy.name();
            (
                it.service.unwrap().to_string(),
                it.images[0].repository.to_string(),
                strategy,
            )
        });
        let mut services: Vec<_> = services.collect();
        services.sort();
        services
    };
    assert_eq!(
        services(targets_of(Stand::Releases)),
        services(targets_in(&read("targets.yaml")))
    );
}

#[test]
fn the_files_are_what_the_templates_set_up_and_have_no_placeholder_without_a_value() {
    let placeholders: Placeholders = [("IMAGE1_NAME", IMAGE)].into_iter().collect();
    for template in ["worker.yaml", "api.yaml"] {
        let file = default(template, "TaskDefinitionPath");
        let text = read(&format!("infrastructure/{file}"));
        let document = resolve(&text, &file, &placeholders).unwrap();
        let service = default(template, "ServiceName");
        assert_eq!(document["family"], service.as_str());
        for (key, role) in [("taskRoleArn", "task"), ("executionRoleArn", "execution")] {
            let arn = format!("arn:aws:iam::123456789012:role/{service}-{role}");
            assert_eq!(document[key], arn.as_str(), "{file}");
        }
        for (key, parameter) in [("cpu", "Cpu"), ("memory", "Memory")] {
            assert_eq!(
                document[key],
                default(template, parameter).as_str(),
                "{file}"
            );
        }
        let architecture = default(template, "CpuArchitecture");
        assert_eq!(
            document["runtimePlatform"]["cpuArchitecture"],
            architecture.as_str()
        );
        let [container] = &document["containerDefinitions"].as_array().unwrap()[..] else {
            panic!("{file} has one container");
        };
        assert_eq!(
            (&container["name"], &container["image"]),
            (&Value::from(service.as_str()), &IMAGE.into())
        );
        let group = &container["logConfiguration"]["options"]["awslogs-group"];
        assert_eq!(group, &format!("/ecs/{service}"));
        if template == "api.yaml" {
            let port: u16 = default(template, "ContainerPort").parse().unwrap();
            assert_eq!(container["portMappings"][0]["containerPort"], port);
            let file = default(template, "AppSpecPath");
            let text = read(&format!("infrastructure/{file}"));
            let app_spec = AppSpecTemplate::parse(&text, &file, &placeholders).unwrap();
            assert_eq!(
                (app_spec.container(), app_spec.port()),
                (service.as_str(), port)
            );
        }
    }
}

#[test]
fn the_manual_names_every_parameter_with_its_default() {
    let manual = read("README.md");
    for template in TEMPLATES {
        for (parameter, default) in parameters(template) {
            let mut rows = manual.lines().filter(|line| line.starts_with("| `"));
            let row = rows.find(|line| line.contains(&format!("`{parameter}`")));
            let row = row.unwrap_or_else(|| panic!("{template}: no row for {parameter}"));
            match default {
                Some(default) if default.is_empty() => assert!(row.contains("| none |"), "{row}"),
                // The paths of both.yaml are those of the others.
                Some(_) if row.contains("| as above |") => assert_eq!(template, "both.yaml"),
                Some(default) => assert!(row.contains(&format!("`{default}`")), "{row}: {default}"),
                None => assert!(row.contains("| – |"), "{row}"),
            }
        }
    }
}
