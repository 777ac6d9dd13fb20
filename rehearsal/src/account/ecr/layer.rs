//! `GetDownloadUrlForLayer`, and the URL that it gives.
//!
//! Image configurations can be downloaded: they are real documents, whose SHA-256 is their digest. Layers
//! are only names.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::registry::Asked;
use super::{Account, Members, ServiceError};

/// The hosts of ECR's layers.
const HOST: &str = "-starport-layer-bucket.s3.";
/// The path of layers on the account's own endpoint.
const PATH: &str = "/ecr-layer/";

pub(super) fn get_download_url(
    account: &Account,
    asked: &Asked,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let id = asked.repository(account, input)?;
    let digest = input.string("layerDigest")?;
    let state = account.state();
    let repository = state.ecr.repository(&id)?;
    let (name, registry) = (&id.name, &id.registry.account_id);
    if !repository.blobs.contains(digest) {
        let message = format!(
            "The layer with digest '{digest}' does not exist in the repository with name '{name}' in the registry with id \
             '{registry}'"
        );
        return Err(ServiceError::new("LayersNotFoundException", message));
    }
    if !state.ecr.configurations.contains_key(digest) {
        let message = format!(
            "The layer with digest '{digest}' in the repository with name '{name}' in the registry with id '{registry}' is \
             not accessible: the simulated account keeps the names of layers only"
        );
        return Err(ServiceError::new("LayerInaccessibleException", message));
    }
    let url = format!("{}/{digest}", asked.layers(account));
    Ok(json!({"downloadUrl": url, "layerDigest": digest}))
}

/// Answers a download, if the request is one. Its URL is its permission.
pub(crate) fn layer<B>(account: &Account, request: &Request<B>) -> Option<Response<Bytes>> {
    if request.method() != Method::GET || request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    let path = request.uri().path();
    let header = || request.headers().get(header::HOST)?.to_str().ok();
    let host = request.uri().host().or_else(header).unwrap_or_default();
    let digest = match path.strip_prefix(PATH) {
        Some(digest) => digest,
        None if host.contains(HOST) => path.trim_start_matches('/'),
        None => return None,
    };
    Some(download(account, digest))
}

/// In memory: answers a download from ECR's own host.
pub(crate) fn layer_at<B>(
    account: &Account,
    host: &str,
    request: &Request<B>,
) -> Option<Response<Bytes>> {
    host.contains(HOST)
        .then(|| download(account, request.uri().path().trim_start_matches('/')))
}

fn download(account: &Account, digest: &str) -> Response<Bytes> {
    let state = account.state();
    let configuration = state.ecr.configurations.get(digest);
    let (status, body) = match configuration {
        Some(configuration) => (StatusCode::OK, configuration.document.clone()),
        None => (
            StatusCode::NOT_FOUND,
            "<Error><Code>NoSuchKey</Code></Error>".to_owned(),
        ),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    response
}
