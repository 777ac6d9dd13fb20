//! The `launch:` part of a task. AWS-FACTS 6.6.

use crate::appspec::CapacityProvider;
use crate::problems::Problems;
use crate::target::Launch;
use crate::target::description::{Demand, Form, Key, Mapping, Repeats, listed};
use crate::target::node::{Fields, Node, or_default};

use super::super::service::{ECS_NAME, read_ecs_name};

const MAX_PROVIDERS: usize = 20;
const MAX_BASE: u32 = 100_000;
const MAX_WEIGHT: u32 = 1_000;
/// ECS's own default places nothing by a provider that was named.
pub(in crate::target) const DEFAULT_WEIGHT: u32 = 1;

const TYPES: [&str; 3] = ["FARGATE", "EC2", "EXTERNAL"];

pub(super) const LAUNCH: &Mapping = &Mapping {
    name: "launch",
    says: "How a task is launched: either by a `type` or by `capacity_providers`.",
    keys: &[
        Key::optional(
            "type",
            Form::Words(&TYPES),
            "this or `capacity_providers`",
            "The launch type.",
        ),
        Key::optional(
            "capacity_providers",
            Form::List(&Form::Mapping(PROVIDER), 1, MAX_PROVIDERS, Repeats::Allowed),
            "this or `type`",
            "A capacity provider strategy.",
        )
        .such_as("[{name: FARGATE_SPOT, weight: 3}, {name: FARGATE, base: 1}]"),
        Key::optional(
            "platform_version",
            Form::Text(1, 32),
            "ECS's",
            "The platform version. Not with `EC2` and `EXTERNAL`.",
        )
        .such_as("1.4.0"),
    ],
    shared: &[],
    demands: &[Demand::ExactlyOne(&["type", "capacity_providers"])],
};

const PROVIDER: &Mapping = &Mapping {
    name: "capacity_provider",
    says: "A capacity provider, and its share of the tasks.",
    keys: &[
        Key::required("name", ECS_NAME, "The provider's name. Each is named once.")
            .such_as("FARGATE_SPOT"),
        Key::optional(
            "base",
            Form::Whole(0, MAX_BASE),
            "`0`",
            "How many tasks it gets before the weights count. Only one has a base.",
        ),
        Key::optional(
            "weight",
            Form::Whole(0, MAX_WEIGHT),
            "`1`",
            "Its share of the tasks. At least one has more than 0.",
        ),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read_launch(node: &Node<'_>, out: &mut Problems) -> Option<Launch> {
    let fields = node.fields(LAUNCH, out)?;
    let platform_version = or_default(fields.optional("platform_version"), None, |n| {
        n.text("a platform version, such as `1.4.0`", 1..=32, out)
            .map(|version| Some(version.to_owned()))
    });
    let launch_type = fields.optional("type");
    let providers = fields.optional("capacity_providers");
    match (launch_type, providers) {
        (Some(launch_type), None) => {
            let launch_type = read_type(&launch_type, &fields, out);
            Some(Launch::Type {
                launch_type: launch_type?,
                platform_version: platform_version?,
            })
        }
        (None, Some(providers)) => {
            let providers = read_providers(&providers, out);
            Some(Launch::CapacityProviders {
                providers: providers?,
                platform_version: platform_version?,
            })
        }
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            out.add(
                &node.path,
                format!("expected either `type` or `capacity_providers`, found {found}"),
            );
            None
        }
    }
}

fn read_type(node: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<String> {
    let expected = format!("one of {}", listed(&TYPES));
    let launch_type = node.any_text(&expected, out)?;
    if !TYPES.contains(&launch_type) {
        node.wrong(&expected, out);
        return None;
    }
    if launch_type != "FARGATE"
        && let Some(version) = fields.optional("platform_version")
    {
        out.add(
            &version.path,
            format!("only `FARGATE` has platform versions, not `{launch_type}`"),
        );
        return None;
    }
    Some(launch_type.to_owned())
}

fn read_providers(node: &Node<'_>, out: &mut Problems) -> Option<Vec<CapacityProvider>> {
    let nodes = node.list("capacity providers", 1..=MAX_PROVIDERS, out)?;
    let providers: Vec<_> = nodes.iter().map(|node| read_provider(node, out)).collect();
    let providers: Vec<CapacityProvider> = providers.into_iter().collect::<Option<_>>()?;
    let before = out.len();
    for (index, provider) in providers.iter().enumerate() {
        let earlier = &providers[..index];
        if earlier.iter().any(|other| other.name == provider.name) {
            out.add(
                &format!("{}[{index}].name", node.path),
                format!("`{}` is already in the list", provider.name),
            );
        }
        if provider.base > 0
            && let Some(other) = earlier.iter().find(|other| other.base > 0)
        {
            out.add(
                &format!("{}[{index}].base", node.path),
                format!("only one has a base, and `{}` has it already", other.name),
            );
        }
    }
    if providers.iter().all(|provider| provider.weight == 0) {
        out.add(
            &node.path,
            "expected a `weight` of 1 or more for at least one of them",
        );
    }
    (out.len() == before).then_some(providers)
}

fn read_provider(node: &Node<'_>, out: &mut Problems) -> Option<CapacityProvider> {
    let fields = node.fields(PROVIDER, out)?;
    let name = fields
        .required("name", out)
        .and_then(|n| read_ecs_name(&n, "the name of a capacity provider", out));
    let base = or_default(fields.optional("base"), 0, |n| n.number(0..=MAX_BASE, out));
    let weight = or_default(fields.optional("weight"), DEFAULT_WEIGHT, |n| {
        n.number(0..=MAX_WEIGHT, out)
    });
    Some(CapacityProvider {
        name: name?,
        base: base?,
        weight: weight?,
    })
}
