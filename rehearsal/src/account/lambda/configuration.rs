//! `GetFunctionConfiguration`: what a function is, without its code.

use serde_json::{Value, json};

use super::named::{Named, version};
use super::{Account, ServiceError};
use crate::account::iam;

/// The SHA-256 of nothing, in base 64: nobody looks at what is in a function.
const CODE: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

pub(super) fn configuration(account: &Account, named: &Named) -> Result<Value, ServiceError> {
    let functions = account.functions();
    let (name, qualifier) = named.function(account)?;
    let configuration = functions.configuration(name).unwrap_or_default();
    let arn = functions.arn(name);
    let arn = match qualifier {
        Some(qualifier) => format!("{arn}:{qualifier}"),
        None => arn,
    };
    let role = iam::role_of_function(account, name);
    let role = role
        .unwrap_or_else(|| format!("arn:aws:iam::{}:role/{name}", account.settings().account_id));
    Ok(json!({
        "FunctionName": name,
        "FunctionArn": arn,
        "Runtime": "provided.al2023",
        "Role": role,
        "Handler": "bootstrap",
        "CodeSize": 0,
        "CodeSha256": CODE,
        "Description": "",
        "Timeout": configuration.timeout.as_secs(),
        "MemorySize": 128,
        "Version": version(qualifier),
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
    }))
}
