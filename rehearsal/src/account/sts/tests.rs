//! Assuming roles, with AWS's own SDK.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::create_role;
use crate::account::{Account, Settings};

const ROLE: &str = "arn:aws:iam::210987654321:role/deploy/greenlight-deployer";

fn config(account: &Account, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
        .build()
}

fn with_key(account: &Account, key: &str) -> SdkConfig {
    config(account, Credentials::new(key, "secret", None, None, "test"))
}

/// Credentials of the role, as `caller` gets them.
async fn assume(account: &Account, key: &str) -> Result<Credentials, String> {
    let sts = aws_sdk_sts::Client::new(&with_key(account, key));
    let assumed = sts
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("greenlight")
        .send()
        .await
        .map_err(|error| {
            error
                .into_service_error()
                .meta()
                .code()
                .unwrap_or_default()
                .to_owned()
        })?;
    let it = assumed.credentials().unwrap();
    let expires = std::time::SystemTime::try_from(*it.expiration()).unwrap();
    Ok(Credentials::new(
        it.access_key_id(),
        it.secret_access_key(),
        Some(it.session_token().to_owned()),
        Some(expires),
        "test",
    ))
}

#[tokio::test(start_paused = true)]
async fn what_a_role_does_is_journalled_under_its_name() {
    let account = Account::new(Settings::for_tests());
    let key = account.add_caller("DeployOnPush");
    create_role(&account, ROLE, &["DeployOnPush"]).unwrap();
    let credentials = assume(&account, &key).await.unwrap();
    let sdk = config(&account, credentials);
    let identity = aws_sdk_sts::Client::new(&sdk)
        .get_caller_identity()
        .send()
        .await
        .unwrap();
    assert_eq!(identity.account(), Some("210987654321"));
    assert_eq!(
        identity.arn(),
        Some("arn:aws:sts::210987654321:assumed-role/greenlight-deployer/greenlight")
    );
    account.deny("role:greenlight-deployer", "ecs:ListTasks");
    let ecs = aws_sdk_ecs::Client::new(&sdk);
    let denied = ecs.list_tasks().cluster("mco").send().await.unwrap_err();
    let denied = denied.into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"));
    let calls = account.journal().calls();
    let callers: Vec<&str> = calls.iter().map(|call| call.caller.as_str()).collect();
    let role = "role:greenlight-deployer";
    assert_eq!(callers, ["DeployOnPush", role, role]);
    assert_eq!(calls[0].request["RoleSessionName"], "greenlight");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_there_and_one_that_does_not_trust_are_the_same_refusal() {
    let account = Account::new(Settings::for_tests());
    let key = account.add_caller("DeployOnPush");
    assert_eq!(assume(&account, &key).await.unwrap_err(), "AccessDenied");
    create_role(&account, ROLE, &["RecordDeployment"]).unwrap();
    assert_eq!(assume(&account, &key).await.unwrap_err(), "AccessDenied");
    create_role(&account, ROLE, &["DeployOnPush"]).unwrap();
    account.deny("DeployOnPush", "sts:AssumeRole");
    assert_eq!(assume(&account, &key).await.unwrap_err(), "AccessDenied");
    assert!(create_role(&account, "arn:aws:iam::123456789012:user/x", &[]).is_err());
}

#[tokio::test(start_paused = true)]
async fn credentials_of_a_role_end_after_an_hour_and_need_their_token() {
    let account = Account::new(Settings::for_tests());
    let key = account.add_caller("DeployOnPush");
    create_role(&account, ROLE, &["DeployOnPush"]).unwrap();
    let credentials = assume(&account, &key).await.unwrap();
    let hour = Duration::from_hours(1);
    let ends = account.clock().now().saturating_add(hour).unwrap();
    let expiry = credentials.expiry().unwrap();
    assert_eq!(
        expiry
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
        u64::try_from(ends.as_second()).unwrap()
    );

    // Expiry is the account's to notice, not the SDK's.
    let key = credentials.access_key_id();
    let token = credentials.session_token().map(str::to_owned);
    let lasting = Credentials::new(key, "secret", token, None, "test");
    let identity = |credentials: Credentials| {
        let sts = aws_sdk_sts::Client::new(&config(&account, credentials));
        async move { sts.get_caller_identity().send().await }
    };
    identity(lasting.clone()).await.unwrap();
    let bare = Credentials::new(key, "secret", None, None, "test");
    let error = identity(bare).await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("InvalidClientTokenId"));
    account.clock().sleep(hour).await;
    let error = identity(lasting.clone())
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(error.meta().code(), Some("ExpiredToken"));
    // Also when the next session has pushed it out of memory.
    assume(&account, &account.add_caller("DeployOnPush"))
        .await
        .unwrap();
    let ecs = aws_sdk_ecs::Client::new(&config(&account, lasting));
    let error = ecs
        .list_tasks()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(error.meta().code(), Some("ExpiredTokenException"));
}
