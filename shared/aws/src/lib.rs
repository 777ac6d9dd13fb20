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
use std::sync::{Arc, LazyLock};

pub use error::{AwsError, Kind, chain};

/// The AWS clients, which share one HTTP client, its connections and its trust store.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Amazon ECR.
    pub ecr: Lazy<aws_sdk_ecr::Client>,
    /// Amazon ECS.
    pub ecs: Lazy<aws_sdk_ecs::Client>,
    /// AWS CodeDeploy.
    pub codedeploy: Lazy<aws_sdk_codedeploy::Client>,
    /// Elastic Load Balancing.
    pub elbv2: Lazy<aws_sdk_elasticloadbalancingv2::Client>,
    /// Amazon DynamoDB.
    pub dynamodb: Lazy<aws_sdk_dynamodb::Client>,
    /// Amazon EventBridge.
    pub eventbridge: Lazy<aws_sdk_eventbridge::Client>,
}

/// A client that is built when it is first used: building all six would be a quarter of a cold start
/// (docs/startup.md), and most events need one or two.
pub type Lazy<C> = Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send>>>;

impl Clients {
    /// The clients of this configuration. Nothing is sent, looked up or read.
    pub fn new(config: &SdkConfig) -> Self {
        let config = Arc::new(config.clone());
        Self {
            ecr: lazy(&config, aws_sdk_ecr::Client::new),
            ecs: lazy(&config, aws_sdk_ecs::Client::new),
            codedeploy: lazy(&config, aws_sdk_codedeploy::Client::new),
            elbv2: lazy(&config, aws_sdk_elasticloadbalancingv2::Client::new),
            dynamodb: lazy(&config, aws_sdk_dynamodb::Client::new),
            eventbridge: lazy(&config, aws_sdk_eventbridge::Client::new),
        }
    }
}

fn lazy<C: 'static>(config: &Arc<SdkConfig>, build: fn(&SdkConfig) -> C) -> Lazy<C> {
    let config = Arc::clone(config);
    Arc::new(LazyLock::new(Box::new(move || build(&config))))
}

/// An SDK timestamp as the project's own.
fn timestamp(sdk: &aws_smithy_types::DateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(sdk.secs(), i32::try_from(sdk.subsec_nanos()).ok()?).ok()
}
