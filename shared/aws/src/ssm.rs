//! AWS Systems Manager's Parameter Store: telling others by a parameter what is deployed.

use aws_sdk_ssm::types::ParameterType;

use crate::{AwsError, Clients, error::failed};

/// Sets a parameter of type `String`, whatever it says now. Doing so again is harmless: it only makes
/// another version.
pub async fn put_parameter(clients: &Clients, name: &str, value: &str) -> Result<(), AwsError> {
    clients
        .ssm
        .put_parameter()
        .name(name)
        .value(value)
        .r#type(ParameterType::String)
        .data_type("text")
        .overwrite(true)
        .send()
        .await
        .map_err(failed("ssm:PutParameter", format!("parameter `{name}`")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    #[test]
    fn a_parameter_is_overwritten_as_plain_text() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"Version": 2, "Tier": "Standard"}));
        run(put_parameter(&aws.clients(), "/a/b", "mco/api@sha256:0")).unwrap();
        assert_eq!(
            aws.sent()[0].json(),
            json!({
                "Name": "/a/b", "Value": "mco/api@sha256:0", "Type": "String", "DataType": "text",
                "Overwrite": true,
            })
        );
    }

    #[test]
    fn a_parameter_that_is_being_changed_is_tried_again_and_one_of_another_type_is_not() {
        let aws = Scripted::default();
        let put = || run(put_parameter(&aws.clients(), "/a/b", "x")).unwrap_err();
        aws.refuse("TooManyUpdates", "wait");
        assert!(put().is_retryable());
        aws.refuse("HierarchyTypeMismatchException", "it is a SecureString");
        let error = put();
        assert_eq!((error.kind, error.is_retryable()), (Kind::Invalid, false));
        assert_eq!(error.resource, "parameter `/a/b`");
    }
}
