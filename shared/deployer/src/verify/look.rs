//! What an AWS call says of a thing: that it is there, that it is not, or that we must not look.

use greenlight_aws::{AwsError, Kind, Look as Seen, chain};
use greenlight_core::verification::{Lack, Look, Unseen};

/// The look of a call that knows what is not there, and what must not be seen.
pub(super) fn looked<T>(result: Result<Seen<T>, AwsError>, lack: Lack) -> Look<T> {
    match result {
        Ok(Seen::Found(found)) => Look::Found(found),
        Ok(Seen::Missing) => Look::Missing,
        Ok(Seen::Forbidden(reason)) => Look::Unseen(Unseen {
            reason,
            lacks: Some(lack),
        }),
        Err(error) => failed(&error, lack),
    }
}

/// The look of any other call.
pub(super) fn seen<T>(result: Result<T, AwsError>, lack: Lack) -> Look<T> {
    match result {
        Ok(found) => Look::Found(found),
        Err(error) => failed(&error, lack),
    }
}

fn failed<T>(error: &AwsError, lack: Lack) -> Look<T> {
    // ECS has no code of its own for a task definition that is not there.
    let is_definition = error.action == "ecs:DescribeTaskDefinition" && error.is("ClientException");
    if error.kind == Kind::NotFound || is_definition {
        return Look::Missing;
    }
    Look::Unseen(Unseen {
        reason: chain(error),
        lacks: (error.kind == Kind::Denied).then_some(lack),
    })
}
