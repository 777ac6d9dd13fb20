//! To be filled in.
use bytes::Bytes;
use super::Account;
#[derive(Debug, Default)]
pub(crate) struct Tables {}
pub(crate) async fn handle(_account: &Account, _request: &http::Request<Bytes>) -> http::Response<Bytes> {
    std::future::ready(http::Response::new(Bytes::new())).await
}
