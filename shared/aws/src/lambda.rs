//! AWS Lambda: calling a function, and waiting for its answer or not; and what a function is.

mod function;

pub use function::{Function, function};

use aws_sdk_lambda::{primitives::Blob, types::InvocationType};

use crate::{AwsError, Clients, error::failed};

/// Of an answer, so many bytes are kept. Lambda itself gives no more than 6 MiB.
const PAYLOAD_LIMIT: usize = 256 * 1024;

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoked {
    /// The HTTP status: 200.
    pub status: i32,
    /// `Handled` or `Unhandled`, where the function failed.
    pub function_error: Option<String>,
    /// What it answered, 256 KiB at the most.
    pub payload: Vec<u8>,
    /// It answered more than that.
    pub is_cut: bool,
}

/// Calls a function and waits for its answer, a quarter of an hour at the most. The call is not tried again, whatever
/// comes of it: the function may have run.
pub async fn invoke(
    clients: &Clients,
    function: &str,
    payload: Vec<u8>,
) -> Result<Invoked, AwsError> {
    let answer = clients
        .lambda
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(payload))
        .send()
        .await
        .map_err(failed(
            "lambda:InvokeFunction",
            format!("Lambda function `{function}`"),
        ))?;
    let mut payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    let is_cut = payload.len() > PAYLOAD_LIMIT;
    payload.truncate(PAYLOAD_LIMIT);
    Ok(Invoked {
        status: answer.status_code,
        function_error: answer.function_error,
        payload,
        is_cut,
    })
}

/// Hands an event to a function, which Lambda calls when it can, and again where it fails. Nobody waits for it. The
/// call is tried again where its answer is lost: an event may come twice.
pub async fn invoke_later(
    clients: &Clients,
    function: &str,
    payload: Vec<u8>,
) -> Result<(), AwsError> {
    clients
        .lambda_to_look()
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(payload))
        .send()
        .await
        .map_err(failed(
            "lambda:InvokeFunction",
            format!("Lambda function `{function}`"),
        ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
    use std::time::Duration;

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    #[test]
    fn a_function_is_called_by_its_name_and_its_answer_is_kept() {
        let aws = Scripted::default();
        aws.answer(200, r#"{"verdict":"passed"}"#);
        let invoked = run(invoke(&aws.clients(), "check:live", b"{\"a\":1}".to_vec())).unwrap();
        assert_eq!(
            invoked,
            Invoked {
                status: 200,
                function_error: None,
                payload: br#"{"verdict":"passed"}"#.to_vec(),
                is_cut: false,
            }
        );
        let sent = &aws.sent()[0];
        assert!(
            sent.uri.contains("/functions/check%3Alive/invocations"),
            "{}",
            sent.uri
        );
        assert_eq!(sent.body, "{\"a\":1}");
    }

    #[test]
    fn a_function_that_failed_and_one_that_says_too_much_are_told() {
        let aws = Scripted::default();
        let headers = [("x-amz-function-error", "Unhandled")];
        aws.answer_with(200, &headers, r#"{"errorMessage":"boom"}"#);
        aws.answer(200, vec![b'x'; PAYLOAD_LIMIT + 1]);
        let clients = aws.clients();
        let failed = run(invoke(&clients, "check", Vec::new())).unwrap();
        assert_eq!(failed.function_error.as_deref(), Some("Unhandled"));
        let long = run(invoke(&clients, "check", Vec::new())).unwrap();
        assert_eq!((long.payload.len(), long.is_cut), (PAYLOAD_LIMIT, true));
    }

    #[test]
    fn a_call_is_made_once_whatever_the_other_clients_do() {
        let aws = Scripted::default();
        let clients = aws.clients_that_try(RetryConfig::standard().with_max_attempts(3));
        let headers = [("x-amzn-errortype", "ServiceException")];
        aws.answer_with(500, &headers, r#"{"Message":"no"}"#);
        let error = run(invoke(&clients, "check", Vec::new())).unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        assert_eq!(aws.sent().len(), 1);
        let config = clients.lambda.config();
        let timeout = config
            .timeout_config()
            .and_then(TimeoutConfig::operation_timeout);
        assert!(timeout >= Some(Duration::from_mins(14)), "{timeout:?}");
    }

    #[test]
    fn an_event_is_handed_over_and_not_waited_for() {
        let aws = Scripted::default();
        aws.answer(202, "");
        run(invoke_later(&aws.clients(), "record", b"{}".to_vec())).unwrap();
        let sent = &aws.sent()[0];
        assert_eq!(sent.invocation_type, "Event");
        assert_eq!(sent.body, "{}");
    }

    #[test]
    fn a_function_that_is_not_there_is_named() {
        let aws = Scripted::default();
        let headers = [("x-amzn-errortype", "ResourceNotFoundException")];
        aws.answer_with(404, &headers, r#"{"Message":"Function not found"}"#);
        let error = run(invoke(&aws.clients(), "check", Vec::new())).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
        assert_eq!(error.resource, "Lambda function `check`");
    }
}
