//! Who asked for a deployment, in the commands' output.

use greenlight_core::record::Origin;

use crate::columns::printable;

/// Who, or what, it came from.
pub(super) fn by(origin: &Origin) -> String {
    match origin {
        Origin::Push => "push".to_owned(),
        Origin::Person {
            by,
            overrides: None,
        } => by.clone(),
        Origin::Person { by, .. } => format!("{by}, overriding"),
        Origin::Pipeline {
            pipeline: Some(pipeline),
            ..
        } => format!("pipeline {pipeline}"),
        // The jobs of Lambda actions do not tell the pipeline's name.
        Origin::Pipeline {
            execution: Some(execution),
            ..
        } => {
            let short = execution.split('-').next().unwrap_or_default();
            format!("pipeline execution {}", printable(short))
        }
        Origin::Pipeline { .. } => "a pipeline".to_owned(),
        Origin::Rollback { by: Some(by), .. } => format!("{by}, going back"),
        Origin::Rollback { of, by: None } => format!("rollback of {of}"),
        Origin::Elsewhere { creator } => creator.clone(),
        Origin::Adopted => "adopted".to_owned(),
    }
}

/// What a person has overridden, as a line.
pub(super) fn overridden(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Person {
            by,
            overrides: Some(what),
        } => Some(format!("{by} overrides: {what}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_named_or_else_its_execution() {
        let pipeline = |pipeline: Option<&str>, execution: Option<&str>| Origin::Pipeline {
            pipeline: pipeline.map(str::to_owned),
            execution: execution.map(str::to_owned),
        };
        let execution = Some("359dcdf3-1c53-e274-47a3-2df4387aeeba");
        assert_eq!(by(&pipeline(Some("api"), execution)), "pipeline api");
        assert_eq!(
            by(&pipeline(None, execution)),
            "pipeline execution 359dcdf3"
        );
        assert_eq!(by(&pipeline(None, None)), "a pipeline");
    }
}
