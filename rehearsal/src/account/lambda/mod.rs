//! Lambda's `Invoke`, as AWS's clients call it: a path, headers, and a payload of JSON.
//!
//! What the functions are and how they run is in [`super::functions`].

mod invoke;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{Account, ServiceError};
pub(crate) use invoke::{Call, invoke};

/// Where the functions are.
const FUNCTIONS: &str = "/2015-03-31/functions/";

/// What Lambda answers; the same is journalled.
pub(crate) struct Answer {
    pub(crate) status: u16,
    function_error: Option<&'static str>,
    version: Option<String>,
    payload: Option<Value>,
}

/// Whether a request is one to Lambda.
pub(crate) fn is_meant<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with(FUNCTIONS)
}

/// Finds the call of a request; `Invoke` is the only one that is simulated.
pub(crate) fn read(request: &Request<Bytes>) -> Result<Call, ServiceError> {
    let path = request.uri().path();
    let unknown = || {
        let what = format!("{} {path}", request.method());
        ServiceError::unknown_operation("lambda", &what)
    };
    let rest = path.strip_prefix(FUNCTIONS).ok_or_else(unknown)?;
    let (name, operation) = rest.split_once('/').ok_or_else(unknown)?;
    if operation != "invocations" || request.method() != Method::POST {
        return Err(unknown());
    }
    Call::read(name, request)
}

/// An error as Lambda answers it.
pub(crate) fn error(error: &ServiceError, request_id: &str) -> Response<Bytes> {
    let body = json!({"Type": "User", "message": error.message}).to_string();
    let mut response = respond(error.status, Bytes::from(body), request_id);
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

impl Answer {
    /// As it goes over the wire.
    pub(crate) fn response(&self, request_id: &str) -> Response<Bytes> {
        let payload = self.payload.as_ref().map(Value::to_string);
        let mut response = respond(self.status, payload.unwrap_or_default().into(), request_id);
        let mut insert = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                let headers = response.headers_mut();
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        if let Some(error) = self.function_error {
            insert("x-amz-function-error", error);
        }
        if let Some(version) = &self.version {
            insert("x-amz-executed-version", version);
        }
        response
    }

    /// As it is journalled, by the names that the model gives the members: of headers those of the headers. The
    /// payload is the document that it is.
    pub(crate) fn output(&self) -> Value {
        let mut output = json!({"StatusCode": self.status});
        if let Some(error) = self.function_error {
            output["X-Amz-Function-Error"] = error.into();
        }
        if let Some(version) = &self.version {
            output["X-Amz-Executed-Version"] = version.as_str().into();
        }
        if let Some(payload) = &self.payload {
            output["Payload"] = payload.clone();
        }
        output
    }
}

fn respond(status: u16, body: Bytes, request_id: &str) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
