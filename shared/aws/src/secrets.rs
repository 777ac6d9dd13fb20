//! AWS Secrets Manager: whether a secret is there. Its value is never read.

use crate::{AwsError, Clients, Look, error::failed};

/// A secret, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// `arn:aws:secretsmanager:…:secret:<name>-<six characters>`
    pub arn: String,
    /// What people call it.
    pub name: String,
    /// The KMS key, where it is not the account's `aws/secretsmanager`.
    pub kms_key: Option<String>,
    /// It is being deleted: its value cannot be had any more.
    pub is_deleted: bool,
    /// The labels of its versions, such as `AWSCURRENT`, in order.
    pub stages: Vec<String>,
}

/// The secret of this name or ARN.
pub async fn look(clients: &Clients, name_or_arn: &str) -> Result<Look<Secret>, AwsError> {
    let answer = clients
        .secrets()
        .describe_secret()
        .secret_id(name_or_arn)
        .send()
        .await
        .map_err(failed(
            "secretsmanager:DescribeSecret",
            format!("secret `{name_or_arn}`"),
        ));
    Look::of(answer.map(|answer| {
        let versions = answer.version_ids_to_stages.unwrap_or_default();
        let mut stages: Vec<_> = versions.into_values().flatten().collect();
        stages.sort();
        stages.dedup();
        Secret {
            arn: answer.arn.unwrap_or_default(),
            name: answer.name.unwrap_or_default(),
            kms_key: answer.kms_key_id,
            is_deleted: answer.deleted_date.is_some(),
            stages,
        }
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mco/api-AbCdEf";

    #[test]
    fn a_secret_is_described_and_its_value_not_asked_for() {
        let aws = Scripted::default();
        aws.answer_json(&json!({
            "ARN": ARN, "Name": "mco/api", "KmsKeyId": "alias/mco", "DeletedDate": 1_764_000_000.5,
            "VersionIdsToStages": {"2": ["AWSPREVIOUS", "x"], "1": ["AWSCURRENT"], "0": ["x"]},
        }));
        let found = run(look(&aws.clients(), ARN)).unwrap();
        let stages = ["AWSCURRENT", "AWSPREVIOUS", "x"];
        assert_eq!(
            found,
            Look::Found(Secret {
                arn: ARN.to_owned(),
                name: "mco/api".to_owned(),
                kms_key: Some("alias/mco".to_owned()),
                is_deleted: true,
                stages: stages.map(str::to_owned).to_vec(),
            })
        );
        let sent = aws.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].operation, "DescribeSecret");
        assert_eq!(sent[0].json(), json!({ "SecretId": ARN }));
    }

    #[test]
    fn a_secret_that_is_not_there_and_one_that_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        aws.refuse("ResourceNotFoundException", "can't find the secret");
        assert_eq!(run(look(&aws.clients(), "x")).unwrap(), Look::Missing);
        aws.refuse("AccessDeniedException", "no");
        let found = run(look(&aws.clients(), "x")).unwrap();
        assert!(
            matches!(found, Look::Forbidden(why) if why.contains("`secretsmanager:DescribeSecret`"))
        );
        aws.refuse("InvalidParameterException", "no");
        assert!(run(look(&aws.clients(), "")).is_err());
    }
}
