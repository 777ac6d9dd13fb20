//! The `alarms:` check.

use super::RULES;
use crate::problems::Problems;
use crate::target::check::{AlarmsCheck, AlreadyOn, CheckKind};
use crate::target::description::{Form, Key, Mapping, Repeats};
use crate::target::node::{Fields, or_default};
use crate::text::excerpt;

pub(super) const ALARMS: &Mapping = &Mapping {
    name: "check_alarms",
    says: "CloudWatch alarms, metric alarms or composite ones, are in the state `OK`.",
    keys: &[
        Key::required(
            "names",
            Form::List(
                &Form::Text(1, 255),
                1,
                AlarmsCheck::MAX_NAMES,
                Repeats::Refused,
            ),
            "The names of the alarms, each once.",
        )
        .such_as("[api-5xx, api-latency]"),
        Key::optional(
            "already_on",
            Form::Words(&["fail", "ignore"]),
            "`fail`",
            "What is done with an alarm that was on before: `fail` at once and say so, or `ignore` it.",
        ),
    ],
    shared: &[RULES],
    demands: &[],
};

pub(super) fn read(fields: &Fields<'_>, out: &mut Problems) -> Option<CheckKind> {
    let names = fields.required("names", out).and_then(|node| {
        let nodes = node.list("alarms", 1..=AlarmsCheck::MAX_NAMES, out)?;
        let before = out.len();
        let mut names: Vec<String> = Vec::new();
        for node in &nodes {
            let Some(name) = node.text("an alarm's name", 1..=255, out) else {
                continue;
            };
            if names.iter().any(|other| other == name) {
                let name = excerpt(name, 60);
                out.add(&node.path, format!("`{name}` is already in the list"));
            } else {
                names.push(name.to_owned());
            }
        }
        (out.len() == before).then_some(names)
    });
    let already_on = or_default(
        fields.optional("already_on"),
        AlreadyOn::default(),
        |node| match node.text("`fail` or `ignore`", 1..=20, out)? {
            "fail" => Some(AlreadyOn::Fail),
            "ignore" => Some(AlreadyOn::Ignore),
            other => {
                let other = excerpt(other, 20);
                out.add(
                    &node.path,
                    format!("expected `fail` or `ignore`, found `{other}`"),
                );
                None
            }
        },
    );
    Some(CheckKind::Alarms(AlarmsCheck {
        names: names?,
        already_on: already_on?,
    }))
}
