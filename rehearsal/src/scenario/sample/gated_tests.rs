//! The second service and the alarms of [`Stand::Gated`], before anything is deployed.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Uri};
use serde_json::{Value, json};

use super::super::tests::live_and_quiet;
use super::super::{CLUSTER, Sample, Stand, WEB, sample_account_for};
use super::*;
use crate::account::Settings;
use crate::account::functions::Handler;

async fn open() -> Sample {
    let sample = sample_account_for(Settings::for_tests(), Stand::Gated);
    sample.await.unwrap()
}

async fn get(sample: &Sample, listener: &str, path: &str) -> (u16, String) {
    let listener = elb::listener(&sample.account, listener).unwrap();
    let to: Uri = listener.url.parse().unwrap();
    let request = Request::get(path).body(Bytes::new()).unwrap();
    let response = sample.account.request(to, request).await.unwrap();
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), body)
}

fn alarm(sample: &Sample, name: &str) -> Value {
    let input = json!({"AlarmNames": [name]});
    let output = crate::account::cloudwatch::handle(&sample.account, "DescribeAlarms", &input);
    output.unwrap()["MetricAlarms"][0].clone()
}

#[tokio::test(start_paused = true)]
async fn both_services_are_live_each_behind_its_own_load_balancer() {
    let sample = open().await;
    live_and_quiet(&sample).await;
    let web = sample.web.clone().unwrap();
    assert_eq!(sample.live_web_digest().as_ref(), Some(&web.v1));
    assert_ne!(sample.live_web_digest(), sample.live_digest());
    for listener in [&web.production_listener, &web.test_listener] {
        let expected = (200, "web-v1".to_owned());
        assert_eq!(get(&sample, listener, "/").await, expected);
    }
    let input = json!({"cluster": CLUSTER, "services": [WEB]});
    let described = ecs::handle(&sample.account, "DescribeServices", input).unwrap();
    let configuration = &described["services"][0]["deploymentConfiguration"];
    assert_eq!(configuration["strategy"], "BLUE_GREEN");
    let stages = &configuration["lifecycleHooks"][0]["lifecycleStages"];
    assert_eq!(stages.as_array().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_errors_of_a_service_put_its_alarm_on_and_not_the_other() {
    let sample = open().await;
    let passes = |_: &_| -> Handler {
        Arc::new(|_| async { Ok(json!({"hookStatus": "SUCCEEDED"})) }.boxed())
    };
    let account = &sample.account;
    account.deploy(&sample.template, passes).await.unwrap();
    let web = sample.web.clone().unwrap();
    let image = ImageSpec::flaky("web-v2", 1);
    let broken = sample.push_to(WEB_REPOSITORY, TAG, &image).unwrap();
    let uri = ecr::repository_uri(account, WEB_REPOSITORY);
    let mut document = sample.task_definition(WEB).unwrap();
    document["containerDefinitions"][0]["image"] = format!("{uri}@{broken}").into();
    let document = json!({
        "family": WEB,
        "networkMode": document["networkMode"],
        "requiresCompatibilities": document["requiresCompatibilities"],
        "cpu": document["cpu"],
        "memory": document["memory"],
        "containerDefinitions": document["containerDefinitions"],
    });
    ecs::register_task_definition(account, document).unwrap();
    let input = json!({"cluster": CLUSTER, "service": WEB, "taskDefinition": WEB});
    ecs::handle(account, "UpdateService", input).unwrap();
    sample.until_quiet(Duration::from_hours(1)).await.unwrap();
    assert_eq!(sample.live_web_digest(), Some(broken));
    assert_eq!(alarm(&sample, WEB_ALARM)["StateValue"], "OK");
    for _ in 0..10 {
        let api = get(&sample, &sample.production_listener, "/").await;
        assert_eq!(api, (200, "v1".to_owned()));
        let (status, _) = get(&sample, &web.production_listener, "/").await;
        assert_eq!(status, 500);
    }
    account.clock().sleep(Duration::from_mins(1)).await;
    assert_eq!(alarm(&sample, ALARM)["StateValue"], "OK");
    assert_eq!(alarm(&sample, WEB_ALARM)["StateValue"], "ALARM");
}
