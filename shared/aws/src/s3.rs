//! Amazon S3: the text of small objects, such as templates, and the artifacts of a pipeline's job.

use aws_credential_types::Credentials;
use aws_sdk_s3::operation::get_object::GetObjectOutput;

use crate::{
    AwsError, Clients, Kind, Look,
    codepipeline::jobs::{ArtifactLocation, JobCredentials},
    error::failed,
};

const ACTION: &str = "s3:GetObject";

/// The object `key` of a bucket, which has to be UTF-8 and no longer than `limit_bytes`. A missing key
/// is "not found" only for a role that may list the bucket; for others S3 says "access denied".
pub async fn text(
    clients: &Clients,
    bucket: &str,
    key: &str,
    limit_bytes: usize,
) -> Result<String, AwsError> {
    let resource = format!("S3 object `s3://{bucket}/{key}`");
    let answer = clients
        .s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(failed(ACTION, &resource))?;
    let bytes = content(answer, limit_bytes, "object", &resource).await?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("the object is not UTF-8 text: see byte {at}");
        AwsError::unusable(ACTION, resource, Kind::Invalid, None, message)
    })
}

/// How long the object `key` of a bucket is, in bytes. S3 asks for `s3:GetObject`; to a role that may not list the
/// bucket it says that access is denied where there is no such object.
pub async fn size(clients: &Clients, bucket: &str, key: &str) -> Result<Look<u64>, AwsError> {
    let answer = clients
        .s3
        .head_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(failed(ACTION, format!("S3 object `s3://{bucket}/{key}`")));
    Look::of(answer.map(|answer| {
        let bytes = answer.content_length().unwrap_or_default();
        u64::try_from(bytes).unwrap_or_default()
    }))
}

/// An input artifact of a job, no longer than `limit_bytes`, read with the job's own credentials and
/// so decrypted with the pipeline's key: this function's role needs neither.
pub async fn artifact(
    clients: &Clients,
    credentials: &JobCredentials,
    artifact: &ArtifactLocation,
    limit_bytes: usize,
) -> Result<Vec<u8>, AwsError> {
    let ArtifactLocation { name, bucket, key } = artifact;
    let resource = format!("input artifact `{name}` (`s3://{bucket}/{key}`)");
    let credentials = Credentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        Some(credentials.session_token.clone()),
        None,
        "CodePipeline job",
    );
    let answer = clients
        .s3_with(credentials)
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(failed(ACTION, &resource))
        .map_err(AwsError::of_job)?;
    content(answer, limit_bytes, "artifact", &resource)
        .await
        .map_err(AwsError::of_job)
}

/// The content of an object, which is a `what`.
async fn content(
    answer: GetObjectOutput,
    limit_bytes: usize,
    what: &str,
    resource: &str,
) -> Result<Vec<u8>, AwsError> {
    let too_long = || {
        let message = format!("the {what} is longer than {limit_bytes} bytes");
        AwsError::unusable(ACTION, resource, Kind::Invalid, None, message)
    };
    let length = answer.content_length();
    if length.and_then(|length| usize::try_from(length).ok()) > Some(limit_bytes) {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    let mut body = answer.body;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            let message = format!("the {what} broke off: {}", crate::chain(&error));
            AwsError::unusable(ACTION, resource, Kind::Unreachable, None, message)
        })?;
        // A length is only announced: this is the one that holds.
        if bytes.len().saturating_add(chunk.len()) > limit_bytes {
            return Err(too_long());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
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

    #[test]
    fn an_object_is_measured_without_being_read() {
        let aws = Scripted::default();
        let look = || run(size(&aws.clients(), "my.bucket", "a/taskdef.json"));
        aws.answer_with(200, &[("content-length", "1234")], "");
        assert_eq!(look().unwrap(), Look::Found(1234));
        let uri = &aws.sent()[0].uri;
        assert!(uri.ends_with(".com/my.bucket/a/taskdef.json"), "{uri}");
        // An answer to HEAD has no body in which a code could stand.
        aws.answer(404, "");
        assert_eq!(look().unwrap(), Look::Missing);
        aws.answer(403, "");
        assert!(matches!(look().unwrap(), Look::Forbidden(why) if why.contains("`s3:GetObject`")));
        aws.answer(500, "");
        assert!(look().unwrap_err().is_retryable());
    }

    fn read_artifact(aws: &Scripted, limit_bytes: usize) -> Result<Vec<u8>, AwsError> {
        let credentials = JobCredentials {
            access_key_id: "ASIAJOB".to_owned(),
            secret_access_key: "JOBSECRET".to_owned(),
            session_token: "JOBTOKEN".to_owned(),
        };
        let location = ArtifactLocation {
            name: "Infra".to_owned(),
            bucket: "artifacts".to_owned(),
            key: "release/Infra/1".to_owned(),
        };
        run(artifact(
            &aws.clients(),
            &credentials,
            &location,
            limit_bytes,
        ))
    }

    #[test]
    fn an_artifact_is_read_with_the_credentials_of_its_job() {
        let aws = Scripted::default();
        aws.answer(200, b"PK\x03\xff");
        assert_eq!(read_artifact(&aws, 4).unwrap(), b"PK\x03\xff");
        let sent = &aws.sent()[0];
        assert!(sent.authorization.contains("Credential=ASIAJOB/"));
        assert!(sent.authorization.contains("x-amz-security-token"));
        assert!(sent.uri.contains("/artifacts/release/Infra/1"));
    }

    #[test]
    fn an_artifact_that_cannot_be_had_is_named_with_what_to_do() {
        for (status, code, kind, hint) in [
            (404, "NoSuchKey", Kind::NotFound, "start the pipeline anew"),
            (
                403,
                "AccessDenied",
                Kind::Denied,
                "the job's own credentials",
            ),
            (400, "ExpiredToken", Kind::Unavailable, "retry the stage"),
        ] {
            let aws = Scripted::default();
            let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            aws.answer(status, body);
            let error = read_artifact(&aws, 4).unwrap_err();
            assert_eq!(error.kind, kind, "{code}");
            assert_eq!(
                error.resource,
                "input artifact `Infra` (`s3://artifacts/release/Infra/1`)"
            );
            assert!(error.hint().unwrap().contains(hint), "{error:?}");
            let said = format!("{error:?} {} {:?}", crate::chain(&error), error.hint());
            for secret in ["JOBSECRET", "JOBTOKEN", "ASIAJOB"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }

    #[test]
    fn an_artifact_over_the_limit_is_refused() {
        let aws = Scripted::default();
        aws.answer(200, b"12345");
        let error = read_artifact(&aws, 4).unwrap_err();
        assert_eq!(error.message(), "the artifact is longer than 4 bytes");
        assert!(error.hint().unwrap().contains("an artifact of their own"));
    }
}
