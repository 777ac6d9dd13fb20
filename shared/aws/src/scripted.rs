//! An AWS for tests that answers from a list: what the clients send is kept, what they get is given.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_ecs::config::{AsyncSleep, BehaviorVersion, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use aws_types::{SdkConfig, region::Region};
use serde_json::Value;

use crate::Clients;

/// What a client has sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) uri: String,
    /// The operation of a JSON service, from `X-Amz-Target`.
    pub(crate) operation: String,
    /// `Authorization`, which holds the key and the region.
    pub(crate) authorization: String,
    /// `X-Amz-Invocation-Type` of Lambda.
    pub(crate) invocation_type: String,
    /// As text, as far as it is text.
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// The wire.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripted {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Scripted {
    /// The next call that is not yet provided for gets this.
    pub(crate) fn answer(&self, status: u16, body: impl Into<Vec<u8>>) {
        self.answer_with(status, &[], body);
    }

    pub(crate) fn answer_with(
        &self,
        status: u16,
        headers: &[(&'static str, &str)],
        body: impl Into<Vec<u8>>,
    ) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let answer = (status, headers.collect(), body.into());
        self.answers.lock().unwrap().push_back(answer);
    }

    /// An answer of a CBOR service.
    pub(crate) fn answer_cbor(&self, status: u16, body: &Value) {
        let mut bytes = Vec::new();
        cbor(body, &mut bytes);
        self.answer_with(status, &[("smithy-protocol", "rpc-v2-cbor")], bytes);
    }

    pub(crate) fn answer_json(&self, body: &Value) {
        self.answer(200, body.to_string());
    }

    /// An error of a JSON service.
    pub(crate) fn refuse(&self, code: &str, message: &str) {
        let body = serde_json::json!({ "__type": code, "message": message });
        self.answer(400, body.to_string());
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn clients(&self) -> Clients {
        self.clients_that_try(RetryConfig::disabled())
    }

    pub(crate) fn clients_that_try(&self, retries: RetryConfig) -> Clients {
        let home = Credentials::new("HOME", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(home))
            .http_client(SharedHttpClient::new(self.clone()))
            .retry_config(retries)
            .sleep_impl(SharedAsyncSleep::new(Never))
            .build();
        Clients::new(&config)
    }
}

impl HttpClient for Scripted {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let target = header("x-amz-target");
        self.sent.lock().unwrap().push(Sent {
            uri: request.uri().to_owned(),
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            authorization: header("authorization"),
            invocation_type: header("x-amz-invocation-type"),
            body: String::from_utf8_lossy(body).into_owned(),
        });
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, headers, body) = answer.expect("the script has no answer for this call");
        let status = status.try_into().unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// JSON as CBOR (RFC 8949). `{"@time": seconds}` is a timestamp, `{"@double": "NaN"}` a number that JSON
/// has no word for.
fn cbor(value: &Value, out: &mut Vec<u8>) {
    let head = |major: u8, length: u64, out: &mut Vec<u8>| {
        out.push((major << 5) | 0x1b);
        out.extend(length.to_be_bytes());
    };
    let double = |number: f64, out: &mut Vec<u8>| {
        out.push(0xfb);
        out.extend(number.to_be_bytes());
    };
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(value) => out.push(if *value { 0xf5 } else { 0xf4 }),
        Value::Number(number) => match number.as_u64() {
            Some(number) => head(0, number, out),
            None => double(number.as_f64().unwrap(), out),
        },
        Value::String(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Value::Array(values) => {
            head(4, values.len() as u64, out);
            for value in values {
                cbor(value, out);
            }
        }
        Value::Object(map) if map.contains_key("@time") => {
            out.push(0xc1);
            double(map["@time"].as_f64().unwrap(), out);
        }
        Value::Object(map) if map.contains_key("@double") => {
            double(map["@double"].as_str().unwrap().parse().unwrap(), out);
        }
        Value::Object(map) => {
            head(5, map.len() as u64, out);
            for (key, value) in map {
                cbor(&Value::from(key.as_str()), out);
                cbor(value, out);
            }
        }
    }
}

/// Nothing here takes time, so nothing times out.
#[derive(Debug)]
struct Never;

impl AsyncSleep for Never {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}

/// Runs a future to its end. As every answer is there, it never waits.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future waits for something that is not on the wire");
}
