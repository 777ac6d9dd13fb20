//! The check by a function of the team's own.

use serde_json::{Map, Value};

/// See [`super::CheckKind::Lambda`].
#[derive(Debug, Clone, PartialEq)]
pub struct LambdaCheck {
    /// The function's name or ARN, perhaps with a version or alias behind it.
    pub function: String,
    /// What the function is told as `parameters`, beside what it is told of the deployment.
    pub parameters: Map<String, Value>,
}

impl LambdaCheck {
    /// `FunctionName` of `Invoke` (Lambda API reference).
    pub const MAX_FUNCTION: usize = 170;
    pub const MAX_PARAMETERS: usize = 16 * 1024;
}
