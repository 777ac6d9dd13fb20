//! `Invoke`: which function, how, with what; and what comes of it.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::named::{Named, version};
use super::{Account, Invoked, ServiceError};

/// Of a payload that is waited for, and of one that is not (Lambda API reference).
const LARGEST: usize = 6 << 20;
const LARGEST_EVENT: usize = 1 << 20;

/// A call of `Invoke`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    named: Named,
    kind: Kind,
    /// As the header says it, if there is one.
    said_kind: Option<String>,
    payload: Value,
}

/// `X-Amz-Invocation-Type`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

impl Call {
    pub(super) fn read(name: &str, request: &Request<Bytes>) -> Result<Self, ServiceError> {
        let invalid = |what: &str| ServiceError::new("InvalidParameterValueException", what);
        for refused in [
            "x-amz-log-type",
            "x-amz-client-context",
            "x-amz-durable-execution-name",
            "x-amz-tenant-id",
        ] {
            let value = request.headers().get(refused);
            if value.is_some_and(|value| value != "None") {
                let message = format!("The simulated account does not know {refused} of Invoke");
                return Err(invalid(&message));
            }
        }
        let said_kind = request.headers().get("x-amz-invocation-type");
        let said_kind = said_kind.map(|kind| kind.to_str().unwrap_or_default().to_owned());
        let kind = match said_kind.as_deref() {
            None | Some("RequestResponse") => Kind::RequestResponse,
            Some("Event") => Kind::Event,
            Some("DryRun") => Kind::DryRun,
            Some(other) => return Err(invalid(&format!("Unknown invocation type {other}"))),
        };
        let most = match kind {
            Kind::Event => LARGEST_EVENT,
            _ => LARGEST,
        };
        let body = request.body();
        if body.len() > most {
            let message =
                format!("Request must be smaller than {most} bytes for the Invoke operation");
            return Err(ServiceError {
                status: 413,
                ..ServiceError::new("RequestTooLargeException", message)
            });
        }
        let payload = if body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(body).map_err(|error| {
                let message = format!("Could not parse request body into json: {error}");
                ServiceError::new("InvalidRequestContentException", message)
            })?
        };
        Ok(Self {
            named: Named::read(name, request),
            kind,
            said_kind,
            payload,
        })
    }

    /// The input as it is journalled.
    pub(super) fn input(&self) -> Value {
        let mut input = self.named.input();
        input["Payload"] = self.payload.clone();
        if let Some(kind) = &self.said_kind {
            input["X-Amz-Invocation-Type"] = kind.as_str().into();
        }
        input
    }
}

/// Invokes the function, and waits for it where the call does.
pub(super) async fn invoke(account: &Account, call: &Call) -> Result<Invoked, ServiceError> {
    let functions = account.functions();
    let (name, qualifier) = call.named.function(account)?;
    let answer = |status| Invoked {
        status,
        function_error: None,
        version: None,
        payload: None,
    };
    match call.kind {
        Kind::DryRun => return Ok(answer(204)),
        Kind::Event => {
            functions.invoke_async(name, call.payload.clone());
            return Ok(answer(202));
        }
        Kind::RequestResponse => {}
    }
    let answered = functions.invoke(name, call.payload.clone()).await;
    let (function_error, payload) = match answered {
        Ok(payload) if payload.to_string().len() > LARGEST => (
            Some("Unhandled"),
            json!({
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": format!("Response payload size exceeded maximum allowed payload size ({LARGEST} bytes)."),
            }),
        ),
        Ok(payload) => (None, payload),
        Err(error) => (Some("Unhandled"), error.payload()),
    };
    Ok(Invoked {
        function_error,
        version: Some(version(qualifier).to_owned()),
        payload: Some(payload),
        ..answer(200)
    })
}
