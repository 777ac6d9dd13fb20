//! Any target, any JSON, any place in it.

mod checks;
mod strategies;
mod success;
mod windows;

use proptest::prelude::*;
use serde_json::Value;

use crate::image::Tag;
use crate::policy::{KeyOrder, TagPattern, TagPolicy, VersionRange, default_ignore};
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
        (
            any::<bool>(),
            windows::windows(),
            success::on_success(),
            success::promote(),
            prop::option::of(5_u64..=43_200),
        ),
    )
        .prop_map(
            |(
                name,
                images,
                service,
                deploy,
                (task_definition, appspec, before, role),
                gates,
                (restore_tag, windows, on_success, promote, minutes),
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
                    timeout: minutes.map(std::time::Duration::from_mins),
                    windows,
                    on_success,
                    promote,
                };
                agree(&mut target);
                target
            },
        )
}

/// Changes what the target's strategy does not go with.
fn agree(target: &mut Target) {
    let images = target.images.clone();
    let takes = |tag: &Tag| images.iter().any(|it| it.decide(tag).is_taken());
    target.on_success.tag.take_if(|tag| takes(tag));
    target.promote.take_if(|promote| takes(&promote.tag));
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
    let repository = "(123456789012\\.dkr\\.ecr\\.us-east-1\\.amazonaws\\.com/)?[a-z0-9]{2,8}(/[a-z0-9]{1,8}){0,2}";
    let repositories = prop::collection::btree_map(repository, (tags(), ignore()), 1..4);
    let place = (any::<prop::sample::Index>(), any::<bool>());
    let containers = prop::collection::btree_map("[A-Za-z0-9_-]{1,12}", place, 1..4);
    (repositories, containers).prop_map(|(repositories, containers)| {
        let repositories: Vec<_> = repositories.into_iter().collect();
        let sources = containers.into_iter().enumerate().map(
            |(number, (container, (place, has_placeholder)))| {
                let (repository, (tags, ignore)) = place.get(&repositories);
                ImageSource {
                    container,
                    repository: repository.parse().unwrap(),
                    tags: tags.clone(),
                    ignore: ignore.clone(),
                    placeholder: has_placeholder.then(|| format!("IMAGE{number}_NAME")),
                }
            },
        );
        sources.collect()
    })
}

/// Lists each of which orders in one way, and whose tags nothing ignores.
fn tags() -> impl Strategy<Value = Vec<TagPolicy>> {
    let exact = "[A-Za-z0-9_][A-Za-z0-9_-]{0,12}";
    let unless_ignored = |tag: &String| !tag.starts_with("sha256-");
    let by_time = prop_oneof![
        exact
            .prop_filter("ignored", unless_ignored)
            .prop_map(|tag| TagPolicy::Exact(tag.parse().unwrap())),
        "[a-z*?.-]{1,9}".prop_map(|glob| TagPolicy::Glob(glob.parse().unwrap())),
        pattern(None),
        Just(TagPolicy::Newest),
    ];
    let range = prop::sample::select(vec![">=1.2, <2", "^1.4", "*", "=1.0.0", "~2"]);
    let prefix = prop::option::of("[a-z][a-z.-]{0,4}");
    let by_version = (range, any::<bool>(), prefix).prop_map(|(range, prereleases, prefix)| {
        let prefix = prefix.unwrap_or_default();
        TagPolicy::Semver(VersionRange::new(range, prereleases, &prefix).unwrap())
    });
    let list = prop_oneof![
        prop::collection::vec(by_time, 1..4).boxed(),
        prop::collection::vec(by_version, 1..4).boxed(),
        prop::collection::vec(pattern(Some(KeyOrder::Numeric)), 1..3).boxed(),
        prop::collection::vec(pattern(Some(KeyOrder::Lexical)), 1..3).boxed(),
    ];
    list.prop_map(|list| {
        let mut once: Vec<TagPolicy> = Vec::new();
        for policy in list {
            if !once.contains(&policy) {
                once.push(policy);
            }
        }
        once
    })
}

fn pattern(order: Option<KeyOrder>) -> impl Strategy<Value = TagPolicy> {
    "[a-z.]{1,6}".prop_map(move |text| {
        let text = format!(r"^{text}(?<version>\w+)");
        TagPolicy::Regex(TagPattern::new(&text, order).unwrap())
    })
}

fn ignore() -> impl Strategy<Value = Vec<crate::policy::Glob>> {
    // No tag that is named has a dot in it.
    let own = prop::collection::vec("[a-z*?]{0,6}[.]", 0..3);
    let own = own.prop_map(|globs| globs.iter().map(|it| it.parse().unwrap()).collect());
    prop_oneof![Just(default_ignore()), own]
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
