//! The AWS clients: of this account and region, of another role, and of another region's ECR.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_sts::config::IdentityCache;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

use crate::sts::AssumedRole;

/// So many roles are kept, each with its clients and credentials.
const ROLES_LIMIT: usize = 32;
/// There are fewer regions than twice this.
const REGIONS_LIMIT: usize = 32;
/// A function may take a quarter of an hour; whoever waits for one gives it less.
const INVOCATION: Duration = Duration::from_mins(15);
/// Credentials are renewed so long before they expire, as a function may have begun with them.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// The AWS clients, which share one HTTP client, its connections and its trust store.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Amazon ECR, in the region of all the others.
    pub ecr: Lazy<aws_sdk_ecr::Client>,
    /// Amazon CloudWatch: metrics and alarms.
    pub cloudwatch: Lazy<aws_sdk_cloudwatch::Client>,
    /// Amazon ECS.
    pub ecs: Lazy<aws_sdk_ecs::Client>,
    /// AWS CodeDeploy.
    pub codedeploy: Lazy<aws_sdk_codedeploy::Client>,
    /// AWS CodePipeline.
    pub codepipeline: Lazy<aws_sdk_codepipeline::Client>,
    /// Elastic Load Balancing.
    pub elbv2: Lazy<aws_sdk_elasticloadbalancingv2::Client>,
    /// AWS Lambda, for functions that take minutes.
    pub lambda: Lazy<aws_sdk_lambda::Client>,
    /// Amazon CloudWatch Logs.
    pub logs: Lazy<aws_sdk_cloudwatchlogs::Client>,
    /// Amazon S3.
    pub s3: Lazy<aws_sdk_s3::Client>,
    /// AWS Systems Manager: of the home clients only, as the table is.
    pub ssm: Lazy<aws_sdk_ssm::Client>,
    /// AWS STS.
    pub sts: Lazy<aws_sdk_sts::Client>,
    /// Amazon DynamoDB: of the home clients only, since Greenlight's table is at home.
    pub dynamodb: Lazy<aws_sdk_dynamodb::Client>,
    /// Amazon EventBridge: of the home clients only, as the table is.
    pub eventbridge: Lazy<aws_sdk_eventbridge::Client>,
    config: Arc<SdkConfig>,
    roles: Kept<Clients>,
    regions: Kept<Lazy<aws_sdk_ecr::Client>>,
}

/// A client that is built when it is first used: building six of them was a quarter of a cold start
/// (docs/startup.md), and most events need one or two.
pub type Lazy<C> = Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send>>>;

impl Clients {
    /// The clients of this configuration. Nothing is sent, looked up or read.
    pub fn new(config: &SdkConfig) -> Self {
        let config = Arc::new(config.clone());
        Self {
            ecr: lazy(&config, aws_sdk_ecr::Client::new),
            cloudwatch: lazy(&config, aws_sdk_cloudwatch::Client::new),
            ecs: lazy(&config, aws_sdk_ecs::Client::new),
            codedeploy: lazy(&config, aws_sdk_codedeploy::Client::new),
            codepipeline: lazy(&config, aws_sdk_codepipeline::Client::new),
            elbv2: lazy(&config, aws_sdk_elasticloadbalancingv2::Client::new),
            lambda: lazy(&config, lambda),
            logs: lazy(&config, aws_sdk_cloudwatchlogs::Client::new),
            s3: lazy(&config, s3),
            ssm: lazy(&config, aws_sdk_ssm::Client::new),
            sts: lazy(&config, aws_sdk_sts::Client::new),
            dynamodb: lazy(&config, aws_sdk_dynamodb::Client::new),
            eventbridge: lazy(&config, aws_sdk_eventbridge::Client::new),
            config,
            roles: Kept::up_to(ROLES_LIMIT),
            regions: Kept::up_to(REGIONS_LIMIT),
        }
    }

    /// A client of AWS IAM. It is no field, so that it is linked only where roles are looked at.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config)
    }

    /// A client of AWS Secrets Manager, as [`iam`](Self::iam) is one.
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// A client of Amazon SQS, as [`iam`](Self::iam) is one.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// A client of AWS Lambda for calls that are answered at once, and may be made again.
    pub(crate) fn lambda_to_look(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    /// The clients of another region, with the same credentials: what a document names by its ARN need not be in
    /// this one. Nothing of them is kept.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        if self.are_of(region) {
            return self.clone();
        }
        let config = self.config.to_builder();
        Self::new(&config.region(Region::new(region.to_owned())).build())
    }

    /// The clients of the role `role_arn`, which is assumed when one of them first needs credentials
    /// and again when they near their expiry. Asked for a second time, the same role gives the same
    /// clients, under the session name of the first.
    #[must_use]
    pub fn assuming(&self, role_arn: &str, session: &str) -> Self {
        self.roles.get(role_arn, || {
            let role = AssumedRole {
                sts: Arc::clone(&self.sts),
                role_arn: role_arn.to_owned(),
                session: session.to_owned(),
            };
            // One cache for the clients of the role: otherwise each would assume it for itself.
            let cache = IdentityCache::lazy().buffer_time(RENEW_BEFORE).build();
            let config = self
                .config
                .to_builder()
                .credentials_provider(SharedCredentialsProvider::new(role))
                .identity_cache(cache)
                .build();
            Self::new(&config)
        })
    }

    /// The S3 client for somebody else's credentials. Nothing of it is kept: they are for one job.
    pub(crate) fn s3_with(&self, credentials: Credentials) -> aws_sdk_s3::Client {
        let config = self
            .config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::no_cache())
            .build();
        s3(&config)
    }

    /// The one endpoint of all services, where there is one in the place of AWS's own.
    pub fn endpoint_url(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// Whether these are the clients of `region`.
    pub fn are_of(&self, region: &str) -> bool {
        self.config.region().map(AsRef::as_ref) == Some(region)
    }

    /// The ECR client of `region`.
    pub fn ecr_in(&self, region: &str) -> Lazy<aws_sdk_ecr::Client> {
        if self.are_of(region) {
            return Arc::clone(&self.ecr);
        }
        self.regions.get(region, || {
            let config = self.config.to_builder();
            let config = config.region(Region::new(region.to_owned())).build();
            lazy(&Arc::new(config), aws_sdk_ecr::Client::new)
        })
    }
}

fn lazy<C: 'static>(config: &Arc<SdkConfig>, build: fn(&SdkConfig) -> C) -> Lazy<C> {
    let config = Arc::clone(config);
    Arc::new(LazyLock::new(Box::new(move || build(&config))))
}

/// A bucket in the path, not in the host: its name may hold dots, for which no certificate fits, and
/// an endpoint of one's own has no hosts for buckets.
fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config);
    aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
}

/// An invocation lasts as long as its function does, so it has other limits of time than all other calls.
/// It is not tried again either: where an answer is lost, the function has run, and would run twice.
fn lambda(config: &SdkConfig) -> aws_sdk_lambda::Client {
    let timeouts = config
        .timeout_config()
        .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder)
        .read_timeout(INVOCATION)
        .operation_attempt_timeout(INVOCATION)
        .operation_timeout(INVOCATION)
        .build();
    let config = aws_sdk_lambda::config::Builder::from(config)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled());
    aws_sdk_lambda::Client::from_conf(config.build())
}

/// The last few things that were made, by name; the oldest goes first.
#[derive(Debug, Clone)]
struct Kept<T> {
    things: Arc<Mutex<VecDeque<(String, T)>>>,
    limit: usize,
}

impl<T: Clone> Kept<T> {
    fn up_to(limit: usize) -> Self {
        Self {
            things: Arc::default(),
            limit,
        }
    }

    fn get(&self, name: &str, make: impl FnOnce() -> T) -> T {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, thing)) = things.iter().find(|(known, _)| known == name) {
            return thing.clone();
        }
        let thing = make();
        if things.len() >= self.limit {
            things.pop_front();
        }
        things.push_back((name.to_owned(), thing.clone()));
        thing
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        AwsError, Kind, chain, ecs,
        scripted::{Scripted, run},
    };

    const ROLE: &str = "arn:aws:iam::210987654321:role/deployer";

    fn credentials(expiration: &str) -> String {
        format!(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>{expiration}</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
    }

    fn look(clients: &Clients) -> Result<ecs::Service, AwsError> {
        run(ecs::service(clients, "mco", "api"))
    }

    #[test]
    fn a_role_is_assumed_once_for_all_its_clients() {
        let aws = Scripted::default();
        let home = aws.clients();
        let role = home.assuming(ROLE, "greenlight");
        aws.answer(200, credentials("2099-01-01T00:00:00Z"));
        aws.answer_json(&json!({ "services": [{ "status": "ACTIVE" }] }));
        aws.answer_json(&json!({ "services": [{ "status": "ACTIVE" }] }));
        aws.answer_json(&json!({}));
        look(&role).unwrap();
        look(&home.assuming(ROLE, "greenlight")).unwrap();
        run(crate::codedeploy::stop_deployment(&role, "d-1")).unwrap();
        let sent = aws.sent();
        assert_eq!(sent.len(), 4);
        assert!(sent[0].body.contains("Action=AssumeRole"), "{sent:?}");
        assert!(sent[0].body.contains("role%2Fdeployer"), "{sent:?}");
        assert!(sent[0].body.contains("DurationSeconds=3600"), "{sent:?}");
        assert!(sent[0].authorization.contains("Credential=HOME/"));
        for sent in &sent[1..] {
            assert!(sent.authorization.contains("Credential=ASSUMED/"));
        }
    }

    #[test]
    fn credentials_that_near_their_expiry_are_renewed() {
        let aws = Scripted::default();
        let role = aws.clients().assuming(ROLE, "greenlight");
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(2);
        for _ in 0..2 {
            aws.answer(200, credentials(&soon.to_string()));
            aws.answer_json(&json!({ "services": [{ "status": "ACTIVE" }] }));
            look(&role).unwrap();
        }
        assert_eq!(aws.sent().len(), 4);
    }

    #[test]
    fn a_role_that_must_not_be_assumed_is_named_with_the_call_that_needed_it() {
        let aws = Scripted::default();
        aws.answer(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
             <Message>not authorized</Message></Error></ErrorResponse>",
        );
        let error = look(&aws.clients().assuming(ROLE, "greenlight")).unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        assert!(!error.is_retryable());
        assert!(error.is("AccessDenied"));
        assert_eq!(
            chain(&error),
            format!(
                "`sts:AssumeRole` failed for the role `{ROLE}`: AccessDenied: not authorized (needed \
                 for `ecs:DescribeServices` on the ECS service `api` in cluster `mco`)"
            )
        );
        assert_eq!(
            error.hint().unwrap(),
            format!(
                "allow `sts:AssumeRole` on the role `{ROLE}` in the policy of the role that calls, \
                 and name that role in the trust policy of this one"
            )
        );
        assert_eq!(aws.sent().len(), 1);
    }

    #[test]
    fn a_role_that_cannot_be_assumed_now_can_be_assumed_later() {
        let aws = Scripted::default();
        let role = aws.clients().assuming(ROLE, "greenlight");
        aws.answer(503, "<ErrorResponse/>");
        let error = look(&role).unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        assert_eq!(error.action, "sts:AssumeRole");
        aws.answer(200, credentials("2099-01-01T00:00:00Z"));
        aws.answer_json(&json!({ "services": [{ "status": "ACTIVE" }] }));
        look(&role).unwrap();
    }

    #[test]
    fn a_region_has_one_client_and_the_home_region_has_the_usual_one() {
        let clients = Scripted::default().clients();
        assert!(Arc::ptr_eq(&clients.ecr_in("eu-west-1"), &clients.ecr));
        let elsewhere = clients.ecr_in("us-east-1");
        assert!(!Arc::ptr_eq(&elsewhere, &clients.ecr));
        assert!(Arc::ptr_eq(
            &elsewhere,
            &clients.clone().ecr_in("us-east-1")
        ));
    }

    #[test]
    fn the_clients_of_another_region_sign_for_it() {
        let aws = Scripted::default();
        let clients = aws.clients();
        assert!(clients.in_region("eu-west-1").are_of("eu-west-1"));
        aws.answer_json(&json!({ "services": [{ "status": "ACTIVE" }] }));
        look(&clients.in_region("us-east-1")).unwrap();
        let signed = &aws.sent()[0].authorization;
        assert!(
            signed.contains("HOME/") && signed.contains("/us-east-1/ecs/"),
            "{signed}"
        );
    }

    #[test]
    fn of_the_things_kept_the_oldest_goes_first() {
        let kept = Kept::up_to(2);
        for name in ["a", "b", "c"] {
            kept.get(name, || name.to_owned());
        }
        assert_eq!(kept.get("b", || "made again".to_owned()), "b");
        assert_eq!(kept.get("a", || "made again".to_owned()), "made again");
        assert_eq!(kept.things.lock().unwrap().len(), 2);
    }
}
