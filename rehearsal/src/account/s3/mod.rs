//! S3, by the crate `winterbaume-s3`: buckets and objects.
//!
//! S3 has no operation in its requests, so [`call`] finds it by method and path; what is not in its list
//! is refused, since the crate would answer it without meaning it. Requests are brought into path style
//! and into the account's region before the crate sees them: AWS would send a client that asks the wrong
//! region elsewhere, here every region has the same buckets.

mod call;
mod chunked;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockService as _};
use winterbaume_s3::S3Service;

use super::{Account, ServiceError};
pub(crate) use call::{S3Call, read};

/// The account's buckets.
#[derive(Default)]
pub(crate) struct Buckets {
    service: S3Service,
}

impl std::fmt::Debug for Buckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

/// Answers a call that is permitted. `may_list` says whether the caller may see which keys there are: who
/// may not is told that it has no access, not that there is no such key.
pub(crate) async fn handle(
    account: &Account,
    call: &S3Call,
    request: &Request<Bytes>,
    may_list: bool,
) -> Response<Bytes> {
    let response = send(account, call, request).await;
    let reads = matches!(call.operation, "GetObject" | "HeadObject");
    if response.status() == StatusCode::NOT_FOUND && reads && !may_list {
        let denied = ServiceError {
            status: 403,
            ..ServiceError::new("AccessDenied", "Access Denied")
        };
        return error(&denied, request);
    }
    response
}

async fn send(account: &Account, call: &S3Call, request: &Request<Bytes>) -> Response<Bytes> {
    let Some(body) = chunked::decoded(request) else {
        let broken =
            ServiceError::new("IncompleteBody", "The request body terminated unexpectedly");
        return error(&broken, request);
    };
    let request = MockRequest {
        method: request.method().to_string(),
        uri: call.uri(&account.settings().region),
        headers: request.headers().clone(),
        body,
    };
    let answer = account.buckets().service.handle(request).await;
    let mut response = Response::new(answer.body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

/// An error as S3 answers it: XML, and nothing at all to a `HEAD`.
pub(crate) fn error(error: &ServiceError, request: &Request<Bytes>) -> Response<Bytes> {
    let body = if request.method() == Method::HEAD {
        Bytes::new()
    } else {
        Bytes::from(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>",
            super::query::escape(&error.code),
            super::query::escape(&error.message),
        ))
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    response
}

/// The answer as it is journalled: the members that are headers, by the names that the model gives those; or
/// the error's code and message. Never the body.
pub(crate) fn output(call: &S3Call, response: &Response<Bytes>) -> Value {
    if response.status().is_success() {
        return members(call, response.headers());
    }
    let body = String::from_utf8_lossy(response.body());
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    };
    // Nothing in the answer to a `HEAD` but its status says what is wrong.
    let by_status = || match response.status() {
        StatusCode::NOT_FOUND => "NoSuchKey".to_owned(),
        StatusCode::FORBIDDEN => "AccessDenied".to_owned(),
        other => other.to_string(),
    };
    json!({
        "__type": element("Code").unwrap_or_else(by_status),
        "message": element("Message").unwrap_or_default(),
    })
}

fn members(call: &S3Call, headers: &HeaderMap) -> Value {
    let names: &[&str] = match call.operation {
        "GetObject" | "HeadObject" => &["Content-Length", "Content-Type", "ETag"],
        "PutObject" => &["ETag"],
        _ => &[],
    };
    let mut members = json!({});
    for name in names {
        let Some(text) = headers.get(*name).and_then(|value| value.to_str().ok()) else {
            continue;
        };
        members[*name] = match text.parse::<u64>() {
            Ok(number) if *name == "Content-Length" => number.into(),
            _ => text.into(),
        };
    }
    members
}

/// Puts an object, and makes its bucket if there is none.
pub async fn put_object(
    account: &Account,
    bucket: &str,
    key: &str,
    body: impl AsRef<[u8]>,
) -> Result<(), ServiceError> {
    let created = put(account, bucket, None, Bytes::new()).await;
    match created {
        Err(error) if error.code != "BucketAlreadyOwnedByYou" => Err(error),
        _ => {
            let body = Bytes::copy_from_slice(body.as_ref());
            put(account, bucket, Some(key), body).await
        }
    }
}

async fn put(
    account: &Account,
    bucket: &str,
    key: Option<&str>,
    body: Bytes,
) -> Result<(), ServiceError> {
    let operation = if key.is_some() {
        "PutObject"
    } else {
        "CreateBucket"
    };
    let call = S3Call::new(operation, bucket, key);
    let mut request = Request::new(body);
    *request.method_mut() = Method::PUT;
    let response = send(account, &call, &request).await;
    if response.status().is_success() {
        return Ok(());
    }
    let error = output(&call, &response);
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    Err(ServiceError {
        status: response.status().as_u16(),
        ..ServiceError::new(text("__type"), text("message"))
    })
}
