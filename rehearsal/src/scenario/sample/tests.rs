//! The sample account at each of its stands, before anything is deployed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::{Request, Uri};
use serde_json::json;

use super::*;
use crate::account::elb;
use crate::account::functions::Handler;

#[tokio::test(start_paused = true)]
async fn the_sample_service_is_live_and_quiet_from_the_start_at_every_stand() {
    for stand in Stand::ALL {
        let sample = sample_account_for(Settings::for_tests(), stand);
        live_and_quiet(&sample.await.unwrap()).await;
    }
}

pub(super) async fn live_and_quiet(sample: &Sample) {
    let handler = |_: &_| -> Handler { Arc::new(|_| async { Ok(json!({})) }.boxed()) };
    sample
        .account
        .deploy(&sample.template, handler)
        .await
        .unwrap();
    assert_eq!(sample.tagged().as_ref(), Some(&sample.v1));
    assert_eq!(sample.live_digest().as_ref(), Some(&sample.v1));
    assert_eq!(sample.deployments(), [""; 0], "{:?}", sample.stand);
    sample.until_quiet(Duration::from_secs(5)).await.unwrap();
    for listener in [&sample.production_listener, &sample.test_listener] {
        let listener = elb::listener(&sample.account, listener).unwrap();
        let to: Uri = listener.url.parse().unwrap();
        let request = Request::builder()
            .uri("/")
            .body(bytes::Bytes::new())
            .unwrap();
        let response = sample.account.request(to, request).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.body().as_ref()),
            (200, "v1".as_bytes())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_busy_for_too_long_says_with_what() {
    let sample = sample_account(Settings::for_tests()).unwrap();
    sample
        .account
        .functions()
        .register("Slow", Arc::new(|_| std::future::pending().boxed()));
    sample.account.functions().invoke_async("Slow", json!({}));
    let error = sample
        .until_quiet(Duration::from_secs(5))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("still busy after 5 s: deployments [], 1 invocations"),
        "{error}"
    );
}
