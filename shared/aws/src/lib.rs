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
    ///
    /// `endpoint_url` gives the endpoint of one service, by the name that follows
    /// `AWS_ENDPOINT_URL_` (`ECS`, `CODEDEPLOY`, `ECR`, `DYNAMODB`, `ELASTIC_LOAD_BALANCING_V2`,
    /// `EVENTBRIDGE`), where it differs from the configuration's.
    pub fn new(config: &SdkConfig, endpoint_url: impl Fn(&str) -> Option<String>) -> Self {
        macro_rules! client {
            ($sdk:ident, $service:literal) => {{
                let mut builder = $sdk::config::Builder::from(config);
                if let Some(url) = endpoint_url($service) {
                    builder = builder.endpoint_url(url);
                }
                $sdk::Client::from_conf(builder.build())
            }};
        }
        Self {
            ecr: client!(aws_sdk_ecr, "ECR"),
            ecs: client!(aws_sdk_ecs, "ECS"),
            codedeploy: client!(aws_sdk_codedeploy, "CODEDEPLOY"),
            elbv2: client!(aws_sdk_elasticloadbalancingv2, "ELASTIC_LOAD_BALANCING_V2"),
            dynamodb: client!(aws_sdk_dynamodb, "DYNAMODB"),
            eventbridge: client!(aws_sdk_eventbridge, "EVENTBRIDGE"),
        }
    }
}

/// An SDK timestamp as the project's own.
fn timestamp(sdk: &aws_smithy_types::DateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(sdk.secs(), i32::try_from(sdk.subsec_nanos()).ok()?).ok()
}
