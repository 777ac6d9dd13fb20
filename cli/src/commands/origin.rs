//! Who asked for a deployment, in the commands' output.

use greenlight_core::record::Origin;

/// Who, or what, it came from.
pub(super) fn by(origin: &Origin) -> String {
    match origin {
        Origin::Push => "push".to_owned(),
        Origin::Person { by } => by.clone(),
        Origin::Pipeline {
            pipeline: Some(pipeline),
            ..
        } => format!("pipeline {pipeline}"),
        Origin::Pipeline { .. } => "a pipeline".to_owned(),
        Origin::Rollback { of } => format!("rollback of {of}"),
        Origin::Elsewhere { creator } => creator.clone(),
        Origin::Adopted => "adopted".to_owned(),
    }
}
