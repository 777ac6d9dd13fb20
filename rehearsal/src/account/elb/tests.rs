//! Health, weights, and leaving without losing a request.

use std::time::Duration;

use serde_json::json;

use crate::account::containers::ImageSpec;
use crate::account::sample::Sample;
use crate::account::{Settings, ecs, elb};

/// States of a target group's targets.
fn states(sample: &Sample, group: &str) -> Vec<&'static str> {
    elb::targets(&sample.account, group)
        .iter()
        .map(|target| target.state)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_new_target_is_initial_until_it_passes_a_check() {
    let sample = Sample::open();
    sample.green(
        "v2",
        &ImageSpec::slow_to_start("v2", Duration::from_secs(8)),
    );
    sample
        .account
        .clock()
        .sleep(Duration::from_millis(15_500))
        .await;
    let health = sample
        .elb(
            "DescribeTargetHealth",
            json!({"TargetGroupArn": sample.green}),
        )
        .unwrap();
    let target = &health["TargetHealthDescriptions"][0];
    assert_eq!(target["TargetHealth"]["State"], "initial");
    assert_eq!(
        target["TargetHealth"]["Reason"],
        "Elb.RegistrationInProgress"
    );
    assert_eq!(target["HealthCheckPort"], "8080");
    sample.after(3).await;
    let reasons: Vec<_> = elb::targets(&sample.account, &sample.green)
        .iter()
        .map(|target| target.reason)
        .collect();
    assert_eq!(reasons, [Some("Elb.InitialHealthChecking"); 2]);
    sample.after(12).await;
    assert_eq!(states(&sample, &sample.green), ["healthy", "healthy"]);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_answers_500_is_unhealthy_with_the_code_in_the_reason() {
    let sample = Sample::open();
    let image = ImageSpec::healthy("v2").behaving(|behaviour| {
        behaviour
            .answers
            .insert("/ping".to_owned(), (500, "no".to_owned()));
    });
    sample.green("v2", &image);
    sample.after(40).await;
    let target = &elb::targets(&sample.account, &sample.green)[0];
    assert_eq!(
        (target.state, target.reason),
        ("unhealthy", Some("Target.ResponseCodeMismatch"))
    );
    assert_eq!(
        target.description.as_deref(),
        Some("Health checks failed with these codes: [500]")
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_that_answers_too_late_has_timed_out() {
    let sample = Sample::open();
    let late = |behaviour: &mut crate::account::containers::Behaviour| {
        behaviour.latency = Duration::from_secs(6);
    };
    sample.green("v2", &ImageSpec::healthy("v2").behaving(late));
    sample.after(55).await;
    let target = &elb::targets(&sample.account, &sample.green)[0];
    assert_eq!(
        (target.state, target.reason),
        ("unhealthy", Some("Target.Timeout"))
    );
}

#[tokio::test(start_paused = true)]
async fn requests_are_shared_out_exactly_by_weight() {
    let sample = Sample::open();
    sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(60).await;
    let weights = [(sample.blue.clone(), 90), (sample.green.clone(), 10)];
    assert!(elb::set_listener_weights(
        &sample.account,
        &sample.production,
        &weights
    ));
    let mut new = 0;
    for _ in 0..100 {
        let response = sample.get("/").await;
        assert_eq!(response.status(), 200);
        new += usize::from(response.body().as_ref() == b"v2");
    }
    assert_eq!(new, 10);
}

#[tokio::test(start_paused = true)]
async fn a_listener_without_a_usable_target_answers_503() {
    let sample = Sample::open();
    elb::set_listener_weights(
        &sample.account,
        &sample.production,
        &[(sample.green.clone(), 1)],
    );
    assert_eq!(sample.get("/").await.status(), 503);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_leaves_answers_what_it_was_asked_and_is_asked_nothing_more() {
    let slow = |behaviour: &mut crate::account::containers::Behaviour| {
        behaviour.latency = Duration::from_secs(4);
    };
    let sample = Sample::with(
        Settings::for_tests(),
        &ImageSpec::healthy("v1").behaving(slow),
        |_| {},
    );
    let set = ecs::service(&sample.account, "mco", "api")
        .unwrap()
        .task_sets
        .remove(0);
    sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(60).await;
    let under_way = tokio::join!(sample.get("/"), async {
        sample.after(1).await;
        elb::set_listener_weights(
            &sample.account,
            &sample.production,
            &[(sample.green.clone(), 100)],
        );
        ecs::delete_task_set(&sample.account, "mco", "api", &set.id);
        sample.after(1).await;
        assert_eq!(states(&sample, &sample.blue), ["draining", "draining"]);
        sample.get("/").await
    });
    assert_eq!(
        (under_way.0.status(), under_way.0.body().as_ref()),
        (http::StatusCode::OK, &b"v1"[..])
    );
    assert_eq!(
        (under_way.1.status(), under_way.1.body().as_ref()),
        (http::StatusCode::OK, &b"v2"[..])
    );
    sample.after(40).await;
    assert_eq!(states(&sample, &sample.blue), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_described_is_found_by_name_and_arn_or_refused_by_name() {
    let sample = Sample::open();
    let balancers = sample
        .elb("DescribeLoadBalancers", json!({"Names": ["mco"]}))
        .unwrap();
    let balancer = balancers["LoadBalancers"][0]["LoadBalancerArn"].clone();
    assert_eq!(
        balancers["LoadBalancers"][0]["DNSName"],
        "mco-1234567890.eu-west-1.elb.amazonaws.com"
    );
    let groups = sample
        .elb("DescribeTargetGroups", json!({"LoadBalancerArn": balancer}))
        .unwrap();
    assert_eq!(groups["TargetGroups"].as_array().unwrap().len(), 1);
    let both = sample
        .elb(
            "DescribeTargetGroups",
            json!({"Names": ["mco-api-blue", "mco-api-green"]}),
        )
        .unwrap();
    assert_eq!(both["TargetGroups"][1]["LoadBalancerArns"], json!([]));
    let listeners = sample
        .elb("DescribeListeners", json!({"LoadBalancerArn": balancer}))
        .unwrap();
    assert_eq!(listeners["Listeners"][1]["Port"], 9001);
    assert_eq!(
        listeners["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"],
        json!([{"TargetGroupArn": sample.blue, "Weight": 100}])
    );
    let rules = sample
        .elb("DescribeRules", json!({"ListenerArn": sample.production}))
        .unwrap();
    assert_eq!(
        (
            &rules["Rules"][0]["Priority"],
            &rules["Rules"][0]["IsDefault"]
        ),
        (&json!("default"), &json!(true))
    );

    // A rule's weights are its listener's.
    let rule = elb::default_rule(&sample.production);
    assert!(rule.contains(":listener-rule/app/mco/"));
    let weights = [(sample.blue.clone(), 70), (sample.green.clone(), 30)];
    assert!(elb::set_rule_weights(&sample.account, &rule, &weights));
    let rules = sample
        .elb("DescribeRules", json!({"RuleArns": [rule]}))
        .unwrap();
    assert_eq!(
        rules["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"][1],
        json!({"TargetGroupArn": sample.green, "Weight": 30})
    );
    let of = |arn: &str| elb::rule_weights(&sample.account, arn);
    assert_eq!(of(&rule), of(&sample.production));
    assert!(!elb::set_rule_weights(&sample.account, "arn:x", &weights));

    for (operation, input, code) in [
        (
            "DescribeTargetGroups",
            json!({"Names": ["x"]}),
            "TargetGroupNotFound",
        ),
        (
            "DescribeLoadBalancers",
            json!({"Names": ["x"]}),
            "LoadBalancerNotFound",
        ),
        (
            "DescribeListeners",
            json!({"ListenerArns": ["x"]}),
            "ListenerNotFound",
        ),
        ("DescribeListeners", json!({}), "ValidationError"),
        ("DescribeRules", json!({"RuleArns": ["x"]}), "RuleNotFound"),
        (
            "DescribeTargetHealth",
            json!({"TargetGroupArn": "x"}),
            "TargetGroupNotFound",
        ),
        ("DescribeTargetHealth", json!({}), "ValidationError"),
        ("CreateTrustStore", json!({}), "UnknownOperationException"),
    ] {
        assert_eq!(
            sample.elb(operation, input).unwrap_err().code,
            code,
            "{operation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_all_paths_takes_every_request_and_leaves_the_default_one_as_it_is() {
    let sample = Sample::open();
    let weights = [(sample.blue.clone(), 1), (sample.green.clone(), 0)];
    let create = |listener: &str| elb::create_rule(&sample.account, listener, &weights);
    let rule = create(&sample.production).unwrap();
    let listener = sample.production.replace(":listener/", ":listener-rule/");
    assert!(rule.starts_with(&format!("{listener}/")), "{rule}");
    assert_eq!(create(&sample.production), None, "it has one");
    assert_eq!(create("arn:x"), None, "there is no such listener");

    let of_listener = json!({"ListenerArn": sample.production});
    let rules = sample.elb("DescribeRules", of_listener).unwrap();
    let [own, default] = &rules["Rules"].as_array().unwrap()[..] else {
        panic!("{rules:#}");
    };
    assert_eq!(own["RuleArn"], rule.as_str());
    assert_eq!(own["Conditions"][0]["Values"], json!(["/*"]));
    assert_eq!(own["IsDefault"], false);
    let by_arn = json!({"RuleArns": [rule]});
    let found = sample.elb("DescribeRules", by_arn).unwrap();
    assert_eq!(found["Rules"], json!([own]));

    // What moves the traffic of the rule does not change the default one.
    let moved = [(sample.blue.clone(), 0), (sample.green.clone(), 1)];
    assert!(elb::set_rule_weights(&sample.account, &rule, &moved));
    assert_eq!(
        elb::rule_weights(&sample.account, &rule),
        Some(moved.to_vec())
    );
    let of_listener = json!({"ListenerArn": sample.production});
    let rules = sample.elb("DescribeRules", of_listener).unwrap();
    assert_eq!(&rules["Rules"][1], default);
    assert_eq!(
        default["Actions"][0]["TargetGroupArn"],
        sample.blue.as_str()
    );
}
