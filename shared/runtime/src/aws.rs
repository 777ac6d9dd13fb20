//! How the AWS clients are set up: region, credentials, endpoints, retries and time limits.
//!
//! The environment alone is asked. `aws-config` would add 0.8 MB of providers (profiles, single sign-on,
//! instance metadata) that a Lambda function never uses. The clients themselves are made by `greenlight-aws`.

use crate::config::AwsConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a call is tried. A function's own retry, from its queue or by Lambda, comes on top.
const ATTEMPTS: u32 = 3;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(8);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// What every AWS client is made from.
pub fn sdk_config(config: &AwsConfig, http: SharedHttpClient) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(config.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(config.credentials.clone()))
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .service_config(ServiceEndpoints(config.service_endpoint_urls.clone()));
    builder.set_endpoint_url(config.endpoint_url.clone());
    builder.build()
}

/// Answers a client that asks whether its service has an endpoint of its own.
#[derive(Debug)]
struct ServiceEndpoints(BTreeMap<String, String>);

impl LoadServiceConfig for ServiceEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.env() != crate::environment::ENDPOINT_URL.name {
            return None;
        }
        // "Elastic Load Balancing v2" is asked for as AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2.
        let suffix = key.service_id().to_uppercase().replace([' ', '-'], "_");
        self.0.get(&suffix).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_own_endpoint_is_found_by_the_services_id_in_capitals() {
        let url = "http://127.0.0.1:1".to_owned();
        let endpoints = ServiceEndpoints(BTreeMap::from([(
            "ELASTIC_LOAD_BALANCING_V2".to_owned(),
            url.clone(),
        )]));
        let asked = |service_id, env| {
            let key = ServiceConfigKey::builder()
                .service_id(service_id)
                .env(env)
                .profile("endpoint_url");
            endpoints.load_config(key.build().unwrap())
        };
        assert_eq!(
            asked("Elastic Load Balancing v2", "AWS_ENDPOINT_URL"),
            Some(url)
        );
        assert_eq!(asked("ECS", "AWS_ENDPOINT_URL"), None);
        assert_eq!(
            asked("Elastic Load Balancing v2", "AWS_SOMETHING_ELSE"),
            None
        );
    }
}
