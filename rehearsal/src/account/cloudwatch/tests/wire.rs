//! The protocol, the journal, and what is refused.

use aws_sdk_cloudwatch::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Metric, MetricDataQuery, MetricStat};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::*;
use crate::account::cbor;

/// A call in CBOR that is not the SDK's.
async fn raw(account: &Account, service: &str, operation: &str, body: Vec<u8>) -> Response<Bytes> {
    let request = Request::post(format!("/service/{service}/operation/{operation}"))
        .header("smithy-protocol", "rpc-v2-cbor")
        .header("content-type", "application/cbor");
    account.handle(request.body(body.into()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn calls_are_journalled_in_json_whatever_they_were_on_the_wire() {
    let account = Account::new(Settings::for_tests());
    let key = account.add_caller("ValidateGreen");
    account.put_metric_data("Shop", "Orders", &[], 2.0);
    account.put_alarm(Alarm::any_of("any", &[]));
    let client = client(&account, &key);
    client
        .describe_alarms()
        .alarm_names("any")
        .send()
        .await
        .unwrap();
    let orders = Metric::builder()
        .namespace("Shop")
        .metric_name("Orders")
        .build();
    let stat = MetricStat::builder()
        .metric(orders)
        .stat("Sum")
        .period(60)
        .build();
    let now = account.clock().now().as_second();
    client
        .get_metric_data()
        .metric_data_queries(
            MetricDataQuery::builder()
                .id("it")
                .metric_stat(stat)
                .build(),
        )
        .start_time(DateTime::from_secs_f64(1_767_607_199.5))
        .end_time(DateTime::from_secs(now + 60))
        .send()
        .await
        .unwrap();
    let calls = account
        .journal()
        .calls_of("ValidateGreen", "cloudwatch:DescribeAlarms");
    assert_eq!(calls[0].request, json!({"AlarmNames": ["any"]}));
    assert_eq!(
        calls[0].response,
        json!({"MetricAlarms": [], "CompositeAlarms": []})
    );
    let calls = account
        .journal()
        .calls_of("ValidateGreen", "cloudwatch:GetMetricData");
    assert_eq!(calls[0].request["StartTime"], json!(1_767_607_199.5));
    let result = &calls[0].response["MetricDataResults"][0];
    assert_eq!(result["Timestamps"], json!([1_767_607_200.0]));
    assert_eq!(result["Values"], json!([2.0]));
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_is_told_so_in_the_words_of_the_query_protocol() {
    let account = Account::new(Settings::for_tests());
    let key = account.add_caller("ValidateGreen");
    account.deny("ValidateGreen", "cloudwatch:DescribeAlarms");
    let client = client(&account, &key);
    let refused = client.describe_alarms().send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 403);
    let refused = refused.into_service_error();
    assert_eq!(refused.code(), Some("AccessDenied"));
    assert!(
        refused
            .message()
            .unwrap()
            .contains("cloudwatch:DescribeAlarms")
    );
    account.allow("ValidateGreen", "cloudwatch:DescribeAlarms");
    client.describe_alarms().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_or_not_right_is_refused_by_name() {
    let account = Account::new(Settings::for_tests());
    let expression = json!({"Id": "rate", "Expression": "errors / requests"});
    let with = |change: fn(&mut Value)| {
        let metric = json!({"Namespace": "Shop", "MetricName": "Orders"});
        let stat = json!({"Metric": metric, "Period": 60, "Stat": "Sum"});
        let mut input = json!({
            "MetricDataQueries": [{"Id": "it", "MetricStat": stat}],
            "StartTime": 1_767_607_200.0, "EndTime": 1_767_607_260.0,
        });
        change(&mut input);
        input
    };
    let cases = [
        ("PutMetricData", json!({}), "PutMetricData"),
        (
            "GetMetricData",
            json!({"MetricDataQueries": [expression], "StartTime": 1.0, "EndTime": 2.0}),
            "Expression",
        ),
        (
            "GetMetricData",
            with(|it| it["MetricDataQueries"][0]["MetricStat"]["Stat"] = "tm99".into()),
            "tm99",
        ),
        (
            "GetMetricData",
            with(|it| it["MetricDataQueries"][0]["MetricStat"]["Period"] = 90.into()),
            "Period",
        ),
        (
            "GetMetricData",
            with(|it| it["MetricDataQueries"][0]["Id"] = "It".into()),
            "Id It",
        ),
        (
            "GetMetricData",
            with(|it| it["EndTime"] = it["StartTime"].clone()),
            "EndTime",
        ),
        (
            "GetMetricData",
            with(|it| it["StartTime"] = "now".into()),
            "StartTime",
        ),
        (
            "GetMetricData",
            with(|it| it["LabelOptions"] = json!({})),
            "LabelOptions",
        ),
        (
            "GetMetricData",
            with(|it| it["MaxDatapoints"] = 0.into()),
            "MaxDatapoints",
        ),
        (
            "GetMetricData",
            with(|it| it["NextToken"] = "x".into()),
            "token",
        ),
        (
            "DescribeAlarms",
            json!({"ActionPrefix": "arn:"}),
            "ActionPrefix",
        ),
        ("DescribeAlarms", json!({"AlarmNames": "a"}), "AlarmNames"),
        (
            "DescribeAlarms",
            json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a"}),
            "together",
        ),
        ("DescribeAlarms", json!({"MaxRecords": 101}), "MaxRecords"),
    ];
    for (operation, input, named) in cases {
        let shape = "GraniteServiceVersion20100801";
        let response = raw(&account, shape, operation, cbor::encode(&input)).await;
        assert_eq!(response.status(), 400, "{input}");
        let error = cbor::decode(response.body()).unwrap();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(named), "{named}: {error}");
        let code = response.headers()["x-amzn-query-error"].to_str().unwrap();
        assert_eq!(
            code,
            format!("{};Sender", error["__type"].as_str().unwrap())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_other_languages_speak_it_with_codedeploy_and_codepipeline() {
    let account = Account::new(Settings::for_tests());
    for (shape, operation) in [
        ("CodeDeploy_20141006", "ListDeployments"),
        ("CodePipeline_20150709", "ListActionExecutions"),
    ] {
        let body = cbor::encode(&json!({"pipelineName": "none"}));
        let response = raw(&account, shape, operation, body).await;
        assert_eq!(response.headers()["smithy-protocol"], "rpc-v2-cbor");
        let answer = cbor::decode(response.body()).unwrap();
        let known =
            answer["deployments"].is_array() || answer["__type"] == "PipelineNotFoundException";
        assert!(known, "{answer}");
    }
    let shape = "AmazonEC2ContainerServiceV20141113";
    let response = raw(&account, shape, "ListTasks", Vec::new()).await;
    assert_eq!(response.status(), 415);
    let response = raw(&account, "Nothing", "ListTasks", Vec::new()).await;
    assert_eq!(response.status(), 400);
    let response = raw(
        &account,
        "CodeDeploy_20141006",
        "ListDeployments",
        vec![0xff],
    )
    .await;
    let error = cbor::decode(response.body()).unwrap();
    assert_eq!(error["__type"], "SerializationException");
}
