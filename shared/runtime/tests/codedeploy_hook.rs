//! How a hook's answer looks on the wire, and what becomes of CodeDeploy's refusals. In virtual time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use greenlight_aws::codedeploy::HookAnswer;
use greenlight_aws::{AwsError, Clients};
use greenlight_runtime::aws::sdk_config;
use greenlight_runtime::config::{AwsConfig, Variables};
use greenlight_runtime::logging::chain;
use greenlight_runtime::must_answer::{
    Answered, CodeDeployHook, HookVerdict, Unanswered, must_answer,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What CodeDeploy answers to one request: a status and a body, or nothing.
type Reply = Option<(u16, &'static str)>;

/// Answers requests in order, and remembers their operations and bodies.
#[derive(Debug, Clone, Default)]
struct Wire {
    replies: Arc<Mutex<Vec<Reply>>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request
            .headers()
            .get("x-amz-target")
            .unwrap_or_default()
            .to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.requests.lock().unwrap().push((operation, body));
        HttpConnectorFuture::ready(match self.replies.lock().unwrap().pop() {
            Some(Some((status, body))) => Ok(HttpResponse::new(
                status.try_into().unwrap(),
                SdkBody::from(body),
            )),
            Some(None) => Err(ConnectorError::io("connection reset".into())),
            None => Ok(HttpResponse::new(
                200.try_into().unwrap(),
                SdkBody::from("{}"),
            )),
        })
    }
}

/// Answers the sample hook with this verdict, while CodeDeploy replies so.
async fn answer(
    replies: &[Reply],
    verdict: HookVerdict,
) -> (
    Result<Answered<HookVerdict, Option<HookAnswer>>, Unanswered<AwsError>>,
    Vec<(String, Value)>,
) {
    let wire = Wire {
        replies: Arc::new(Mutex::new(replies.iter().rev().copied().collect())),
        ..Wire::default()
    };
    let variables: Variables = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let config = AwsConfig::parse(&variables).unwrap();
    let clients = Clients::new(&sdk_config(&config, SharedHttpClient::new(wire.clone())));
    let payload: Value =
        serde_json::from_str(include_str!("../../../events/hook/codedeploy.json")).unwrap();
    let deadline = Instant::now() + Duration::from_mins(5);
    let answered = must_answer(&CodeDeployHook(&clients), &payload, deadline, |hook| {
        assert_eq!(hook.deployment_id, "d-A1B2C3D4E");
        async { verdict }
    })
    .await;
    let requests = wire.requests.lock().unwrap().clone();
    (answered, requests)
}

fn passed() -> HookVerdict {
    HookVerdict::Succeeded {
        summary: "passed".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_one_request_with_the_hooks_own_ids() {
    let failed = HookVerdict::Failed {
        message: "/health answered 500".to_owned(),
    };
    for (verdict, status) in [(passed(), "Succeeded"), (failed, "Failed")] {
        let (answered, requests) = answer(&[], verdict.clone()).await;
        let answered = answered.unwrap();
        assert_eq!(answered.answer, Some(HookAnswer::Taken));
        assert_eq!(answered.verdict, verdict);
        let [(operation, body)] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert_eq!(
            operation,
            "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
        );
        let event: Value =
            serde_json::from_str(include_str!("../../../events/hook/codedeploy.json")).unwrap();
        assert_eq!(
            *body,
            json!({
                "deploymentId": event["DeploymentId"],
                "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
                "status": status,
            })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_way_and_of_the_service_are_outlasted() {
    let unavailable = Some((500, r#"{"__type":"InternalFailure"}"#));
    let (answered, requests) = answer(
        &[None, unavailable, unavailable, None, None, unavailable],
        passed(),
    )
    .await;
    assert_eq!(answered.unwrap().answer, Some(HookAnswer::Taken));
    assert_eq!(requests.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_lifecycle_event_that_was_answered_before_is_not_an_error() {
    let completed = Some((
        400,
        r#"{"__type":"LifecycleEventAlreadyCompletedException","message":"completed"}"#,
    ));
    let (answered, requests) = answer(&[None, completed], passed()).await;
    assert_eq!(answered.unwrap().answer, Some(HookAnswer::AlreadyCompleted));
    assert_eq!(requests.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_error_that_names_the_call_and_is_not_repeated() {
    let denied = Some((
        400,
        r#"{"__type":"AccessDeniedException","message":"not authorized"}"#,
    ));
    let (answered, requests) = answer(&[denied], passed()).await;
    let error = answered.unwrap_err();
    assert!(matches!(error, Unanswered::Refused(_)), "{error:?}");
    let said = chain(&error);
    assert!(
        said.contains("codedeploy:PutLifecycleEventHookExecutionStatus"),
        "{said}"
    );
    assert!(said.contains("not authorized"), "{said}");
    assert_eq!(requests.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_goes_on_is_not_answered_yet() {
    let going_on = HookVerdict::InProgress {
        summary: "waits for 1 of 1 approvals".to_owned(),
        again_after: Duration::from_secs(30),
    };
    let (answered, requests) = answer(&[], going_on).await;
    assert_eq!(answered.unwrap().answer, None);
    assert!(requests.is_empty(), "{requests:?}");
}
