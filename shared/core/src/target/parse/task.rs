//! Tasks that run once: the `task:` strategy, and the `before:` part of a target.
//!
//! What such a task needs where there is no service to take it from is said in [`super::rules`].

mod launch;

use std::ops::RangeInclusive;

use super::checks::RULES;
use super::service::{ECS_NAME, read_ecs_name};
use super::sources::{TASK_DEFINITION, read_task_definition};
use crate::problems::Problems;
use crate::target::description::{Demand, Form, Key, Mapping, Repeats};
use crate::target::node::{Fields, Node, or_default};
use crate::target::{Network, OneShotTask};
use crate::text::excerpt;
use launch::read_launch;

pub(in crate::target) use launch::DEFAULT_WEIGHT;

pub(super) const MAX_BEFORE: usize = 10;
const MAX_COMMAND: usize = 100;
/// `RunTask` takes so much of all overrides together.
const MAX_WORD: usize = 8192;

pub(super) const BEFORE: &Mapping = &Mapping {
    name: "before",
    says: "Something that has to succeed before anything is deployed.",
    keys: &[Key::choice(
        "task",
        Form::MappingOrNothing(TASK),
        "A task that runs once.",
    )],
    shared: &[],
    demands: &[Demand::OneEntry],
};

pub(super) const TASK: &Mapping = &Mapping {
    name: "task",
    says: "One `RunTask`. It has succeeded when it has stopped by itself, every essential container with exit \
           code 0. With a `service`, what is not written is as the service has it.",
    keys: &[
        Key::optional(
            "cluster",
            ECS_NAME,
            "the service's",
            "The cluster's name, not its ARN. Required where there is no `service`.",
        )
        .such_as("batch"),
        Key::optional(
            "task_definition",
            TASK_DEFINITION,
            "the target's",
            "Only of a task `before`: what it is made from, if not from what the target is made from.",
        )
        .such_as("family:api-smoke"),
    ],
    shared: &[RUN],
    demands: NETWORK,
};

/// Of a gate's check: it runs in the service's cluster, what the green tasks run.
pub(super) const CHECK: &Mapping = &Mapping {
    name: "check_task",
    says: "A task with the new image ends well: every essential container with exit code 0. It runs in the \
           service's cluster, what the green tasks run.",
    keys: &[],
    shared: &[RUN, RULES],
    demands: NETWORK,
};

/// How any task is run.
const RUN: &[Key] = &[
    Key::optional(
        "launch",
        Form::Mapping(launch::LAUNCH),
        "the service's",
        "How it is launched.",
    ),
    Key::optional(
        "subnets",
        Form::List(
            &Form::Like("^subnet-[a-z0-9]{1,40}$", 47, "a subnet"),
            1,
            16,
            Repeats::Refused,
        ),
        "the service's",
        "The subnets that it is attached to.",
    )
    .such_as("[subnet-0123456789abcdef0]"),
    Key::optional(
        "security_groups",
        Form::List(
            &Form::Like("^sg-[a-z0-9]{1,40}$", 43, "a security group"),
            0,
            5,
            Repeats::Refused,
        ),
        "with `subnets`, the VPC's default",
        "Its security groups. Only with `subnets`.",
    )
    .such_as("[sg-0123456789abcdef0]"),
    Key::optional(
        "assign_public_ip",
        Form::Boolean,
        "with `subnets`, `false`",
        "Whether it gets a public address. Only with `subnets`.",
    ),
    Key::optional(
        "container",
        ECS_NAME,
        "the target's first",
        "The container whose command is replaced.",
    )
    .such_as("api"),
    Key::optional(
        "command",
        Form::List(&Form::Bytes(MAX_WORD), 0, MAX_COMMAND, Repeats::Allowed),
        "the container's own",
        "The command, a word each. With the container's name and as JSON at most 8192 characters.",
    )
    .such_as("[bin/migrate, --all]"),
];
const NETWORK: &[Demand] = &[
    Demand::Only("security_groups", "subnets"),
    Demand::Only("assign_public_ip", "subnets"),
];

/// The task of the `task:` strategy, which is made from what the target names.
pub(super) fn read_task(node: &Node<'_>, out: &mut Problems) -> Option<OneShotTask> {
    let task = read_any_task(node, out)?;
    if task.task_definition.is_some() {
        out.add_with_hint(
            &format!("{}.task_definition", node.path),
            "a target has one task definition",
            "write it beside `deploy`",
        );
        return None;
    }
    Some(task)
}

/// The tasks before a deployment.
pub(super) fn read_before(node: &Node<'_>, out: &mut Problems) -> Option<Vec<OneShotTask>> {
    let nodes = node.list("tasks", 0..=MAX_BEFORE, out)?;
    let tasks: Vec<_> = nodes
        .iter()
        .map(|node| {
            let (_, parameters) = node.choice("task", BEFORE, out)?;
            read_any_task(&parameters, out)
        })
        .collect();
    tasks.into_iter().collect()
}

fn read_any_task(node: &Node<'_>, out: &mut Problems) -> Option<OneShotTask> {
    // `task:` with nothing behind it runs as the service does.
    if node.value.is_null() {
        return Some(OneShotTask::default());
    }
    read_fields(&node.fields(TASK, out)?, out)
}

/// What a task's keys say, whichever of them there may be.
pub(super) fn read_fields(fields: &Fields<'_>, out: &mut Problems) -> Option<OneShotTask> {
    let cluster = or_default(fields.optional("cluster"), None, |n| {
        read_ecs_name(&n, "a cluster name", out).map(Some)
    });
    let task_definition = or_default(fields.optional("task_definition"), None, |n| {
        read_task_definition(&n, out).map(Some)
    });
    let launch = or_default(fields.optional("launch"), None, |n| {
        read_launch(&n, out).map(Some)
    });
    let network = match fields.optional("subnets") {
        Some(subnets) => read_network(&subnets, fields, out).map(Some),
        None => needs_no_subnets(fields, out).then_some(None),
    };
    let container = or_default(fields.optional("container"), None, |n| {
        read_ecs_name(&n, "a container name", out).map(Some)
    });
    let command = or_default(fields.optional("command"), Vec::new(), |n| {
        read_command(&n, out)
    });
    Some(OneShotTask {
        cluster: cluster?,
        task_definition: task_definition?,
        launch: launch?,
        network: network?,
        container: container?,
        command: command?,
    })
}

fn read_network(subnets: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<Network> {
    let subnets = read_ids(subnets, "subnets", "subnet-", 1..=16, out);
    let security_groups = or_default(fields.optional("security_groups"), Vec::new(), |n| {
        read_ids(&n, "security groups", "sg-", 0..=5, out)
    });
    let assign_public_ip = or_default(fields.optional("assign_public_ip"), false, |n| {
        n.boolean(out)
    });
    Some(Network {
        subnets: subnets?,
        security_groups: security_groups?,
        assign_public_ip: assign_public_ip?,
    })
}

/// Whether nothing is written that needs subnets to mean something.
fn needs_no_subnets(fields: &Fields<'_>, out: &mut Problems) -> bool {
    let before = out.len();
    for key in ["security_groups", "assign_public_ip"] {
        if let Some(node) = fields.optional(key) {
            out.add(&node.path, "means nothing without `subnets`");
        }
    }
    out.len() == before
}

/// A list of ids that all begin alike.
fn read_ids(
    node: &Node<'_>,
    what: &str,
    prefix: &str,
    length: RangeInclusive<usize>,
    out: &mut Problems,
) -> Option<Vec<String>> {
    let nodes = node.list(what, length, out)?;
    let before = out.len();
    let mut ids: Vec<String> = Vec::new();
    for node in &nodes {
        let expected = format!("an id such as `{prefix}0123456789abcdef0`");
        let Some(id) = node.any_text(&expected, out) else {
            continue;
        };
        let is_id = id.strip_prefix(prefix).is_some_and(|rest| {
            (1..=40).contains(&rest.len())
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        if !is_id {
            node.wrong(&expected, out);
        } else if ids.iter().any(|other| other == id) {
            out.add(
                &node.path,
                format!("`{}` is already in the list", excerpt(id, 60)),
            );
        } else {
            ids.push(id.to_owned());
        }
    }
    (out.len() == before).then_some(ids)
}

fn read_command(node: &Node<'_>, out: &mut Problems) -> Option<Vec<String>> {
    let nodes = node.list("words of a command", 0..=MAX_COMMAND, out)?;
    let words: Vec<_> = nodes
        .iter()
        .map(|node| node.bytes("a word of the command", MAX_WORD, out))
        .collect();
    words
        .into_iter()
        .map(|word| word.map(str::to_owned))
        .collect()
}
