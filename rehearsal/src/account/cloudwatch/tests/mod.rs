//! Metrics and alarms, with AWS's own SDK in front of them.

mod alarms;
mod metrics;
mod wire;

use aws_credential_types::Credentials;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::BehaviorVersion;
use aws_types::region::Region;

use super::*;
use crate::account::Settings;

fn client(account: &Account, key: &str) -> Client {
    let config = aws_sdk_cloudwatch::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    Client::from_conf(config.build())
}
