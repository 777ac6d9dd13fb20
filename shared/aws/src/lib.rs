//! The only code of Greenlight that calls AWS: one module per service.
//!
//! A function here is one AWS call (or one listing to its end) and gives plain data; what the answer
//! means is decided in `greenlight-core`, and the order of the calls in `greenlight-deployer`.
//! Errors are classified once, here, as [`AwsError`].

pub mod codedeploy;
pub mod ecr;
pub mod ecs;
pub mod elbv2;
mod error;
pub mod eventbridge;
mod raw_document;
pub mod table;

use aws_types::SdkConfig;

pub use error::{AwsError, Kind, chain};

/// The AWS clients, which share one HTTP client, its connections and its trust store.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Amazon ECR.
    pub ecr: aws_sdk_ecr::Client,
    /// Amazon ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// AWS CodeDeploy.
    pub codedeploy: aws_sdk_codedeploy::Client,
    /// Elastic Load Balancing.
    pub elbv2: aws_sdk_elasticloadbalancingv2::Client,
    /// Amazon DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Amazon EventBridge.
    pub eventbridge: aws_sdk_eventbridge::Client,
}

impl Clients {
    /// Builds the clients. Nothing is sent, looked up or read.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            ecr: aws_sdk_ecr::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            codedeploy: aws_sdk_codedeploy::Client::new(config),
            elbv2: aws_sdk_elasticloadbalancingv2::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            eventbridge: aws_sdk_eventbridge::Client::new(config),
        }
    }
}

/// An SDK timestamp as the project's own.
fn timestamp(sdk: &aws_smithy_types::DateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(sdk.secs(), i32::try_from(sdk.subsec_nanos()).ok()?).ok()
}
