//! What CloudFormation does with a custom resource, whatever the function behind it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, StatusCode};
use serde_json::{Map, Value, json};

use super::*;
use crate::account::Settings;
use crate::account::functions::Invocation;
use crate::account::template::Choices;

const FUNCTION: &str = "Provider";

/// Answers a request, or keeps silent.
type Answers = Arc<dyn Fn(&Value) -> Option<Value> + Send + Sync>;

/// An account with a function that answers as it is told, and the requests that it got.
fn world(answers: Answers) -> (Account, Arc<Mutex<Vec<Value>>>) {
    let account = Account::new(Settings::for_tests());
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (kept, provider) = (asked.clone(), account.clone());
    let handler = move |invocation: Invocation| {
        let (kept, account, answers) = (kept.clone(), provider.clone(), answers.clone());
        async move {
            let request = invocation.payload;
            kept.lock().unwrap().push(request.clone());
            if let Some(answer) = answers(&request) {
                let url = request["ResponseURL"].as_str().unwrap();
                put(&account, url, answer.to_string()).await;
            }
            Ok(Value::Null)
        }
        .boxed()
    };
    account.functions().register(FUNCTION, Arc::new(handler));
    (account, asked)
}

async fn put(account: &Account, url: &str, body: String) -> StatusCode {
    let request = Request::put(url).body(Bytes::from(body)).unwrap();
    let uri = request.uri().clone();
    account.request(uri, request).await.unwrap().status()
}

fn answer(request: &Value, more: &Value) -> Value {
    let mut answer =
        json!({"Status": "SUCCESS", "PhysicalResourceId": request["ResourceProperties"]["Name"]});
    for key in ["StackId", "RequestId", "LogicalResourceId"] {
        answer[key] = request[key].clone();
    }
    for (key, value) in more.as_object().unwrap() {
        answer[key] = value.clone();
    }
    answer
}

fn obedient() -> Answers {
    Arc::new(|request| {
        let is_bad = request["ResourceProperties"]["Bad"] == "true";
        let is_bad = is_bad && request["RequestType"] != "Delete";
        let failed =
            json!({"Status": "FAILED", "Reason": "it is bad", "PhysicalResourceId": "none"});
        let more = if is_bad { failed } else { json!({}) };
        Some(answer(request, &more))
    })
}

/// A stack with one resource for each name, and whether it is bad.
fn text(resources: &[(&str, &str, bool)]) -> String {
    let resources = resources.iter().map(|(id, name, bad)| {
        let token = "arn:aws:lambda:eu-west-1:123456789012:function:Provider";
        (
            (*id).to_owned(),
            json!({"Type": "Custom::Thing", "Properties": {
                "ServiceToken": token, "ServiceTimeout": 60, "Name": name, "Bad": bad,
            }}),
        )
    });
    json!({"Resources": resources.collect::<Map<_, _>>()}).to_string()
}

fn choices() -> Choices {
    Choices {
        names: BTreeMap::new(),
        ..Choices::of(&Settings::for_tests())
    }
}

fn told(asked: &Arc<Mutex<Vec<Value>>>) -> Vec<String> {
    let asked = asked.lock().unwrap();
    let told = asked.iter().map(|request| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let (kind, name) = (
            &request["RequestType"],
            &request["ResourceProperties"]["Name"],
        );
        let physical = &request["PhysicalResourceId"];
        format!("{} {} {}", text(kind), text(name), text(physical))
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_is_created_updated_replaced_and_deleted_with_texts_for_scalars() {
    let (account, asked) = world(obedient());
    let stacks = account.stacks();
    stacks
        .create("s", &text(&[("A", "a", false)]), &choices())
        .await
        .unwrap();
    assert_eq!(stacks.physical_id("s", "A").as_deref(), Some("a"));
    stacks
        .update("s", &text(&[("A", "a", false)]), &choices())
        .await
        .unwrap();
    stacks
        .update("s", &text(&[("A", "b", false)]), &choices())
        .await
        .unwrap();
    stacks.delete("s").await.unwrap();
    assert_eq!(
        told(&asked),
        ["Create a -", "Update b a", "Delete a a", "Delete b b"]
    );
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0]["ResourceProperties"]["Bad"], "false");
    assert_eq!(asked[0]["ResourceProperties"]["ServiceTimeout"], "60");
    assert_eq!(asked[1]["OldResourceProperties"]["Name"], "a");
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_rolled_back_the_newest_first() {
    let (account, asked) = world(obedient());
    let stacks = account.stacks();
    let bad = text(&[("A", "a", false), ("B", "b", true)]);
    let failure = stacks.create("s", &bad, &choices()).await.unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("B: Received response status [FAILED]")
    );
    assert!(failure.to_string().contains("it is bad"));
    assert_eq!(
        told(&asked),
        ["Create a -", "Create b -", "Delete b none", "Delete a a"]
    );
    asked.lock().unwrap().clear();

    let good = text(&[("A", "a", false), ("B", "b", false)]);
    stacks.create("s", &good, &choices()).await.unwrap();
    let worse = text(&[("A", "c", false), ("B", "b", true)]);
    stacks.update("s", &worse, &choices()).await.unwrap_err();
    assert_eq!(
        told(&asked),
        [
            "Create a -",
            "Create b -",
            "Update c a",
            "Update b b",
            "Update b b",
            "Update a c",
            "Delete c c"
        ]
    );
    assert_eq!(stacks.physical_id("s", "A").as_deref(), Some("a"));
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_or_with_a_wrong_one_the_resource_fails() {
    let silent: Answers = Arc::new(|_| None);
    let cases: [(Answers, &str); 5] = [
        (silent, "did not receive a response"),
        (
            Arc::new(|it| Some(answer(it, &json!({"RequestId": "other"})))),
            "`RequestId` is missing or wrong",
        ),
        (
            Arc::new(|it| Some(answer(it, &json!({"PhysicalResourceId": ""})))),
            "Invalid PhysicalResourceId",
        ),
        (
            Arc::new(|it| Some(answer(it, &json!({"Status": "FAILED"})))),
            "`Reason` is missing or wrong",
        ),
        (
            Arc::new(|it| Some(answer(it, &json!({"Data": {"x": "y".repeat(4096)}})))),
            "too long",
        ),
    ];
    for (answers, expected) in cases {
        let (account, _) = world(answers);
        let stacks = account.stacks();
        let before = account.clock().now();
        let failure = stacks
            .create("s", &text(&[("A", "a", false)]), &choices())
            .await;
        let failure = failure.unwrap_err().to_string();
        assert!(failure.contains(expected), "{failure}");
        let took = account.clock().now().duration_since(before);
        // 60 s for the creation, and 60 s for the deletion.
        assert_eq!(
            took.as_secs() >= 120,
            expected.contains("receive"),
            "{took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_the_url_was_signed_for_is_taken_and_the_first_answer_counts() {
    let (account, _) = world(Arc::new(|_| None));
    let (url, receiver) = response_url::presign(&account, "arn:stack", "A", "r-1");
    let typed = Request::put(&url).header("content-type", "application/json");
    let typed = typed.body(Bytes::new()).unwrap();
    let uri = typed.uri().clone();
    assert_eq!(account.request(uri, typed).await.unwrap().status(), 403);
    let forged = url.replace("X-Amz-Signature=", "X-Amz-Signature=0");
    assert_eq!(put(&account, &forged, "forged".to_owned()).await, 403);
    assert_eq!(put(&account, &url, "first".to_owned()).await, 200);
    assert_eq!(put(&account, &url, "second".to_owned()).await, 200);
    assert_eq!(receiver.await.unwrap(), "first");
}

/// A stack of one service that ECS deploys by itself, with everything that is understood; parts are replaced by the test.
const OF_AWS: &str = r#"
Resources:
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: web}}
  Blue:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Name: blue, Port: 80, HealthCheckPath: /, HealthCheckIntervalSeconds: 10, HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2, UnhealthyThresholdCount: 2}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {LoadBalancerArn: !Ref Balancer, Port: 80, DefaultActions: [{Type: forward, TargetGroupArn: !Ref Blue}]}
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Conditions: [{Field: path-pattern, PathPatternConfig: {Values: ["/*"]}}]
      Actions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Blue, Weight: 1}]}}]
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {AlarmName: errors, Namespace: N, MetricName: M, Dimensions: [{Name: L, Value: !GetAtt Balancer.LoadBalancerFullName}],
      Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: GreaterThanThreshold,
      TreatMissingData: notBreaching}
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: mco}}
  Definition: {Type: AWS::ECS::TaskDefinition, Properties: {Family: web, ContainerDefinitions: [{Name: web, Image: x}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      ServiceName: web
      DesiredCount: 0
      TaskDefinition: !Ref Definition
      DeploymentConfiguration:
        Strategy: LINEAR
        BakeTimeInMinutes: 5
        LinearConfiguration: {StepPercent: 25, StepBakeTimeInMinutes: 1}
        LifecycleHooks:
          - {HookTargetArn: "arn:f", RoleArn: "arn:r", LifecycleStages: [POST_SCALE_UP]}
          - {TargetType: PAUSE, LifecycleStages: [PRE_PRODUCTION_TRAFFIC_SHIFT]}
"#;

#[tokio::test(start_paused = true)]
async fn a_service_is_deployed_as_its_file_says() {
    let account = Account::new(Settings::for_tests());
    account
        .stacks()
        .create("s", OF_AWS, &choices())
        .await
        .unwrap();
    let input = json!({"cluster": "mco", "services": ["web"]});
    let described = crate::account::ecs::handle(&account, "DescribeServices", input).unwrap();
    let configuration = &described["services"][0]["deploymentConfiguration"];
    assert_eq!(configuration["strategy"], "LINEAR");
    assert_eq!(configuration["linearConfiguration"]["stepPercent"], 25.0);
    let [asks, pauses] = &configuration["lifecycleHooks"].as_array().unwrap()[..] else {
        panic!("{configuration:#}");
    };
    assert_eq!(
        (&asks["hookTargetArn"], &asks["roleArn"]),
        (&json!("arn:f"), &json!("arn:r"))
    );
    assert_eq!(pauses["targetType"], "PAUSE");
    let alarms = json!({"AlarmNames": ["errors"]});
    let alarms = crate::account::cloudwatch::handle(&account, "DescribeAlarms", &alarms).unwrap();
    let dimension = &alarms["MetricAlarms"][0]["Dimensions"][0]["Value"];
    assert!(
        dimension.as_str().unwrap().starts_with("app/web/"),
        "{dimension}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_rehearsed_of_a_resource_is_refused_by_name() {
    for (right, wrong, part) in [
        ("LINEAR", "SLOWLY", "there is no strategy SLOWLY"),
        (
            "BakeTimeInMinutes: 5",
            "Other: 5",
            "BakeTimeInMinutes is missing",
        ),
        ("StepPercent: 25, ", "", "StepPercent is missing"),
        ("POST_SCALE_UP", "SOMETIMES", "no such lifecycle stage"),
        (r#"HookTargetArn: "arn:f", "#, "", "a hook has no function"),
        ("/*", "/api/*", "only a rule that forwards all paths"),
        (
            "ListenerArn: !Ref Listener",
            "ListenerArn: other",
            "it is no rule for other",
        ),
        (
            "GreaterThanThreshold",
            "LessThanThreshold",
            "Alarm.ComparisonOperator is not rehearsed",
        ),
        (
            "Statistic: Sum",
            "Statistic: Median",
            "Alarm.Statistic is not rehearsed",
        ),
        (
            "notBreaching",
            "never",
            "Alarm.TreatMissingData is not rehearsed",
        ),
        (
            "Threshold: 5,",
            "Threshold: many,",
            "Alarm.Threshold is not a number",
        ),
    ] {
        let broken = OF_AWS.replacen(right, wrong, 1);
        assert_ne!(broken, OF_AWS, "{right}");
        let account = Account::new(Settings::for_tests());
        let failed = account.stacks().create("s", &broken, &choices()).await;
        let why = failed.unwrap_err().to_string();
        assert!(why.contains(part), "{wrong}: {why}");
    }
}
