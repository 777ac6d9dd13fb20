//! `Invoke`: which function, how, with what; and what comes of it.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Account, Answer, ServiceError};

/// Of a payload that is waited for, and of one that is not (Lambda API reference).
const LARGEST: usize = 6 << 20;
const LARGEST_EVENT: usize = 1 << 20;

/// A call of `Invoke`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// As the client named it.
    function: String,
    kind: Kind,
    /// As the header says it, if there is one.
    said_kind: Option<String>,
    qualifier: Option<String>,
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
        let query = request.uri().query().unwrap_or_default();
        let qualifier = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "Qualifier")
            .map(|(_, value)| value.into_owned());
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
            function: decoded(name),
            kind,
            said_kind,
            qualifier,
            payload,
        })
    }

    /// The input as it is journalled.
    pub(crate) fn input(&self) -> Value {
        let mut input = json!({"FunctionName": self.function, "Payload": self.payload});
        if let Some(kind) = &self.said_kind {
            input["X-Amz-Invocation-Type"] = kind.as_str().into();
        }
        if let Some(qualifier) = &self.qualifier {
            input["Qualifier"] = qualifier.as_str().into();
        }
        input
    }

    /// The function's own name, and the version or alias of it that is meant: of `name:alias`, of an ARN, or of
    /// one that begins with the account. `None` if it is in another account or region.
    fn function(&self, account: &Account) -> Option<(&str, Option<&str>)> {
        let own = account.arn("lambda", "function:");
        let own_part = format!("{}:function:", account.settings().account_id);
        let name = if self.function.starts_with("arn:") {
            self.function.strip_prefix(own.as_str())?
        } else if self.function.contains(":function:") {
            self.function.strip_prefix(own_part.as_str())?
        } else {
            &self.function
        };
        let (name, qualifier) = match name.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (name, None),
        };
        Some((name, self.qualifier.as_deref().or(qualifier)))
    }
}

/// Invokes the function, and waits for it where the call does.
pub(crate) async fn invoke(account: &Account, call: &Call) -> Result<Answer, ServiceError> {
    let functions = account.functions();
    let found = call.function(account);
    let Some((name, qualifier)) = found.filter(|(name, _)| functions.exists(name)) else {
        let named = if call.function.starts_with("arn:") {
            call.function.clone()
        } else {
            functions.arn(&call.function)
        };
        return Err(ServiceError {
            status: 404,
            ..ServiceError::new(
                "ResourceNotFoundException",
                format!("Function not found: {named}"),
            )
        });
    };
    let answer = |status| Answer {
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
    // Aliases are not resolved: there is one version of every function.
    let version = qualifier.filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(Answer {
        function_error,
        version: Some(version.unwrap_or("$LATEST").to_owned()),
        payload: Some(payload),
        ..answer(200)
    })
}

fn decoded(name: &str) -> String {
    // A plus in a path is a plus.
    let form = format!("={}", name.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
