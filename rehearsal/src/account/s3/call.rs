//! Which operation of S3 a request is, on which bucket and key.

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::account::ServiceError;

/// What `x-id` and its like are: said beside the operation, without changing it.
const HARMLESS: [&str; 9] = [
    "x-id",
    "versionId",
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "continuation-token",
    "start-after",
    "encoding-type",
];

/// A request to S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Call {
    /// Such as `GetObject`.
    pub(crate) operation: &'static str,
    bucket: Option<String>,
    /// As it is in the path: percent-encoded.
    key: Option<String>,
    query: String,
}

/// Finds the operation of a request. A virtual host is `<bucket>.s3.<region>.amazonaws.com`, or
/// `<bucket>.localhost`, as an SDK makes it of an endpoint with a name.
pub(crate) fn read(request: &Request<Bytes>) -> Result<S3Call, ServiceError> {
    let path = request.uri().path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (bucket, key) = match virtual_host(request) {
        Some(bucket) => (Some(bucket), some(path)),
        None => match path.split_once('/') {
            Some((bucket, key)) => (some(bucket), some(key)),
            None => (some(path), None),
        },
    };
    let query = request.uri().query().unwrap_or_default();
    let unknown = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| !HARMLESS.contains(&name.as_ref()));
    let copies = request.headers().contains_key("x-amz-copy-source");
    let lists = query.contains("list-type=2");
    let operation = match (&bucket, &key, request.method()) {
        _ if unknown.is_some() || copies => None,
        (Some(_), Some(_), &Method::GET) => Some("GetObject"),
        (Some(_), Some(_), &Method::HEAD) => Some("HeadObject"),
        (Some(_), Some(_), &Method::PUT) => Some("PutObject"),
        (Some(_), Some(_), &Method::DELETE) => Some("DeleteObject"),
        (Some(_), None, &Method::GET) if lists => Some("ListObjectsV2"),
        (Some(_), None, &Method::HEAD) => Some("HeadBucket"),
        (Some(_), None, &Method::PUT) => Some("CreateBucket"),
        _ => None,
    };
    let refused = || {
        let what = unknown
            .map(|(name, _)| format!("?{name}"))
            .unwrap_or_default();
        ServiceError {
            status: 501,
            ..ServiceError::new(
                "NotImplemented",
                format!(
                    "The simulated account does not know {} {}{what} of S3",
                    request.method(),
                    request.uri().path()
                ),
            )
        }
    };
    Ok(S3Call {
        operation: operation.ok_or_else(refused)?,
        bucket,
        key,
        query: query.to_owned(),
    })
}

impl S3Call {
    /// A call of the account's own; `key` as it is.
    pub(super) fn new(operation: &'static str, bucket: &str, key: Option<&str>) -> Self {
        Self {
            operation,
            bucket: Some(bucket.to_owned()),
            key: key.map(encoded),
            query: String::new(),
        }
    }

    /// Where the crate looks for it.
    pub(super) fn uri(&self, region: &str) -> String {
        let bucket = self.bucket.as_deref().unwrap_or_default();
        let key = self.key.as_deref().unwrap_or_default();
        let query = if self.query.is_empty() { "" } else { "?" };
        format!(
            "https://s3.{region}.amazonaws.com/{bucket}/{key}{query}{}",
            self.query
        )
    }

    /// What the call is about: the bucket's name, and the object's key.
    pub(crate) fn object(&self) -> (Option<&str>, Option<String>) {
        let key = self.key.as_deref().map(decoded);
        (self.bucket.as_deref(), key)
    }

    /// The input as it is journalled: never the body.
    pub(crate) fn input(&self) -> Value {
        let mut input = json!({});
        if let Some(bucket) = &self.bucket {
            input["Bucket"] = bucket.as_str().into();
        }
        if let Some(key) = &self.key {
            input["Key"] = decoded(key).into();
        }
        input
    }

    /// The action that IAM knows it by.
    pub(crate) fn action(&self) -> &'static str {
        match self.operation {
            "HeadObject" => "GetObject",
            "HeadBucket" | "ListObjectsV2" => "ListBucket",
            other => other,
        }
    }
}

/// The bucket in the name of the host that is asked.
fn virtual_host(request: &Request<Bytes>) -> Option<String> {
    let header = || request.headers().get(header::HOST)?.to_str().ok();
    let host = request.uri().host().or_else(header)?;
    let host = host.split(':').next().unwrap_or(host);
    let bucket = match host.strip_suffix(".amazonaws.com") {
        Some(name) => name
            .rfind(".s3.")
            .or_else(|| name.strip_suffix(".s3").map(str::len))
            .map(|end| &name[..end]),
        None => host
            .strip_suffix(".localhost")
            .or_else(|| host.strip_suffix(".127.0.0.1")),
    };
    bucket
        .filter(|bucket| !bucket.is_empty())
        .map(str::to_owned)
}

/// A key in a path: everything but slashes and unreserved characters encoded.
fn encoded(key: &str) -> String {
    let segments = key.split('/').map(|segment| {
        form_urlencoded::byte_serialize(segment.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    });
    segments.collect::<Vec<_>>().join("/")
}

fn decoded(path: &str) -> String {
    // A plus in a path is a plus.
    let form = format!("={}", path.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
