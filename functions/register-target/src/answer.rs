//! The answer to CloudFormation: a document that is put at the URL of its request.
//!
//! The URL is signed: whoever has it can answer. So it is in no message and in no log, and nothing is sent to a URL
//! that is not of S3 (or of the endpoint that stands in the place of AWS).

use std::collections::HashMap;

use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceResponse as Response,
    CloudFormationCustomResourceResponseStatus as Status,
};
use greenlight_core::excerpt;
use greenlight_deployer::probe::Probe;
use greenlight_runtime::must_answer::{Contract, Fault, NoAddress, NotTaken, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

/// The largest answer that CloudFormation reads, in bytes.
const LIMIT: usize = 4096;
/// The longest id that is given back, in characters. An ARN of a stack is shorter.
const ID_LIMIT: usize = 512;
/// The ends of the names of S3's hosts, in every partition.
const S3: [&str; 7] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
];

/// Whether a payload is a request of CloudFormation, however damaged.
pub(crate) fn is_meant(payload: &Value) -> bool {
    payload.get("ResponseURL").is_some() || payload.get("RequestType").is_some()
}

/// Answers by `PUT`.
#[derive(Debug)]
pub(crate) struct CustomResource<'a> {
    pub(crate) probe: &'a Probe,
    /// The endpoint that stands in the place of AWS, if one does.
    pub(crate) endpoint: Option<&'a str>,
}

/// Where an answer goes, and what it has to name.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    url: SecretUrl,
    pub(crate) stack: String,
    pub(crate) request: String,
    pub(crate) resource: String,
    /// What the resource is called already.
    pub(crate) physical_id: Option<String>,
}

#[derive(Clone)]
struct SecretUrl(Url);

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretUrl")
    }
}

/// What CloudFormation is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) succeeded: bool,
    pub(crate) reason: String,
    /// The resource's own name; without one it keeps what it is called.
    pub(crate) physical_id: Option<String>,
    pub(crate) data: HashMap<String, String>,
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotPut {
    /// Nobody was reached.
    #[error("`{host}` could not be sent the answer: {cause}")]
    Unreachable {
        /// Where the answer goes.
        host: String,
        /// What was wrong.
        cause: &'static str,
    },
    /// It was not taken.
    #[error("`{host}` answers {status} to the answer")]
    Status {
        /// Where the answer goes.
        host: String,
        /// The status code.
        status: u16,
    },
}

impl Told {
    /// It failed; the resource keeps what it is called.
    pub(crate) fn failed(reason: String) -> Self {
        Self {
            succeeded: false,
            reason,
            physical_id: None,
            data: HashMap::new(),
        }
    }
}

impl Verdict for Told {
    fn of_fault(fault: &Fault) -> Self {
        Self::failed(match fault {
            Fault::Panicked(said) => format!("a fault in Greenlight ended the request: {said}"),
            Fault::TimedOut(given) => format!(
                "the request did not end within {} s; update the stack again",
                given.as_secs()
            ),
        })
    }

    fn log(&self) {
        let Self { reason, .. } = self;
        if self.succeeded {
            tracing::info!(verdict = "succeeded", "{reason}");
        } else {
            tracing::warn!(verdict = "failed", "{reason}");
        }
    }
}

impl CustomResource<'_> {
    /// The address of a payload, if something may be sent there.
    pub(crate) fn address_of(&self, payload: &Value) -> Result<Address, NoAddress> {
        let address = Self::address(payload)?;
        if self.may_send_to(&address.url.0) {
            return Ok(address);
        }
        Err(NoAddress {
            missing: format!(
                "expected a `ResponseURL` of Amazon S3, with https; the one of `{}` is not answered",
                excerpt(address.host(), 80)
            ),
        })
    }

    fn may_send_to(&self, url: &Url) -> bool {
        let endpoint = self.endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
        if endpoint.is_some_and(|endpoint| endpoint.origin() == url.origin()) {
            return true;
        }
        let Some(Host::Domain(host)) = url.host() else {
            return false;
        };
        let is_s3 = host
            .split('.')
            .any(|label| label == "s3" || label.starts_with("s3-"));
        url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && is_s3
            && S3.iter().any(|end| host.ends_with(end))
    }
}

impl Contract for CustomResource<'_> {
    type Address = Address;
    type Verdict = Told;
    type Answer = ();
    type Error = NotPut;

    fn address(payload: &Value) -> Result<Address, NoAddress> {
        let text = |key: &str| payload.get(key).and_then(Value::as_str);
        let url = text("ResponseURL").and_then(|url| Url::parse(url).ok());
        let url = url.ok_or_else(|| NoAddress {
            missing: "expected a request of CloudFormation, with `ResponseURL`".to_owned(),
        })?;
        let id = |key: &str| {
            let id = text(key).filter(|id| !id.is_empty());
            id.map(|id| id.chars().take(ID_LIMIT).collect::<String>())
        };
        Ok(Address {
            url: SecretUrl(url),
            stack: id("StackId").unwrap_or_default(),
            request: id("RequestId").unwrap_or_default(),
            resource: id("LogicalResourceId").unwrap_or_default(),
            physical_id: id("PhysicalResourceId"),
        })
    }

    async fn answer(&self, address: &Address, told: &Told) -> Result<(), NotTaken<NotPut>> {
        let host = || address.host().to_owned();
        let body = body(address, told);
        match self.probe.put(address.url.0.as_str(), body.into()).await {
            Ok(200..=299) => Ok(()),
            Ok(status) => {
                let error = NotPut::Status {
                    host: host(),
                    status,
                };
                Err(match status {
                    408 | 429 | 500.. => NotTaken::TryAgain(error),
                    _ => NotTaken::Refused(error),
                })
            }
            Err(error) => Err(NotTaken::TryAgain(NotPut::Unreachable {
                host: host(),
                cause: error.cause(),
            })),
        }
    }
}

impl Address {
    fn host(&self) -> &str {
        self.url.0.host_str().unwrap_or_default()
    }
}

/// The answer, with as much of the reason as there is room for.
fn body(address: &Address, told: &Told) -> String {
    let mut response = Response::default();
    response.status = if told.succeeded {
        Status::Success
    } else {
        Status::Failed
    };
    let physical_id = told.physical_id.as_ref().or(address.physical_id.as_ref());
    response.physical_resource_id = physical_id
        .cloned()
        .unwrap_or_else(|| format!("nothing-registered-{}", address.request));
    response.stack_id.clone_from(&address.stack);
    response.request_id.clone_from(&address.request);
    response.logical_resource_id.clone_from(&address.resource);
    response.data.clone_from(&told.data);
    let mut reason = told.reason.as_str();
    loop {
        response.reason = Some(reason.to_owned());
        let body = serde_json::to_string(&response).unwrap_or_default();
        let over = body.len().saturating_sub(LIMIT);
        if over == 0 || reason.is_empty() {
            return body;
        }
        // A byte takes six at the most: `\\u0000`. So never too much is cut off, and the rest in the next round.
        let left = reason.len().saturating_sub(over.div_ceil(6));
        reason = &reason[..reason.floor_char_boundary(left)];
    }
}

#[cfg(test)]
mod tests;
