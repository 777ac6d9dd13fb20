//! The templates that a job has brought for a deployment, which may be started later and by another
//! function: then the job's artifacts cannot be read any more.

use greenlight_core::{deployment::DeploymentId, job::files::JobFile, target::TargetName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::{
    GET, Table,
    items::{KEPT, target_key},
};
use crate::{AwsError, Kind, error::failed};

/// The templates of one deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFiles {
    /// `taskdef.json`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<JobFile>,
    /// `appspec.yaml`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_spec: Option<JobFile>,
}

#[derive(Serialize)]
struct FilesItem<'a> {
    pk: String,
    sk: String,
    expires_at: i64,
    #[serde(flatten)]
    files: &'a StoredFiles,
}

impl Table {
    /// Keeps the templates of a deployment. They are the same each time that a job asks for it.
    pub async fn put_files(
        &self,
        target: &TargetName,
        deployment: DeploymentId,
        files: &StoredFiles,
    ) -> Result<(), AwsError> {
        let expires_at = deployment.at().checked_add(KEPT).unwrap_or(Timestamp::MAX);
        let item = self.item(FilesItem {
            pk: target_key(target),
            sk: files_key(deployment),
            expires_at: expires_at.as_second(),
            files,
        })?;
        self.clients
            .dynamodb
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(failed("dynamodb:PutItem", self.resource()))?;
        Ok(())
    }

    /// The templates of a deployment, if a job has brought any.
    pub async fn files(
        &self,
        target: &TargetName,
        deployment: DeploymentId,
    ) -> Result<Option<StoredFiles>, AwsError> {
        let item = self.get(target_key(target), files_key(deployment)).await?;
        let files = item.map(from_item).transpose();
        files.map_err(|error| {
            let message = format!("an item is not the files of a deployment: {error}");
            AwsError::unusable(GET, self.resource(), Kind::Invalid, None, message)
        })
    }
}

fn files_key(deployment: DeploymentId) -> String {
    format!("files#{deployment}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    fn target() -> TargetName {
        "api-prod".parse().unwrap()
    }

    fn deployment() -> DeploymentId {
        "01KAPX2V9M3Z8QK4T7N5R6S0WD".parse().unwrap()
    }

    #[test]
    fn files_are_kept_beside_the_record_and_as_long() {
        let aws = Scripted::default();
        aws.answer_json(&json!({}));
        let files = StoredFiles {
            task_definition: Some(JobFile {
                name: "Infra::taskdef.json".to_owned(),
                text: "{}".to_owned(),
            }),
            app_spec: None,
        };
        let table = Table::new(aws.clients(), "greenlight");
        run(table.put_files(&target(), deployment(), &files)).unwrap();
        let item = aws.sent()[0].json()["Item"].clone();
        let expires_at = deployment().at().as_second() + 400 * 24 * 3600;
        assert_eq!(
            item,
            json!({
                "pk": { "S": "target#api-prod" },
                "sk": { "S": "files#01KAPX2V9M3Z8QK4T7N5R6S0WD" },
                "expires_at": { "N": expires_at.to_string() },
                "task_definition": { "M": {
                    "name": { "S": "Infra::taskdef.json" },
                    "text": { "S": "{}" },
                } },
            })
        );
        aws.answer_json(&json!({ "Item": item }));
        assert_eq!(
            run(table.files(&target(), deployment())).unwrap(),
            Some(files)
        );
        assert_eq!(aws.sent()[1].json()["ConsistentRead"], true);
    }

    #[test]
    fn a_deployment_without_files_has_none() {
        let aws = Scripted::default();
        aws.answer_json(&json!({}));
        let table = Table::new(aws.clients(), "greenlight");
        assert_eq!(run(table.files(&target(), deployment())).unwrap(), None);
    }
}
