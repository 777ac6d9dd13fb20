//! The services that the account simulates: their names, and how they are spoken to (AWS-FACTS 0).

/// A service that the account simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    CloudWatch,
    CodeDeploy,
    CodePipeline,
    DynamoDb,
    Ecr,
    Ecs,
    Elb,
    Events,
    Iam,
    Lambda,
    Logs,
    S3,
    SecretsManager,
    Sqs,
    Ssm,
    Sts,
}

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Json,
    /// JSON or CBOR, but errors have the names and statuses that they had when it was a form and XML.
    QueryCompatible,
    /// A form and XML, whose namespace this is.
    Query(&'static str),
    /// Methods and paths, and XML.
    Rest,
    /// Methods and paths, and JSON.
    RestJson,
}

impl Service {
    pub(super) const ALL: [Self; 15] = [
        Self::CloudWatch,
        Self::CodeDeploy,
        Self::CodePipeline,
        Self::DynamoDb,
        Self::Ecr,
        Self::Ecs,
        Self::Elb,
        Self::Events,
        Self::Iam,
        Self::Lambda,
        Self::Logs,
        Self::S3,
        Self::SecretsManager,
        Self::Sqs,
        Self::Ssm,
        Self::Sts,
    ];

    /// The service's name in the protocols that have operations: what comes before the dot in
    /// `X-Amz-Target`, and in the path of Smithy RPC.
    pub(super) const fn shape(self) -> &'static str {
        match self {
            Self::CloudWatch => "GraniteServiceVersion20100801",
            Self::CodeDeploy => "CodeDeploy_20141006",
            Self::CodePipeline => "CodePipeline_20150709",
            Self::DynamoDb => "DynamoDB_20120810",
            Self::Ecr => "AmazonEC2ContainerRegistry_V20150921",
            Self::Ecs => "AmazonEC2ContainerServiceV20141113",
            Self::Events => "AWSEvents",
            Self::Logs => "Logs_20140328",
            Self::SecretsManager => "secretsmanager",
            Self::Sqs => "AmazonSQS",
            Self::Ssm => "AmazonSSM",
            Self::Elb | Self::Iam | Self::Lambda | Self::S3 | Self::Sts => "",
        }
    }

    /// The service of such a name.
    pub(super) fn of_shape(shape: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|service| service.shape() == shape && !shape.is_empty())
    }

    /// Whether it takes Smithy RPC v2 CBOR beside JSON.
    pub(super) const fn speaks_cbor(self) -> bool {
        matches!(
            self,
            Self::CloudWatch | Self::CodeDeploy | Self::CodePipeline
        )
    }

    /// botocore's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CloudWatch => "cloudwatch",
            Self::CodeDeploy => "codedeploy",
            Self::CodePipeline => "codepipeline",
            Self::DynamoDb => "dynamodb",
            Self::Ecr => "ecr",
            Self::Ecs => "ecs",
            Self::Elb => "elbv2",
            Self::Events => "events",
            Self::Iam => "iam",
            Self::Lambda => "lambda",
            Self::Logs => "logs",
            Self::S3 => "s3",
            Self::SecretsManager => "secretsmanager",
            Self::Sqs => "sqs",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }

    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::CloudWatch | Self::Sqs => Protocol::QueryCompatible,
            Self::Elb => {
                Protocol::Query("http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/")
            }
            Self::Iam => Protocol::Query("https://iam.amazonaws.com/doc/2010-05-08/"),
            Self::Sts => Protocol::Query("https://sts.amazonaws.com/doc/2011-06-15/"),
            Self::S3 => Protocol::Rest,
            Self::Lambda => Protocol::RestJson,
            _ => Protocol::Json,
        }
    }

    /// The prefix of IAM's actions.
    pub(super) const fn iam(self) -> &'static str {
        match self {
            Self::Elb => "elasticloadbalancing",
            other => other.name(),
        }
    }
}
