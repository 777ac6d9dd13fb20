//! What a request's `Authorization` header says in the fourth version of AWS's signature: whose key signed it, for which region and service.
//!
//! `Credential=<key>/<date>/<region>/<service>/aws4_request`. The signature itself is not checked.

use http::{Request, header};

/// The credential scope of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) key: &'a str,
    pub(super) region: &'a str,
    /// The signing name, such as `s3`, `ecr` or `elasticloadbalancing`.
    pub(super) service: &'a str,
}

impl<'a> Scope<'a> {
    /// The scope of a request, if it is signed.
    pub(super) fn of<B>(request: &'a Request<B>) -> Option<Self> {
        let authorization = request
            .headers()
            .get(header::AUTHORIZATION)?
            .to_str()
            .ok()?;
        let (_, credential) = authorization.split_once("Credential=")?;
        let mut parts = credential.split(',').next()?.split('/');
        let key = parts.next()?.trim();
        let _date = parts.next();
        Some(Self {
            key,
            region: parts.next().unwrap_or_default(),
            service: parts.next().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(authorization: &str) -> Request<()> {
        Request::get("/")
            .header("authorization", authorization)
            .body(())
            .unwrap()
    }

    #[test]
    fn the_scope_of_a_signed_request_is_key_region_and_service() {
        let request = of(
            "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        );
        let expected = Scope {
            key: "AKIAX",
            region: "eu-west-1",
            service: "s3",
        };
        assert_eq!(Scope::of(&request), Some(expected));
    }

    #[test]
    fn whatever_else_is_in_the_header_has_no_scope_or_an_empty_one() {
        assert_eq!(Scope::of(&Request::get("/").body(()).unwrap()), None);
        assert_eq!(Scope::of(&of("Basic dXNlcg==")), None);
        let short = of("AWS4-HMAC-SHA256 Credential=AKIAX");
        assert_eq!(
            Scope::of(&short).map(|scope| (scope.key, scope.service)),
            Some(("AKIAX", ""))
        );
    }
}
