//! The same account on real sockets: requests, weights and leaving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;

use super::{Address, Stop, Took, Unanswered};
use crate::account::containers::{Behaviour, ImageSpec, Process};
use crate::account::sample::Sample;
use crate::account::{Account, Settings, ecs, elb, network};
use crate::clock::Clock;

fn loopback(speed: f64) -> Sample {
    let clock = Clock::scaled(Timestamp::UNIX_EPOCH, speed);
    Sample::with(Settings::loopback(clock), &ImageSpec::healthy("v1"), |_| {})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_moves_from_blue_to_green_without_a_lost_request() {
    let sample = loopback(200.0);
    let blue = ecs::service(&sample.account, "mco", "api")
        .unwrap()
        .task_sets
        .remove(0)
        .id;
    let url = elb::listener(&sample.account, &sample.production)
        .unwrap()
        .url;
    assert!(url.starts_with("http://localhost:"));

    let (stop, sent, lost) = (
        Arc::<AtomicBool>::default(),
        Arc::<AtomicUsize>::default(),
        Arc::<AtomicUsize>::default(),
    );
    let load = tokio::spawn({
        let (stop, sent, lost) = (stop.clone(), sent.clone(), lost.clone());
        let url: http::Uri = url.parse().unwrap();
        let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        async move {
            while !stop.load(Ordering::Relaxed) {
                let answer = client.get(url.clone()).await;
                sent.fetch_add(1, Ordering::Relaxed);
                if !answer.is_ok_and(|response| response.status() == 200) {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    let green = sample.green("v2", &ImageSpec::healthy("v2"));
    while !ecs::task_set(&sample.account, "mco", "api", &green)
        .unwrap()
        .steady
    {
        sample.after(1).await;
    }
    let shift = |blue, green| {
        let weights = [(sample.blue.clone(), blue), (sample.green.clone(), green)];
        elb::set_listener_weights(&sample.account, &sample.production, &weights)
    };
    for green in [10, 50, 100] {
        assert!(shift(100 - green, green));
        sample.after(20).await;
    }
    ecs::set_primary_task_set(&sample.account, "mco", "api", &green);
    ecs::delete_task_set(&sample.account, "mco", "api", &blue);
    while ecs::task_set(&sample.account, "mco", "api", &blue).is_some() {
        sample.after(1).await;
    }
    stop.store(true, Ordering::Relaxed);
    load.await.unwrap();
    assert!(sent.load(Ordering::Relaxed) > 50);
    assert_eq!(lost.load(Ordering::Relaxed), 0);
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let body = client
        .get(url.parse().unwrap())
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    assert_eq!(body.to_bytes().as_ref(), b"v2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_answers_for_containers_that_never_listen() {
    let sample = loopback(200.0);
    let green = sample.green("v2", &ImageSpec::crashes("v2", 1));
    elb::set_listener_weights(
        &sample.account,
        &sample.production,
        &[(sample.green.clone(), 1)],
    );
    while ecs::task_set(&sample.account, "mco", "api", &green)
        .unwrap()
        .stopped
        .is_empty()
    {
        sample.after(1).await;
    }
    let url = elb::listener(&sample.account, &sample.production)
        .unwrap()
        .url;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let status = client.get(url.parse().unwrap()).await.unwrap().status();
    assert!([502, 503].contains(&status.as_u16()), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answers_time_is_the_images_and_not_that_of_a_fast_clock() {
    let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 1000.0);
    let account = Account::new(Settings::loopback(clock.clone()));
    let address = Address {
        ip: "10.0.0.1".to_owned(),
        port: 8080,
    };
    let image = ImageSpec::slow("v1", Duration::from_secs(50));
    let process = Arc::new(Process::new(&image, clock));
    network::listen(&account, address.clone(), process).unwrap();
    let request = Request::get("/").body(Bytes::new()).unwrap();
    let minute = Duration::from_mins(1);
    let answer = network::exchange(&account, &address, request, minute).await;
    let Took(took) = *answer.unwrap().extensions().get::<Took>().unwrap();
    // What the machine needs for it would be seconds of a clock that is so fast.
    let expected = Duration::from_secs(50)..Duration::from_secs(51);
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_graceful_end_finishes_the_answer_and_a_crash_breaks_it_off() {
    let slow = |behaviour: &mut Behaviour| {
        behaviour.latency = Duration::from_secs(2);
    };
    for (how, answered) in [(Stop::Gracefully, true), (Stop::AtOnce, false)] {
        let account = Account::new(Settings::for_tests());
        let address = Address {
            ip: "10.0.0.1".to_owned(),
            port: 8080,
        };
        let process = Process::new(
            &ImageSpec::healthy("v1").behaving(slow),
            account.clock().clone(),
        );
        network::listen(&account, address.clone(), Arc::new(process)).unwrap();
        let request = || Request::get("/").body(Bytes::new()).unwrap();
        let minute = Duration::from_mins(1);
        let (answer, ()) = tokio::join!(
            network::exchange(&account, &address, request(), minute),
            async {
                account.clock().sleep(Duration::from_secs(1)).await;
                network::close(&account, &address, how);
            }
        );
        assert_eq!(answer.is_ok(), answered);
        let refused = network::exchange(&account, &address, request(), minute).await;
        assert_eq!(refused.unwrap_err(), Unanswered::Refused);
    }
}
