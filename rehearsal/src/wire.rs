//! `--wire FILE`: every AWS call of a rehearsal, one JSON object a line.
//!
//! `{"function", "service", "operation", "request", "status", "response"}`: `function` is the caller's
//! logical id, or `operator`; `service` is botocore's name for it. `request` and `response` are the
//! members as the service's model names them. That is what JSON services send; for the query protocol
//! of `elbv2` and `sts` it is what the account read from the form and wrote into the XML, for `s3` what it
//! read from the path and wrote into headers, never a body, and for `lambda` the same with the payload as the
//! document that it is. CBOR is written as JSON. An error's `response` is `{"__type", "message"}`. tests/wire/validate.py checks such a file against AWS's service models.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::account::journal::Call;

/// Members whose value is a secret, in whatever service.
const SECRETS: [&str; 8] = [
    "accesskeyid",
    "secretaccesskey",
    "secretkey",
    "sessiontoken",
    "securitytoken",
    "authorizationtoken",
    "password",
    "authorization",
];

/// Stands in the place of a secret.
pub const REDACTED: &str = "REDACTED";

/// Writes calls as lines.
pub fn write(calls: &[Call], to: &mut impl Write) -> io::Result<()> {
    for call in calls {
        serde_json::to_writer(&mut *to, &line(call))?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

fn line(call: &Call) -> Value {
    json!({
        "function": call.caller,
        "service": call.service,
        "operation": call.operation,
        "request": redacted(&call.request),
        "status": call.status,
        "response": redacted(&call.response),
    })
}

/// The document without secrets: none in a member of such a name, and no access key anywhere.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                let secret =
                    SECRETS.contains(&letters.to_ascii_lowercase().as_str()) && value.is_string();
                (
                    name.clone(),
                    if secret {
                        REDACTED.into()
                    } else {
                        redacted(value)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::String(text) => without_access_keys(text).into(),
        plain => plain.clone(),
    }
}

/// Access key ids are `AKIA` or `ASIA` and 16 capitals or digits.
fn without_access_keys(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["AKIA", "ASIA"]
        .iter()
        .filter_map(|prefix| rest.find(prefix))
        .min()
    {
        let (before, key) = rest.split_at(at);
        clean.push_str(before);
        let length = key
            .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit()))
            .unwrap_or(key.len());
        if length >= 20 {
            clean.push_str(REDACTED);
            rest = &key[length..];
        } else {
            clean.push_str(&key[..4]);
            rest = &key[4..];
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_call_is_one_line_with_its_members_in_order() {
        let call = Call {
            at: Timestamp::UNIX_EPOCH,
            caller: "DeployOnPush".to_owned(),
            service: "ecs",
            operation: "DescribeServices".to_owned(),
            request: json!({"cluster": "mco"}),
            status: 200,
            response: json!({"services": []}),
        };
        let mut lines = Vec::new();
        write(&[call.clone(), call], &mut lines).unwrap();
        let line = r#"{"function":"DeployOnPush","service":"ecs","operation":"DescribeServices","request":{"cluster":"mco"},"status":200,"response":{"services":[]}}"#;
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            format!("{line}\n{line}\n")
        );
    }

    #[test]
    fn secrets_are_redacted_wherever_they_are() {
        let document = json!({
            "artifactCredentials": {"accessKeyId": "x", "secretAccessKey": "y", "sessionToken": "z"},
            "list": [{"Password": "p"}, "key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE."],
            "passwordPolicy": {"password": 5},
            "text": "AKIA is a prefix; MAKIAVELLI is not a key",
        });
        assert_eq!(
            redacted(&document),
            json!({
                "artifactCredentials": {"accessKeyId": REDACTED, "secretAccessKey": REDACTED, "sessionToken": REDACTED},
                "list": [{"Password": REDACTED}, "key REDACTED, REDACTED."],
                "passwordPolicy": {"password": 5},
                "text": "AKIA is a prefix; MAKIAVELLI is not a key",
            })
        );
    }
}
