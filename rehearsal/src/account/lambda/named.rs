//! Which function a request means.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Account, ServiceError};

/// A function as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// As the client named it.
    function: String,
    qualifier: Option<String>,
}

impl Named {
    /// `name` is as it is in the path.
    pub(super) fn read(name: &str, request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let qualifier = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "Qualifier")
            .map(|(_, value)| value.into_owned());
        Self {
            function: decoded(name),
            qualifier,
        }
    }

    /// The input as it is journalled.
    pub(super) fn input(&self) -> Value {
        let mut input = json!({"FunctionName": self.function});
        if let Some(qualifier) = &self.qualifier {
            input["Qualifier"] = qualifier.as_str().into();
        }
        input
    }

    /// The function's own name, and the version or alias of it that is meant: of `name:alias`, of an ARN, or of
    /// one that begins with the account. An error if there is no such function, or it is in another account or
    /// region.
    pub(super) fn function(&self, account: &Account) -> Result<(&str, Option<&str>), ServiceError> {
        let functions = account.functions();
        let found = self.in_account(account);
        found
            .filter(|(name, _)| functions.exists(name))
            .ok_or_else(|| {
                let named = if self.function.starts_with("arn:") {
                    self.function.clone()
                } else {
                    functions.arn(&self.function)
                };
                let message = format!("Function not found: {named}");
                ServiceError {
                    status: 404,
                    ..ServiceError::new("ResourceNotFoundException", message)
                }
            })
    }

    fn in_account(&self, account: &Account) -> Option<(&str, Option<&str>)> {
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

/// The number of the version that is meant. Aliases are not resolved: there is one version of every function.
pub(super) fn version(qualifier: Option<&str>) -> &str {
    let number = qualifier.filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
    number.unwrap_or("$LATEST")
}

fn decoded(name: &str) -> String {
    // A plus in a path is a plus.
    let form = format!("={}", name.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
