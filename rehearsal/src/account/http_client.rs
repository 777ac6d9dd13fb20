//! The account as the HTTP client of an AWS SDK.
//!
//! Requests never leave the process, so that real SDK clients run in virtual time. Nothing is retried,
//! delayed or failed here: a fault is injected by wrapping this client.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::Account;

/// Carries an SDK's requests to the account.
#[derive(Debug, Clone)]
struct Connector(Account);

impl Account {
    /// The HTTP client with which an SDK's client talks to this account.
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(Connector(self.clone()));
        http_client_fn(move |_, _| connector.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let account = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = outgoing(&request)?;
            let response = account.handle(request).await;
            let status = response
                .status()
                .as_u16()
                .try_into()
                .map_err(|error| ConnectorError::other(Box::new(error), None))?;
            let mut answer = HttpResponse::new(status, SdkBody::from(response.body().clone()));
            for (name, value) in response.headers() {
                if let Ok(value) = value.to_str() {
                    answer
                        .headers_mut()
                        .insert(name.as_str().to_owned(), value.to_owned());
                }
            }
            Ok(answer)
        })
    }
}

fn outgoing(request: &HttpRequest) -> Result<http::Request<Bytes>, ConnectorError> {
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("a streaming body".into()))?;
    let mut outgoing = http::Request::builder()
        .method(request.method())
        .uri(request.uri());
    for (name, value) in request.headers() {
        outgoing = outgoing.header(name, value);
    }
    outgoing
        .body(Bytes::copy_from_slice(body))
        .map_err(|error| ConnectorError::user(Box::new(error)))
}
