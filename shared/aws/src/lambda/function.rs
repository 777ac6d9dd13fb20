//! What a function is, as far as whoever calls it needs to know.

use crate::{AwsError, Clients, Look, error::failed};

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// With the version or alias that was asked for.
    pub arn: String,
    /// `Pending | Active | Inactive | Failed | …`
    pub state: String,
    /// Why it is in this state, where AWS says so.
    pub state_reason: Option<String>,
    /// So long it may take.
    pub timeout_seconds: u32,
    /// The ARN of the role that it runs with.
    pub role: String,
}

/// The function of this name or ARN. Its environment, which AWS tells too, may hold secrets and is left out.
pub async fn function(clients: &Clients, name_or_arn: &str) -> Result<Look<Function>, AwsError> {
    let answer = clients
        .lambda_to_look()
        .get_function_configuration()
        .function_name(name_or_arn)
        .send()
        .await
        .map_err(failed(
            "lambda:GetFunctionConfiguration",
            format!("Lambda function `{name_or_arn}`"),
        ));
    Look::of(answer.map(|answer| {
        Function {
            arn: answer.function_arn.unwrap_or_default(),
            // Functions that were made before there were states have none, and work.
            state: answer
                .state
                .map_or_else(|| "Active".to_owned(), |state| state.as_str().to_owned()),
            state_reason: answer.state_reason,
            timeout_seconds: answer
                .timeout
                .and_then(|seconds| u32::try_from(seconds).ok())
                .unwrap_or_default(),
            role: answer.role.unwrap_or_default(),
        }
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:check";
    const ROLE: &str = "arn:aws:iam::123456789012:role/check";

    #[test]
    fn a_function_is_described_without_its_environment() {
        let aws = Scripted::default();
        aws.answer_json(&json!({
            "FunctionName": "check", "FunctionArn": ARN, "Role": ROLE, "Timeout": 30,
            "State": "Failed", "StateReason": "no subnet", "Version": "$LATEST",
            "Environment": {"Variables": {"PASSWORD": "hunter2"}},
        }));
        let found = run(function(&aws.clients(), ARN)).unwrap();
        assert!(!format!("{found:?}").contains("hunter2"));
        assert_eq!(
            found,
            Look::Found(Function {
                arn: ARN.to_owned(),
                state: "Failed".to_owned(),
                state_reason: Some("no subnet".to_owned()),
                timeout_seconds: 30,
                role: ROLE.to_owned(),
            })
        );
        let uri = &aws.sent()[0].uri;
        assert!(uri.contains("/2015-03-31/functions/"), "{uri}");
        assert!(uri.ends_with("/configuration"), "{uri}");
    }

    #[test]
    fn a_function_without_a_state_works() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "FunctionArn": ARN, "Role": ROLE, "Timeout": 3 }));
        let found = run(function(&aws.clients(), "check")).unwrap();
        assert_eq!(found.found().unwrap().state, "Active");
    }

    #[test]
    fn a_function_that_is_not_there_and_one_that_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        let look = || run(function(&aws.clients(), "check")).unwrap();
        let headers = [("x-amzn-errortype", "ResourceNotFoundException")];
        aws.answer_with(404, &headers, r#"{"Message":"Function not found"}"#);
        assert_eq!(look(), Look::Missing);
        let headers = [("x-amzn-errortype", "AccessDeniedException")];
        aws.answer_with(403, &headers, r#"{"Message":"no"}"#);
        assert!(matches!(look(), Look::Forbidden(why) if why.contains("GetFunctionConfiguration")));
    }
}
