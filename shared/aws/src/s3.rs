//! Amazon S3: the text of small objects, such as templates.

use crate::{AwsError, Clients, Kind, error::failed};

const ACTION: &str = "s3:GetObject";

/// The object `key` of a bucket, which has to be UTF-8 and no longer than `limit_bytes`. A missing key
/// is "not found" only for a role that may list the bucket; for others S3 says "access denied".
pub async fn text(
    clients: &Clients,
    bucket: &str,
    key: &str,
    limit_bytes: usize,
) -> Result<String, AwsError> {
    let resource = || format!("S3 object `s3://{bucket}/{key}`");
    let invalid =
        |message: String| AwsError::unusable(ACTION, resource(), Kind::Invalid, None, message);
    let too_long = || invalid(format!("the object is longer than {limit_bytes} bytes"));
    let answer = clients
        .s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    let length = answer.content_length();
    if length.and_then(|length| usize::try_from(length).ok()) > Some(limit_bytes) {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    let mut body = answer.body;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            let message = format!("the object broke off: {}", crate::chain(&error));
            AwsError::unusable(ACTION, resource(), Kind::Unreachable, None, message)
        })?;
        // A length is only announced: this is the one that holds.
        if bytes.len().saturating_add(chunk.len()) > limit_bytes {
            return Err(too_long());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        invalid(format!("the object is not UTF-8 text: see byte {at}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{Scripted, run};

    fn read(status: u16, body: &[u8], limit_bytes: usize) -> Result<String, AwsError> {
        let aws = Scripted::default();
        aws.answer(status, body);
        let text = run(text(
            &aws.clients(),
            "my.bucket",
            "a/taskdef.json",
            limit_bytes,
        ));
        let uri = &aws.sent()[0].uri;
        assert!(uri.contains(".com/my.bucket/a/taskdef.json"), "{uri}");
        text
    }

    #[test]
    fn an_object_up_to_the_limit_is_read() {
        assert_eq!(read(200, "größe".as_bytes(), 7).unwrap(), "größe");
    }

    #[test]
    fn an_object_over_the_limit_is_refused_although_no_length_is_announced() {
        let error = read(200, b"12345678", 7).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert_eq!(error.message(), "the object is longer than 7 bytes");
    }

    #[test]
    fn an_object_that_is_no_text_is_refused() {
        let error = read(200, b"ab\xff", 7).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert_eq!(error.message(), "the object is not UTF-8 text: see byte 2");
    }

    #[test]
    fn a_missing_object_and_a_missing_bucket_are_not_found() {
        for code in ["NoSuchKey", "NoSuchBucket"] {
            let body = format!("<Error><Code>{code}</Code><Message>gone</Message></Error>");
            let error = read(404, body.as_bytes(), 7).unwrap_err();
            assert_eq!(error.kind, Kind::NotFound, "{code}");
            assert_eq!(error.message(), format!("{code}: gone"));
            assert_eq!(error.resource, "S3 object `s3://my.bucket/a/taskdef.json`");
        }
    }
}
