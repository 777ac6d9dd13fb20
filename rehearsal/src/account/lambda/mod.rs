//! Lambda's `Invoke` and `GetFunctionConfiguration`, as AWS's clients call them: a path, headers, and JSON.
//!
//! What the functions are and how they run is in [`super::functions`].

mod configuration;
mod invoke;
mod named;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{Account, ServiceError};
use invoke::Call;
use named::Named;

/// Where the functions are.
const FUNCTIONS: &str = "/2015-03-31/functions/";

/// What is asked of Lambda.
pub(crate) enum Asked {
    Invoke(Call),
    Configuration(Named),
}

/// What Lambda answers; the same is journalled.
pub(crate) enum Answer {
    Invoked(Invoked),
    Document(Value),
}

/// What came of an invocation.
pub(crate) struct Invoked {
    status: u16,
    function_error: Option<&'static str>,
    version: Option<String>,
    payload: Option<Value>,
}

/// Whether a request is one to Lambda.
pub(crate) fn is_meant<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with(FUNCTIONS)
}

/// Finds the call of a request.
pub(crate) fn read(request: &Request<Bytes>) -> Result<Asked, ServiceError> {
    let path = request.uri().path();
    let unknown = || {
        let what = format!("{} {path}", request.method());
        ServiceError::unknown_operation("lambda", &what)
    };
    let rest = path.strip_prefix(FUNCTIONS).ok_or_else(unknown)?;
    let (name, operation) = rest.split_once('/').ok_or_else(unknown)?;
    match (request.method(), operation) {
        (&Method::POST, "invocations") => Call::read(name, request).map(Asked::Invoke),
        (&Method::GET, "configuration") => Ok(Asked::Configuration(Named::read(name, request))),
        _ => Err(unknown()),
    }
}

impl Asked {
    /// The operation's name.
    pub(crate) const fn operation(&self) -> &'static str {
        match self {
            Self::Invoke(_) => "Invoke",
            Self::Configuration(_) => "GetFunctionConfiguration",
        }
    }

    /// The action that IAM knows it by.
    pub(crate) const fn action(&self) -> &'static str {
        match self {
            Self::Invoke(_) => "InvokeFunction",
            Self::Configuration(_) => "GetFunctionConfiguration",
        }
    }

    /// The input as it is journalled.
    pub(crate) fn input(&self) -> Value {
        match self {
            Self::Invoke(call) => call.input(),
            Self::Configuration(named) => named.input(),
        }
    }
}

/// Does what is asked, and waits for the function where the call does.
pub(crate) async fn answer(account: &Account, asked: &Asked) -> Result<Answer, ServiceError> {
    match asked {
        Asked::Invoke(call) => invoke::invoke(account, call).await.map(Answer::Invoked),
        Asked::Configuration(named) => {
            configuration::configuration(account, named).map(Answer::Document)
        }
    }
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
        match self {
            Self::Invoked(invoked) => invoked.response(request_id),
            Self::Document(document) => respond(200, document.to_string().into(), request_id),
        }
    }

    /// As it is journalled, by the names that the model gives the members: of headers those of the headers. A
    /// payload is the document that it is.
    pub(crate) fn output(&self) -> Value {
        match self {
            Self::Invoked(invoked) => invoked.output(),
            Self::Document(document) => document.clone(),
        }
    }
}

impl Invoked {
    fn response(&self, request_id: &str) -> Response<Bytes> {
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

    fn output(&self) -> Value {
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
