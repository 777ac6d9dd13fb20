//! The only code of Greenlight that calls AWS: one module per service.
//!
//! A function here is one AWS call (or one listing to its end) and gives plain data; what the answer
//! means is decided in `greenlight-core`, and the order of the calls in `greenlight-deployer`.
//! Errors are classified once, here, as [`AwsError`].

mod clients;
pub mod cloudwatch;
pub mod codedeploy;
pub mod codepipeline;
pub mod ecr;
pub mod ecs;
pub mod elbv2;
mod error;
pub mod eventbridge;
pub mod iam;
pub mod lambda;
pub mod logs;
mod look;
mod raw_document;
pub mod s3;
#[cfg(test)]
mod scripted;
pub mod secrets;
pub mod sqs;
pub mod ssm;
pub mod sts;
pub mod table;

pub use clients::{Clients, Lazy};
pub use error::{AwsError, Kind, chain};
pub use look::Look;

/// An SDK timestamp as the project's own.
fn timestamp(sdk: &aws_smithy_types::DateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(sdk.secs(), i32::try_from(sdk.subsec_nanos()).ok()?).ok()
}

/// The project's timestamp as the SDK's, to the millisecond.
fn sdk_time(time: jiff::Timestamp) -> aws_smithy_types::DateTime {
    aws_smithy_types::DateTime::from_millis(time.as_millisecond())
}
