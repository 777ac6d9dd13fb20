//! The presigned URL of Amazon S3 at which a request is answered.
//!
//! A URL is signed for one method and one content type, the empty one: with another, S3 answers 403
//! (`SignatureDoesNotMatch`). S3 takes as many answers as come; CloudFormation reads the first.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use tokio::sync::oneshot;

use super::Account;

/// The path of answers on the account's own endpoint.
const PATH: &str = "/cloudformation-custom-resource-response/";
/// How the host of the bucket begins.
const BUCKET: &str = "cloudformation-custom-resource-response-";

/// A request that waits for its answer.
pub(crate) struct Waiting {
    signature: String,
    /// Gone once an answer was read.
    answer: Option<oneshot::Sender<Bytes>>,
}

/// Makes the URL of a request, and gives what comes to it.
pub(super) fn presign(
    account: &Account,
    stack: &str,
    resource: &str,
    request: &str,
) -> (String, oneshot::Receiver<Bytes>) {
    let (sender, receiver) = oneshot::channel();
    let region = account.settings().region.clone();
    let mut state = account.state();
    let signature = state.unique();
    let waiting = Waiting {
        signature: signature.clone(),
        answer: Some(sender),
    };
    let cloudformation = &mut state.cloudformation;
    cloudformation.waiting.insert(request.to_owned(), waiting);
    let place = if let Some(endpoint) = &cloudformation.reached_at {
        format!("{endpoint}{PATH}")
    } else {
        let bucket = format!("{BUCKET}{}", region.replace('-', ""));
        format!("https://{bucket}.s3.{region}.amazonaws.com/")
    };
    let stack = stack.replace(':', "%3A").replace('/', "%2F");
    let url = format!(
        "{place}{stack}%7C{resource}%7C{request}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=7200&\
         X-Amz-Signature={signature}"
    );
    (url, receiver)
}

/// Takes an answer, if the request is one. Its URL is its permission.
pub(crate) fn answered(
    account: &Account,
    host: &str,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let path = request.uri().path();
    if !path.starts_with(PATH) && !host.starts_with(BUCKET) {
        return None;
    }
    let signature = request.uri().query().unwrap_or_default();
    let signature = signature
        .split("X-Amz-Signature=")
        .nth(1)
        .unwrap_or_default();
    let id = path.rsplit("%7C").next().unwrap_or_default();
    let mut state = account.state();
    let waiting = state.cloudformation.waiting.get_mut(id);
    let Some(waiting) = waiting.filter(|it| it.signature == signature) else {
        return Some(refused("AccessDenied"));
    };
    if request.method() != Method::PUT || !is_without_content_type(request.headers()) {
        return Some(refused("SignatureDoesNotMatch"));
    }
    if let Some(answer) = waiting.answer.take() {
        // Nobody waits any more where the time was over.
        let _ = answer.send(request.body().clone());
    }
    Some(Response::new(Bytes::new()))
}

fn is_without_content_type(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_none_or(header::HeaderValue::is_empty)
}

fn refused(code: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("<Error><Code>{code}</Code></Error>")));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
