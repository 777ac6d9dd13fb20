//! Any target, any JSON, any place in it.

mod checks;
mod strategies;
mod windows;

use proptest::prelude::*;
use serde_json::Value;

use crate::policy::TagPolicy;
use crate::target::{
    AppSpecSource, ImageSource, OnFailure, Service, Strategy as Deploy, Target,
    TaskDefinitionSource,
};

/// Any target that means something: parts that do not go together are made to.
pub(super) fn target() -> impl Strategy<Value = Target> {
    let service = ("[A-Za-z0-9_-]{1,20}", "[A-Za-z0-9_-]{1,20}")
        .prop_map(|(cluster, name)| Service { cluster, name });
    let sources = (
        strategies::task_definition(),
        prop::option::of(strategies::object()),
        prop::collection::vec(strategies::task(), 0..3),
        prop::option::of("[A-Za-z0-9+=,.@_-]{1,20}"),
    );
    (
        "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?",
        images(),
        prop::option::of(service),
        strategies::deploy(),
        sources,
        prop::collection::vec(checks::gate(), 0..4),
        (any::<bool>(), windows::windows()),
    )
        .prop_map(
            |(
                name,
                images,
                service,
                deploy,
                (task_definition, appspec, before, role),
                gates,
                (restore_tag, windows),
            )| {
                let mut target = Target {
                    name: name.parse().unwrap(),
                    images,
                    service,
                    deploy,
                    task_definition,
                    appspec: appspec.map_or(AppSpecSource::Service, AppSpecSource::S3),
                    role_arn: role.map(|role| {
                        format!("arn:aws:iam::123456789012:role/{role}")
                            .parse()
                            .unwrap()
                    }),
                    before,
                    gates: gates.into_iter().collect(),
                    on_failure: OnFailure { restore_tag },
                    windows,
                };
                agree(&mut target);
                target
            },
        )
}

/// Changes what the target's strategy does not go with.
fn agree(target: &mut Target) {
    let family = || TaskDefinitionSource::Family("family".into());
    let needs_service = !matches!(target.deploy, Deploy::Task(_) | Deploy::Pipeline(_));
    if needs_service && target.service.is_none() {
        target.service = Some(Service {
            cluster: "c".into(),
            name: "s".into(),
        });
    }
    let alone = target.service.is_none();
    match (&mut target.deploy, &target.task_definition) {
        (Deploy::Task(task), source) => {
            task.task_definition = None;
            if alone {
                strategies::complete(task);
                if *source == TaskDefinitionSource::Service {
                    target.task_definition = family();
                }
            }
        }
        (Deploy::Pipeline(_), _) => {
            target.task_definition = TaskDefinitionSource::Service;
            let first = target.images[0].clone();
            target
                .images
                .retain(|image| image.repository == first.repository);
        }
        (_, TaskDefinitionSource::Family(_)) => {
            target.task_definition = TaskDefinitionSource::Service;
        }
        _ => {}
    }
    if !matches!(target.deploy, Deploy::CodeDeploy(_)) {
        target.appspec = AppSpecSource::Service;
    }
    if alone {
        for task in &mut target.before {
            strategies::complete(task);
            if matches!(
                task.task_definition,
                None | Some(TaskDefinitionSource::Service)
            ) {
                task.task_definition = Some(family());
            }
        }
    }
    target.gates = checks::of_strategy(&target.gates, &target.deploy);
    let templates = [Some(&target.task_definition)]
        .into_iter()
        .chain(
            target
                .before
                .iter()
                .map(|task| task.task_definition.as_ref()),
        )
        .flatten()
        .any(|source| matches!(source, TaskDefinitionSource::S3(_)));
    if !templates && target.appspec == AppSpecSource::Service {
        for image in &mut target.images {
            image.placeholder = None;
        }
    }
}

fn images() -> impl Strategy<Value = Vec<ImageSource>> {
    let tags = prop::collection::btree_set("[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", 1..4);
    let repository = "(123456789012\\.dkr\\.ecr\\.us-east-1\\.amazonaws\\.com/)?[a-z0-9]{2,8}(/[a-z0-9]{1,8}){0,2}";
    let repositories = prop::collection::btree_map(repository, tags, 1..4);
    let place = (any::<prop::sample::Index>(), any::<bool>());
    let containers = prop::collection::btree_map("[A-Za-z0-9_-]{1,12}", place, 1..4);
    (repositories, containers).prop_map(|(repositories, containers)| {
        let repositories: Vec<_> = repositories.into_iter().collect();
        let sources = containers.into_iter().enumerate().map(
            |(number, (container, (place, has_placeholder)))| {
                let (repository, tags) = place.get(&repositories);
                ImageSource {
                    container,
                    repository: repository.parse().unwrap(),
                    tags: tags
                        .iter()
                        .map(|tag| TagPolicy::Exact(tag.parse().unwrap()))
                        .collect(),
                    placeholder: has_placeholder.then(|| format!("IMAGE{number}_NAME")),
                }
            },
        );
        sources.collect()
    })
}

pub(super) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z_/.-]{0,10}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        "[a-z_]{0,10}".boxed(),
        any::<String>().boxed(),
        prop::sample::select(vec![
            "targets", "name", "images", "gates", "http", "tags", "expect"
        ])
        .prop_map(str::to_owned)
        .boxed(),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// The JSON pointers of every value in a document.
pub(super) fn pointers(document: &Value) -> Vec<String> {
    let mut out = vec![String::new()];
    let children: Vec<(String, &Value)> = match document {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        _ => Vec::new(),
    };
    for (part, child) in children {
        out.extend(
            pointers(child)
                .into_iter()
                .map(|below| format!("/{part}{below}")),
        );
    }
    out
}
