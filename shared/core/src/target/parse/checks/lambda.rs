//! The `lambda:` check.

use serde_json::{Map, Value};

use super::RULES;
use crate::problems::Problems;
use crate::target::check::{CheckKind, LambdaCheck};
use crate::target::description::{Form, Key, Mapping};
use crate::target::node::{Fields, or_default};

pub(super) const LAMBDA: &Mapping = &Mapping {
    name: "check_lambda",
    says: "A function of your own says so.",
    keys: &[
        Key::required(
            "function",
            Form::Like("^[A-Za-z0-9_:$-]+$", LambdaCheck::MAX_FUNCTION, "a function's name or ARN"),
            "The function: its name or ARN; a version or alias behind `:`.",
        )
        .such_as("check-orders"),
        Key::optional(
            "parameters",
            Form::AnyMapping,
            "none",
            "What it is given beside the deployment: up to 16 KiB as JSON. It is stored and shown in plain \
             text: no secrets.",
        )
        .such_as("{depth: full}"),
    ],
    shared: &[RULES],
    demands: &[],
};

pub(super) fn read(fields: &Fields<'_>, out: &mut Problems) -> Option<CheckKind> {
    let function = fields.required("function", out).and_then(|node| {
        let text = node.text(
            "a function's name or ARN",
            1..=LambdaCheck::MAX_FUNCTION,
            out,
        )?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:$".contains(&byte);
        if text.bytes().all(fits) {
            return Some(text.to_owned());
        }
        out.add_with_hint(
            &node.path,
            "expected the name or the ARN of a function",
            "letters, digits, `-`, `_`; a version or alias behind `:`",
        );
        None
    });
    let parameters = or_default(fields.optional("parameters"), Map::new(), |node| {
        let Value::Object(map) = node.value else {
            node.wrong("a mapping", out);
            return None;
        };
        let bytes = node.value.to_string().len();
        if bytes > LambdaCheck::MAX_PARAMETERS {
            out.add(
                &node.path,
                format!(
                    "expected at most {} KiB as JSON, found {} bytes",
                    LambdaCheck::MAX_PARAMETERS / 1024,
                    bytes
                ),
            );
            return None;
        }
        Some(map.clone())
    });
    Some(CheckKind::Lambda(LambdaCheck {
        function: function?,
        parameters: parameters?,
    }))
}
