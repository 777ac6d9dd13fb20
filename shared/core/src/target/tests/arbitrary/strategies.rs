//! Any strategy, any task, any source of a task definition.

use proptest::prelude::*;

use crate::appspec::CapacityProvider;
use crate::target::{
    CodeDeploy, Launch, Network, OneShotTask, Pipeline, S3Object, Strategy as Deploy,
    TaskDefinitionSource,
};

pub(super) fn deploy() -> impl Strategy<Value = Deploy> {
    let codedeploy = (
        "\\PC{1,30}",
        "\\PC{1,30}",
        prop::option::of("[A-Za-z0-9]{1,30}"),
    );
    prop_oneof![
        codedeploy.prop_map(
            |(application, group, config)| Deploy::CodeDeploy(CodeDeploy {
                application,
                group,
                config,
            })
        ),
        Just(Deploy::Rolling),
        Just(Deploy::Native),
        task().prop_map(Deploy::Task),
        pipeline().prop_map(Deploy::Pipeline),
    ]
}

fn pipeline() -> impl Strategy<Value = Pipeline> {
    let value = prop_oneof![
        "[^{}\\pC]{1,20}",
        "[a-z:]{0,5}\\{(image|repository|digest|tag|target|deployment)\\}[{}]{0,2}",
    ];
    (
        "[A-Za-z0-9.@_-]{1,20}",
        prop::option::of("[A-Za-z0-9.@_-]{1,20}"),
        prop::collection::hash_map("[A-Za-z0-9@_-]{1,20}", value, 0..4),
    )
        .prop_map(|(name, action, variables)| {
            let mut variables: Vec<_> = variables.into_iter().collect();
            if action.is_none() && !variables.iter().any(|(name, _)| name == "IMAGE") {
                variables.push(("IMAGE".into(), "{image}".into()));
            }
            variables.sort();
            Pipeline {
                name,
                // `IMAGE` itself may have been any value.
                action: action.or_else(|| {
                    let told = variables.iter().any(|(_, value)| value.contains("{image}"));
                    (!told).then(|| "Source".into())
                }),
                variables,
            }
        })
}

pub(super) fn object() -> impl Strategy<Value = S3Object> {
    (
        "[a-z0-9]([a-z0-9-]{1,20}|[a-z]\\.[a-z])[a-z0-9]",
        "\\PC{1,40}",
    )
        .prop_map(|(bucket, key)| S3Object { bucket, key })
}

pub(super) fn task_definition() -> impl Strategy<Value = TaskDefinitionSource> {
    prop_oneof![
        Just(TaskDefinitionSource::Service),
        "[A-Za-z0-9_-]{1,20}".prop_map(TaskDefinitionSource::Family),
        object().prop_map(TaskDefinitionSource::S3),
    ]
}

pub(super) fn task() -> impl Strategy<Value = OneShotTask> {
    let name = || prop::option::of("[A-Za-z0-9_-]{1,20}");
    (
        name(),
        prop::option::of(task_definition()),
        prop::option::of(launch()),
        prop::option::of(network()),
        name(),
        prop::collection::vec(any::<String>(), 0..4),
    )
        .prop_map(
            |(cluster, task_definition, launch, network, container, command)| OneShotTask {
                cluster,
                task_definition,
                launch,
                network,
                container,
                command,
            },
        )
}

/// Adds what a task cannot take from a service.
pub(super) fn complete(task: &mut OneShotTask) {
    task.cluster.get_or_insert_with(|| "c".into());
    task.network.get_or_insert_with(|| Network {
        subnets: vec!["subnet-1".into()],
        security_groups: Vec::new(),
        assign_public_ip: false,
    });
}

fn launch() -> impl Strategy<Value = Launch> {
    let version = prop::option::of("LATEST|1\\.[34]\\.0");
    let launch_type = prop::sample::select(vec!["FARGATE", "EC2", "EXTERNAL"]);
    let providers = prop::collection::btree_map(
        "[A-Za-z0-9_-]{1,20}",
        (0_u32..=100_000, 0_u32..=1_000),
        1..4,
    );
    prop_oneof![
        (launch_type, version.clone()).prop_map(|(launch_type, version)| Launch::Type {
            launch_type: launch_type.into(),
            platform_version: version.filter(|_| launch_type == "FARGATE"),
        }),
        (providers, version).prop_map(|(providers, platform_version)| {
            let mut providers: Vec<_> = providers
                .into_iter()
                .map(|(name, (base, weight))| CapacityProvider { name, base, weight })
                .collect();
            for other in &mut providers[1..] {
                other.base = 0;
            }
            providers[0].weight = providers[0].weight.max(1);
            Launch::CapacityProviders {
                providers,
                platform_version,
            }
        }),
    ]
}

fn network() -> impl Strategy<Value = Network> {
    (
        prop::collection::btree_set("subnet-[0-9a-f]{1,17}", 1..4),
        prop::collection::btree_set("sg-[0-9a-f]{1,17}", 0..3),
        any::<bool>(),
    )
        .prop_map(|(subnets, security_groups, assign_public_ip)| Network {
            subnets: subnets.into_iter().collect(),
            security_groups: security_groups.into_iter().collect(),
            assign_public_ip,
        })
}
