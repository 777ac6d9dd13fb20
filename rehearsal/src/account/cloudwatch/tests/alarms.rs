//! What `DescribeAlarms` tells, and how alarms get into their state.

use std::time::Duration;

use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, StateValue};

use super::*;

/// Errors of the shop, more than two of which in a minute are too many.
fn errors(name: &str) -> Alarm {
    Alarm::above(name, ("Shop", "Errors"), &[], Statistic::Sum, 2.0)
}

async fn wait(account: &Account, seconds: u64) {
    account.clock().sleep(Duration::from_secs(seconds)).await;
}

/// State, and how long ago it was entered.
async fn state(account: &Account, name: &str) -> (StateValue, i64) {
    let got = client(account, "AKIAX")
        .describe_alarms()
        .alarm_names(name)
        .send()
        .await;
    let got = got.unwrap();
    let [alarm] = got.metric_alarms() else {
        panic!("{got:?}");
    };
    let since = alarm.state_transitioned_timestamp().unwrap().secs();
    let ago = account.clock().now().as_second() - since;
    (alarm.state_value().unwrap().clone(), ago)
}

#[tokio::test(start_paused = true)]
async fn an_alarm_goes_on_and_off_at_the_end_of_a_period_whenever_it_is_looked_at() {
    let account = Account::new(Settings::for_tests());
    account.put_alarm(errors("too-many-errors"));
    assert_eq!(
        state(&account, "too-many-errors").await,
        (StateValue::InsufficientData, 0)
    );
    wait(&account, 70).await;
    assert_eq!(
        state(&account, "too-many-errors").await,
        (StateValue::Ok, 10)
    );
    account.put_metric_data("Shop", "Errors", &[], 3.0);
    wait(&account, 40).await;
    assert_eq!(
        state(&account, "too-many-errors").await,
        (StateValue::Ok, 50)
    );
    wait(&account, 30).await;
    assert_eq!(
        state(&account, "too-many-errors").await,
        (StateValue::Alarm, 20)
    );
    // Nobody looks when it goes off, and it is known all the same.
    wait(&account, 600).await;
    assert_eq!(
        state(&account, "too-many-errors").await,
        (StateValue::Ok, 560)
    );
}

#[tokio::test(start_paused = true)]
async fn an_alarm_is_described_with_its_metric_threshold_and_reason() {
    let account = Account::new(Settings::for_tests());
    let alarm = Alarm::above(
        "slow",
        ("AWS/ApplicationELB", "TargetResponseTime"),
        &[
            ("LoadBalancer", "app/mco/1"),
            ("TargetGroup", "targetgroup/green/2"),
        ],
        Statistic::Percentile(99.0),
        0.5,
    );
    account.put_alarm(alarm);
    let dimensions = [
        ("TargetGroup", "targetgroup/green/2"),
        ("LoadBalancer", "app/mco/1"),
    ];
    account.put_metric_data(
        "AWS/ApplicationELB",
        "TargetResponseTime",
        &dimensions,
        0.75,
    );
    wait(&account, 60).await;
    let got = client(&account, "AKIAX")
        .describe_alarms()
        .alarm_names("slow")
        .send()
        .await;
    let got = got.unwrap();
    let alarm = &got.metric_alarms()[0];
    assert_eq!(
        alarm.alarm_arn(),
        Some("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:slow")
    );
    assert_eq!(alarm.extended_statistic(), Some("p99"));
    assert_eq!(alarm.threshold(), Some(0.5));
    assert_eq!(alarm.period(), Some(60));
    assert_eq!(alarm.dimensions().len(), 2);
    assert_eq!(alarm.treat_missing_data(), Some("notBreaching"));
    let expected = "Threshold Crossed: 1 out of the last 1 datapoints [0.75 (05/01/26 10:00:00)] was greater than the \
                    threshold (0.5) (minimum 1 datapoint for OK -> ALARM transition).";
    assert_eq!(alarm.state_reason(), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn missing_data_counts_as_the_alarm_says() {
    let account = Account::new(Settings::for_tests());
    let treatments = [
        ("breaching", MissingData::Breaching, StateValue::Alarm),
        ("not-breaching", MissingData::NotBreaching, StateValue::Ok),
        ("ignore", MissingData::Ignore, StateValue::InsufficientData),
        (
            "missing",
            MissingData::Missing,
            StateValue::InsufficientData,
        ),
    ];
    for (name, missing, _) in &treatments {
        account.put_alarm(errors(name).watching(|it| it.missing = *missing));
    }
    wait(&account, 60).await;
    for (name, _, expected) in &treatments {
        assert_eq!(state(&account, name).await.0, *expected, "{name}");
    }
    account.put_metric_data("Shop", "Errors", &[], 9.0);
    wait(&account, 60).await;
    for (name, ..) in &treatments {
        assert_eq!(state(&account, name).await.0, StateValue::Alarm, "{name}");
    }
    wait(&account, 60).await;
    let after = [
        StateValue::Alarm,
        StateValue::Ok,
        StateValue::Alarm,
        StateValue::InsufficientData,
    ];
    for ((name, ..), expected) in treatments.iter().zip(after) {
        assert_eq!(state(&account, name).await.0, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_data_points_out_of_so_many_are_needed() {
    let account = Account::new(Settings::for_tests());
    account.put_alarm(errors("often").watching(|it| {
        it.evaluation_periods = 3;
        it.datapoints_to_alarm = 2;
        it.comparison = Comparison::GreaterThanOrEqualTo;
    }));
    let mut states = Vec::new();
    for errors in [2.0, 0.0, 2.0, 0.0, 0.0] {
        account.put_metric_data("Shop", "Errors", &[], errors);
        wait(&account, 60).await;
        states.push(state(&account, "often").await.0);
    }
    let (ok, alarm) = (StateValue::Ok, StateValue::Alarm);
    assert_eq!(states, [ok.clone(), ok.clone(), alarm, ok.clone(), ok]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_somebody_sets_stays_and_keeps_its_time() {
    let account = Account::new(Settings::for_tests());
    account.put_alarm(errors("manual"));
    assert!(!account.set_alarm_state("other", AlarmState::Alarm, "testing"));
    assert!(account.set_alarm_state("manual", AlarmState::Alarm, "testing"));
    wait(&account, 300).await;
    assert_eq!(state(&account, "manual").await, (StateValue::Alarm, 300));
    assert!(account.set_alarm_state("manual", AlarmState::Alarm, "still testing"));
    assert_eq!(state(&account, "manual").await, (StateValue::Alarm, 300));
    let got = client(&account, "AKIAX")
        .describe_alarms()
        .send()
        .await
        .unwrap();
    let alarm = &got.metric_alarms()[0];
    assert_eq!(alarm.state_reason(), Some("still testing"));
    let updated = alarm.state_updated_timestamp().unwrap().secs();
    assert_eq!(updated, account.clock().now().as_second());
}

#[tokio::test(start_paused = true)]
async fn a_composite_alarm_follows_those_that_it_watches() {
    let account = Account::new(Settings::for_tests());
    account.put_alarm(errors("errors"));
    account.put_alarm(errors("quiet"));
    account.put_alarm(Alarm::any_of("any", &["errors", "quiet"]));
    account.put_alarm(Alarm::any_of("a-any-of-any", &["any"]));
    let all = Alarm {
        watched: Watched::AllOf(vec!["errors".to_owned(), "quiet".to_owned()]),
        ..Alarm::any_of("all", &[])
    };
    account.put_alarm(all);
    assert!(account.set_alarm_state("quiet", AlarmState::Ok, "nothing"));
    account.put_metric_data("Shop", "Errors", &[], 5.0);
    wait(&account, 75).await;
    let composite = async |name: &str| -> CompositeAlarm {
        let client = client(&account, "AKIAX");
        let asked = client.describe_alarms().alarm_names(name);
        let got = asked
            .alarm_types(AlarmType::CompositeAlarm)
            .send()
            .await
            .unwrap();
        got.composite_alarms()[0].clone()
    };
    let any = composite("any").await;
    assert_eq!(any.state_value(), Some(&StateValue::Alarm));
    assert_eq!(
        any.alarm_rule(),
        Some("ALARM(\"errors\") OR ALARM(\"quiet\")")
    );
    assert_eq!(any.state_reason(), Some("errors transitioned to ALARM"));
    let since = any.state_transitioned_timestamp().unwrap().secs();
    assert_eq!(account.clock().now().as_second() - since, 15);
    let outer = composite("a-any-of-any").await;
    assert_eq!(outer.state_value(), Some(&StateValue::Alarm));
    let all = composite("all").await;
    assert_eq!(all.state_value(), Some(&StateValue::Ok));
    assert_eq!(
        all.alarm_rule(),
        Some("ALARM(\"errors\") AND ALARM(\"quiet\")")
    );
    // Without types a client gets no composite alarm, by whatever name it asks.
    let named = client(&account, "AKIAX")
        .describe_alarms()
        .alarm_names("any");
    assert!(named.send().await.unwrap().composite_alarms().is_empty());
}

#[tokio::test(start_paused = true)]
async fn alarms_come_in_pages_by_name_prefix_and_state() {
    let account = Account::new(Settings::for_tests());
    for number in 0..60 {
        account.put_alarm(errors(&format!("shop-{number:02}")));
    }
    account.put_alarm(errors("other"));
    let client = client(&account, "AKIAX");
    let mut pages = client
        .describe_alarms()
        .alarm_name_prefix("shop-")
        .into_paginator()
        .send();
    let (mut names, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        let alarms = page.metric_alarms();
        sizes.push(alarms.len());
        names.extend(alarms.iter().map(|it| it.alarm_name().unwrap().to_owned()));
    }
    assert_eq!(sizes, [50, 10]);
    let expected: Vec<String> = (0..60).map(|number| format!("shop-{number:02}")).collect();
    assert_eq!(names, expected);
    account.set_alarm_state("shop-07", AlarmState::Alarm, "testing");
    let on = client
        .describe_alarms()
        .state_value(StateValue::Alarm)
        .send()
        .await
        .unwrap();
    assert_eq!(on.metric_alarms().len(), 1);
    let unknown = client
        .describe_alarms()
        .alarm_names("nowhere")
        .send()
        .await
        .unwrap();
    assert!(unknown.metric_alarms().is_empty());
    let wrong = client.describe_alarms().next_token("nowhere").send().await;
    assert!(
        wrong
            .unwrap_err()
            .into_service_error()
            .is_invalid_next_token()
    );
}
