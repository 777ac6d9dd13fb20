//! To be filled in.
use serde_json::Value;
use super::{Account, ServiceError};
#[derive(Debug, Default)]
pub(crate) struct State {}
pub(crate) fn handle(_account: &Account, operation: &str, _input: Value) -> Result<Value, ServiceError> {
    Err(ServiceError::unknown_operation("ecr", operation))
}
