//! References to variables, `#{namespace.name}`, that CodePipeline has left as they are.
//!
//! It replaces what it can before the action starts. AWS-FACTS 4.4.

use crate::text::excerpt;

/// The first reference in a text, as it is written.
pub(super) fn reference(text: &str) -> Option<&str> {
    let from = text.find("#{")?;
    let rest = &text[from..];
    Some(match rest.find('}') {
        Some(end) => &rest[..=end],
        None => rest,
    })
}

/// What is wrong with a reference that was not replaced, and what to do.
pub(super) fn explained(reference: &str) -> (String, String) {
    let shown = excerpt(reference, 120);
    let message = format!("CodePipeline has put no value in the place of `{shown}`");
    let inner = reference
        .strip_prefix("#{")
        .and_then(|inner| inner.strip_suffix('}'));
    let hint = match inner.and_then(|inner| inner.split_once('.')) {
        Some(("variables", name)) if !name.is_empty() => format!(
            "the pipeline has to be of type V2 and declare the variable `{}`",
            excerpt(name, 120)
        ),
        Some(("codepipeline", "PipelineExecutionId")) => {
            "write it into the action itself: what a variable's value refers to is not looked up"
                .to_owned()
        }
        Some(("codepipeline", _)) => {
            "of this namespace there is only `#{codepipeline.PipelineExecutionId}`".to_owned()
        }
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            let own = ["variables", "codepipeline"];
            match own.iter().find(|it| it.eq_ignore_ascii_case(namespace)) {
                Some(own) => format!("write `#{{{own}.{}}}`", excerpt(name, 120)),
                None => format!(
                    "the action that puts out `{}` needs `namespace: {}`, and has to be in an \
                     earlier stage than this action, or have a lower run order",
                    excerpt(name, 120),
                    excerpt(namespace, 120)
                ),
            }
        }
        _ => "a reference is written `#{namespace.name}`, such as `#{variables.tag}`".to_owned(),
    };
    (message, hint)
}
