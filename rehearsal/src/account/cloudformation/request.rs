//! One request to the function behind a custom resource, and what comes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Account, Made, SERVICE_TIMEOUT, response_url};
use crate::account::functions::uuid;
use crate::account::journal::Tone;

/// The longest answer, in bytes.
const ANSWER_LIMIT: usize = 4096;
/// The longest physical id, in bytes.
const ID_LIMIT: usize = 1024;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    Create,
    Update {
        physical_id: &'a str,
        /// The properties that it has.
        old: &'a Value,
    },
    Delete {
        physical_id: &'a str,
    },
}

/// Which resource is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Custom<'a> {
    pub(super) stack: &'a str,
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) properties: &'a Value,
}

/// A request that failed.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) reason: String,
    /// What the resource is called from now on, for the deletion that follows.
    pub(super) physical_id: String,
}

/// Asks the function, and waits for its answer.
pub(super) async fn ask(
    account: &Account,
    custom: Custom<'_>,
    ask: Ask<'_>,
) -> Result<Made, Refused> {
    let Custom {
        stack,
        id,
        kind,
        properties,
    } = custom;
    let request = uuid(&account.unique());
    let (url, answer) = response_url::presign(account, stack, id, &request);
    let mut event = json!({
        "ResponseURL": url,
        "StackId": stack,
        "RequestId": request,
        "LogicalResourceId": id,
        "ResourceType": kind,
        "ServiceToken": properties["ServiceToken"],
        "ResourceProperties": properties,
    });
    let (name, known) = match ask {
        Ask::Create => ("Create", None),
        Ask::Update { physical_id, old } => {
            event["OldResourceProperties"] = old.clone();
            ("Update", Some(physical_id))
        }
        Ask::Delete { physical_id } => ("Delete", Some(physical_id)),
    };
    event["RequestType"] = name.into();
    if let Some(physical_id) = known {
        event["PhysicalResourceId"] = physical_id.into();
    }
    // What a resource is called that never said it. That CloudFormation makes up such a name is UNCONFIRMED.
    let made_up = || {
        format!(
            "{}-{id}-{request}",
            stack.split('/').nth(1).unwrap_or_default()
        )
    };
    let refused = |reason: String| Refused {
        reason,
        physical_id: known.map_or_else(made_up, str::to_owned),
    };
    let function = properties["ServiceToken"].as_str().unwrap_or_default();
    if !account.functions().exists(function) {
        return Err(refused(format!("Function not found: {function}")));
    }
    account.journal().note(
        "cloudformation",
        Tone::Neutral,
        format!("{name} {id} is asked of a function"),
    );
    account.state().cloudformation.sent.push(event.clone());
    account.functions().invoke_async(function, event);
    let body = tokio::select! {
        body = answer => body.unwrap_or_default(),
        () = account.clock().sleep(timeout(properties)) => {
            return Err(refused(format!(
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs for \
                 requestId [{request}]."
            )));
        }
    };
    // What is optional may be missing.
    let answer = Value::Object(read(&body, stack, &request, id).map_err(refused)?);
    let answered = answer["PhysicalResourceId"].as_str().unwrap_or_default();
    if answer["Status"] == "SUCCESS" {
        return Ok(Made {
            reference: answered.to_owned(),
            attributes: attributes(&answer["Data"]),
        });
    }
    let said = answer["Reason"].as_str().unwrap_or_default();
    Err(Refused {
        reason: format!(
            "Received response status [FAILED] from custom resource. Message returned: {said} (RequestId: {request})"
        ),
        physical_id: known.unwrap_or(answered).to_owned(),
    })
}

fn timeout(properties: &Value) -> Duration {
    let seconds = properties["ServiceTimeout"].as_str();
    let seconds = seconds.and_then(|text| text.parse().ok());
    seconds.map_or(SERVICE_TIMEOUT, Duration::from_secs)
}

/// The answer, if it is one to this request.
fn read(body: &Bytes, stack: &str, request: &str, id: &str) -> Result<Map<String, Value>, String> {
    if body.len() > ANSWER_LIMIT {
        return Err("Response object is too long.".to_owned());
    }
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err("Invalid response: it is no JSON object.".to_owned());
    };
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    let wrong = |key: &str| Err(format!("Invalid response: `{key}` is missing or wrong."));
    for (key, expected) in [
        ("StackId", stack),
        ("RequestId", request),
        ("LogicalResourceId", id),
    ] {
        if text(key) != expected {
            return wrong(key);
        }
    }
    if !(1..=ID_LIMIT).contains(&text("PhysicalResourceId").len()) {
        return Err("Invalid PhysicalResourceId".to_owned());
    }
    match text("Status") {
        "FAILED" if text("Reason").is_empty() => wrong("Reason"),
        "SUCCESS" | "FAILED" => Ok(answer),
        _ => wrong("Status"),
    }
}

fn attributes(data: &Value) -> BTreeMap<String, String> {
    let members = data.as_object().into_iter().flatten();
    let texts = members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    texts.collect()
}

/// What CloudFormation hands on: every scalar is a text.
pub(super) fn in_texts(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(items) => items.iter().map(in_texts).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, value)| (key.clone(), in_texts(value)))
                .collect()
        }
        plain => plain.clone(),
    }
}
