//! What task definitions and `AppSpec`s are made from: `service`, `family:<name>`, `s3://bucket/key`.

use super::service::is_ecs_name;
use super::strategy::Kind;
use crate::problems::Problems;
use crate::target::description::Form;
use crate::target::node::Node;
use crate::target::{AppSpecSource, S3Object, TaskDefinitionSource};
use crate::text::excerpt;

const MAX_KEY: usize = 1024;

pub(super) const TASK_DEFINITION: Form = Form::Like(
    "^(service|family:[A-Za-z0-9_-]{1,255}|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\\u0000-\\u001f\\u007f-\\u009f]+)$",
    1200,
    "`service`, `family:<name>` or `s3://bucket/key`",
);
pub(super) const APPSPEC: Form = Form::Like(
    "^(service|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\\u0000-\\u001f\\u007f-\\u009f]+)$",
    1200,
    "`service` or `s3://bucket/key`",
);

pub(super) fn read_task_definition(
    node: &Node<'_>,
    out: &mut Problems,
) -> Option<TaskDefinitionSource> {
    const EXPECTED: &str = "`service`, `family:<name>` or `s3://bucket/key`";
    let text = node.any_text(EXPECTED, out)?;
    if text == "service" {
        return Some(TaskDefinitionSource::Service);
    }
    if let Some(family) = text.strip_prefix("family:") {
        return read_family(node, family, out).map(TaskDefinitionSource::Family);
    }
    if let Some(place) = text.strip_prefix("s3://") {
        return read_object(node, place, out).map(TaskDefinitionSource::S3);
    }
    node.wrong(EXPECTED, out);
    None
}

pub(super) fn read_appspec(
    node: &Node<'_>,
    kind: Option<Kind>,
    out: &mut Problems,
) -> Option<AppSpecSource> {
    const EXPECTED: &str = "`service` or `s3://bucket/key`";
    if let Some(kind) = kind.filter(|kind| *kind != Kind::CodeDeploy) {
        out.add(
            &node.path,
            format!(
                "only `codedeploy` has an AppSpec, and the strategy here is `{}`",
                kind.name()
            ),
        );
        return None;
    }
    let text = node.any_text(EXPECTED, out)?;
    if text == "service" {
        return Some(AppSpecSource::Service);
    }
    if let Some(place) = text.strip_prefix("s3://") {
        return read_object(node, place, out).map(AppSpecSource::S3);
    }
    node.wrong(EXPECTED, out);
    None
}

fn read_family(node: &Node<'_>, family: &str, out: &mut Problems) -> Option<String> {
    if is_ecs_name(family) {
        return Some(family.to_owned());
    }
    let message = format!(
        "`{}` is not the family of a task definition (1 to 255 letters, digits, `-` and `_`)",
        excerpt(family, 80)
    );
    let named = family.rsplit_once('/').map_or(family, |(_, name)| name);
    match named.rsplit_once(':') {
        Some((name, revision)) if is_ecs_name(name) && revision.parse::<u32>().is_ok() => {
            out.add_with_hint(
                &node.path,
                message,
                format!("its newest active revision is taken: write `family:{name}`"),
            );
        }
        _ => out.add(&node.path, message),
    }
    None
}

fn read_object(node: &Node<'_>, place: &str, out: &mut Problems) -> Option<S3Object> {
    let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
    if !is_bucket(bucket) {
        out.add(
            &node.path,
            format!(
                "`{}` is not the name of a bucket (3 to 63 lower-case letters, digits, `.` and `-`, \
                 beginning and ending with a letter or digit)",
                excerpt(bucket, 80)
            ),
        );
        return None;
    }
    if key.is_empty() || key.len() > MAX_KEY || key.chars().any(char::is_control) {
        out.add(
            &node.path,
            format!(
                "expected a key of 1 to {MAX_KEY} bytes without control characters behind \
                 `s3://{bucket}/`, found {}",
                match key {
                    "" => "nothing".to_owned(),
                    key => format!("`{}`", excerpt(key, 60)),
                }
            ),
        );
        return None;
    }
    Some(S3Object {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
    })
}

fn is_bucket(name: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
        && name.bytes().next().is_some_and(is_word)
        && name.bytes().next_back().is_some_and(is_word)
        && !name.contains("..")
}
