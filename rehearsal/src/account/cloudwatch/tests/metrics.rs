//! What `GetMetricData` tells of the load balancers' requests, and of samples that were put.

use std::time::Duration;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StandardUnit, StatusCode,
};

use super::*;
use crate::account::containers::ImageSpec;
use crate::account::elb;
use crate::account::sample::Sample;

/// A metric of the sample's load balancer, perhaps of one of its target groups.
fn of_balancer(sample: &Sample, target_group: Option<&str>, name: &str) -> Metric {
    let balancer = elb::listener(&sample.account, &sample.production).unwrap();
    let (_, path) = balancer
        .load_balancer_arn
        .split_once(":loadbalancer/")
        .unwrap();
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let group = target_group.map(|arn| {
        let (_, path) = arn.split_once(":targetgroup/").unwrap();
        dimension("TargetGroup", &format!("targetgroup/{path}"))
    });
    let metric = Metric::builder()
        .namespace("AWS/ApplicationELB")
        .metric_name(name)
        .set_dimensions(group.map(|group| vec![group]))
        .dimensions(dimension("LoadBalancer", path));
    metric.build()
}

fn query(id: &str, metric: Metric, statistic: &str, period: i32) -> MetricDataQuery {
    let stat = MetricStat::builder()
        .metric(metric)
        .stat(statistic)
        .period(period);
    MetricDataQuery::builder()
        .id(id)
        .metric_stat(stat.build())
        .build()
}

/// Asks for the last ten minutes, in one page.
async fn ask(account: &Account, queries: Vec<MetricDataQuery>) -> GetMetricDataOutput {
    let now = account.clock().now().as_second();
    let asked = client(account, "AKIAX")
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(DateTime::from_secs(now - 600))
        .end_time(DateTime::from_secs(now + 1))
        .scan_by(ScanBy::TimestampAscending);
    asked.send().await.unwrap()
}

/// The values of one metric by the minute.
async fn values(sample: &Sample, group: Option<&str>, name: &str, statistic: &str) -> Vec<f64> {
    let asked = query("it", of_balancer(sample, group, name), statistic, 60);
    let got = ask(&sample.account, vec![asked]).await;
    got.metric_data_results()[0].values().to_vec()
}

#[tokio::test(start_paused = true)]
async fn the_load_balancers_real_requests_are_counted_by_target_group_and_status() {
    let image = ImageSpec::healthy("v1").behaving(|behaviour| {
        behaviour.latency = Duration::from_millis(250);
        behaviour
            .answers
            .insert("/bad".to_owned(), (503, String::new()));
    });
    let sample = Sample::with(Settings::for_tests(), &image, |_| {});
    sample.after(60).await;
    for path in ["/", "/", "/", "/bad", "/nowhere"] {
        sample.get(path).await;
    }
    let blue = Some(sample.blue.as_str());
    let all = || async { values(&sample, None, "RequestCount", "Sum").await };
    assert_eq!(all().await, [5.0]);
    assert_eq!(values(&sample, blue, "RequestCount", "Sum").await, [5.0]);
    assert_eq!(
        values(&sample, blue, "HTTPCode_Target_2XX_Count", "Sum").await,
        [3.0]
    );
    assert_eq!(
        values(&sample, blue, "HTTPCode_Target_4XX_Count", "Sum").await,
        [1.0]
    );
    assert_eq!(
        values(&sample, blue, "HTTPCode_Target_5XX_Count", "SampleCount").await,
        [1.0]
    );
    for statistic in ["Average", "Maximum", "p50", "p99.9"] {
        assert_eq!(
            values(&sample, blue, "TargetResponseTime", statistic).await,
            [0.25]
        );
    }
    assert_eq!(
        values(&sample, blue, "HealthyHostCount", "Minimum")
            .await
            .last(),
        Some(&2.0)
    );
    let green = Some(sample.green.as_str());
    assert_eq!(
        values(&sample, green, "RequestCount", "Sum").await,
        [0.0; 0]
    );
    // A period without a request has no data point.
    sample.after(120).await;
    sample.get("/").await;
    let asked = query("it", of_balancer(&sample, blue, "RequestCount"), "Sum", 60);
    let got = ask(&sample.account, vec![asked]).await;
    let result = &got.metric_data_results()[0];
    assert_eq!(result.values(), [5.0, 1.0]);
    let [first, second] = result.timestamps() else {
        panic!("{result:?}");
    };
    assert_eq!(second.secs() - first.secs(), 120);
    assert_eq!(first.secs() % 60, 0);
    assert_eq!(result.label(), Some("RequestCount"));
    assert_eq!(result.status_code(), Some(&StatusCode::Complete));
}

#[tokio::test(start_paused = true)]
async fn what_no_target_answers_is_an_error_of_the_load_balancer() {
    let sample = Sample::open();
    let weights = [(sample.green.clone(), 100)];
    assert!(elb::set_listener_weights(
        &sample.account,
        &sample.production,
        &weights
    ));
    assert_eq!(sample.get("/").await.status(), 503);
    assert_eq!(
        values(&sample, None, "HTTPCode_ELB_5XX_Count", "Sum").await,
        [1.0]
    );
    assert_eq!(
        values(&sample, None, "HTTPCode_ELB_503_Count", "Sum").await,
        [1.0]
    );
    // Nobody was chosen, so the request does not count.
    assert_eq!(values(&sample, None, "RequestCount", "Sum").await, [0.0; 0]);
    let slow = ImageSpec::healthy("v2").behaving(|it| it.latency = Duration::from_secs(90));
    sample.green("v2", &slow);
    sample.after(40).await;
    assert_eq!(sample.get("/").await.status(), 504);
    assert_eq!(
        values(&sample, None, "HTTPCode_ELB_504_Count", "Sum").await,
        [1.0]
    );
    let green = Some(sample.green.as_str());
    assert_eq!(values(&sample, green, "RequestCount", "Sum").await, [1.0]);
    assert_eq!(
        values(&sample, green, "HTTPCode_Target_5XX_Count", "Sum").await,
        [0.0; 0]
    );
    assert_eq!(
        values(&sample, green, "TargetResponseTime", "Sum").await,
        [0.0; 0]
    );
}

#[tokio::test(start_paused = true)]
async fn data_points_come_in_pages_of_the_size_that_was_asked_for() {
    let account = Account::new(Settings::for_tests());
    for minute in 0..5 {
        account.put_metric_data("Shop", "Orders", &[("Stage", "test")], f64::from(minute));
        account.put_metric_data("Shop", "Refunds", &[], -1.0);
        account.clock().sleep(Duration::from_mins(1)).await;
    }
    let orders = Metric::builder()
        .namespace("Shop")
        .metric_name("Orders")
        .dimensions(Dimension::builder().name("Stage").value("test").build())
        .build();
    let refunds = Metric::builder()
        .namespace("Shop")
        .metric_name("Refunds")
        .build();
    let now = account.clock().now().as_second();
    let asked = client(&account, "AKIAX")
        .get_metric_data()
        .metric_data_queries(query("orders", orders, "Sum", 60))
        .metric_data_queries(query("refunds", refunds, "Minimum", 120))
        .start_time(DateTime::from_secs(now - 300))
        .end_time(DateTime::from_secs(now))
        .max_datapoints(3);
    let mut pages = asked.into_paginator().send();
    let (mut seen, mut statuses) = (vec![Vec::new(); 2], Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        let results = page.metric_data_results();
        assert!(results.iter().map(|it| it.values().len()).sum::<usize>() <= 3);
        for (position, result) in results.iter().enumerate() {
            seen[position].extend(result.values().to_vec());
        }
        statuses.push(results[0].status_code().unwrap().clone());
    }
    // Newest first, as the call does by itself.
    assert_eq!(seen[0], [4.0, 3.0, 2.0, 1.0, 0.0]);
    assert_eq!(seen[1], [-1.0, -1.0, -1.0]);
    let expected = [
        StatusCode::PartialData,
        StatusCode::Complete,
        StatusCode::Complete,
    ];
    assert_eq!(statuses, expected);
}

#[tokio::test(start_paused = true)]
async fn periods_begin_at_the_minute_and_short_ones_at_their_own_length() {
    let account = Account::new(Settings::for_tests());
    account.clock().sleep(Duration::from_secs(7)).await;
    for value in [1.0, 2.0] {
        account.put_metric_data("Shop", "Orders", &[], value);
        account.clock().sleep(Duration::from_secs(10)).await;
    }
    let begins = async |period: i32, ago: i64| {
        let now = account.clock().now().as_second();
        let orders = Metric::builder()
            .namespace("Shop")
            .metric_name("Orders")
            .build();
        let got = client(&account, "AKIAX")
            .get_metric_data()
            .metric_data_queries(query("it", orders, "Sum", period))
            .start_time(DateTime::from_secs(now - ago))
            .end_time(DateTime::from_secs(now))
            .scan_by(ScanBy::TimestampAscending)
            .send()
            .await
            .unwrap();
        let result = &got.metric_data_results()[0];
        let seconds: Vec<i64> = result
            .timestamps()
            .iter()
            .map(|at| at.secs() % 60)
            .collect();
        (seconds, result.values().to_vec())
    };
    assert_eq!(begins(10, 25).await, (vec![0, 10], vec![1.0, 2.0]));
    assert_eq!(begins(1, 25).await, (vec![7, 17], vec![1.0, 2.0]));
    assert_eq!(begins(60, 25).await, (vec![0], vec![3.0]));
    // Data before the beginning of the first period is not in it.
    assert_eq!(begins(5, 12).await, (vec![15], vec![2.0]));
}

#[tokio::test(start_paused = true)]
async fn late_data_points_appear_when_their_time_has_come() {
    let mut settings = Settings::for_tests();
    settings.metric_delay = Duration::from_secs(90);
    let account = Account::new(settings);
    account.put_metric_data("Shop", "Orders", &[], 1.0);
    let seen = async || {
        let orders = Metric::builder()
            .namespace("Shop")
            .metric_name("Orders")
            .build();
        let got = ask(&account, vec![query("it", orders, "Sum", 60)]).await;
        got.metric_data_results()[0].values().to_vec()
    };
    account.clock().sleep(Duration::from_secs(89)).await;
    assert_eq!(seen().await, [0.0; 0]);
    account.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(seen().await, [1.0]);
}

#[tokio::test(start_paused = true)]
async fn another_unit_has_no_data_and_three_hours_later_there_is_none_left() {
    let sample = Sample::open();
    sample.get("/").await;
    let account = &sample.account;
    let with_unit = |unit| {
        let metric = of_balancer(&sample, None, "RequestCount");
        let stat = MetricStat::builder()
            .metric(metric)
            .stat("Sum")
            .period(60)
            .unit(unit);
        MetricDataQuery::builder()
            .id("it")
            .metric_stat(stat.build())
            .build()
    };
    let got = ask(account, vec![with_unit(StandardUnit::Count)]).await;
    assert_eq!(got.metric_data_results()[0].values(), [1.0]);
    let got = ask(account, vec![with_unit(StandardUnit::Seconds)]).await;
    assert_eq!(got.metric_data_results()[0].values(), [0.0; 0]);
    let begun = account.clock().now().as_second();
    sample.after(3 * 60 * 60).await;
    sample.get("/").await;
    let got = client(account, "AKIAX")
        .get_metric_data()
        .metric_data_queries(with_unit(StandardUnit::Count))
        .start_time(DateTime::from_secs(begun - 600))
        .end_time(DateTime::from_secs(begun + 4 * 60 * 60))
        .send()
        .await
        .unwrap();
    assert_eq!(got.metric_data_results()[0].values(), [1.0]);
}
