//! What a pipeline is made of (AWS-FACTS 4).

use std::collections::BTreeMap;

use aws_sdk_codepipeline::types::{ActionDeclaration, PipelineDeclaration};

use super::resource;
use crate::{AwsError, Clients, Look, error::failed};

/// Of an action's configuration, only what names a resource is kept: other values may be secrets.
const NAMES: [&str; 7] = [
    "ApplicationName",
    "ClusterName",
    "DeploymentGroupName",
    "FunctionName",
    "ImageTag",
    "RepositoryName",
    "ServiceName",
];

/// A pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// `V1 | V2`: only the latter has variables and takes a digest when it is started.
    pub kind: String,
    /// `SUPERSEDED | QUEUED | PARALLEL`
    pub execution_mode: String,
    /// The role with which it acts.
    pub role: String,
    /// The names of its variables, and whether a value has to be given for it.
    pub variables: Vec<(String, bool)>,
    /// In order; the first holds the sources.
    pub stages: Vec<Stage>,
}

/// A stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it does.
    pub actions: Vec<Action>,
}

/// An action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Action {
    /// Its name, which is unique in its stage.
    pub name: String,
    /// `Source | Build | Deploy | Test | Invoke | Approval | Compute`
    pub category: String,
    /// `AWS | ThirdParty | Custom`
    pub owner: String,
    /// `ECR`, `CodeDeployToECS`, `Lambda`, …
    pub provider: String,
    /// Of its configuration what names a resource: `RepositoryName`, `ImageTag`, `FunctionName`, `ClusterName`, …
    pub configuration: BTreeMap<String, String>,
}

impl Pipeline {
    /// The actions of all stages, in order.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.stages.iter().flat_map(|stage| &stage.actions)
    }
}

/// What a pipeline is made of.
pub async fn pipeline(clients: &Clients, name: &str) -> Result<Look<Pipeline>, AwsError> {
    const ACTION: &str = "codepipeline:GetPipeline";
    let answer = clients
        .codepipeline
        .get_pipeline()
        .name(name)
        .send()
        .await
        .map_err(failed(ACTION, resource(name)));
    Look::of(answer.and_then(|answer| {
        answer.pipeline().map(describe).ok_or_else(|| {
            let message = "the answer holds no pipeline";
            AwsError::not_understood(ACTION, resource(name), message)
        })
    }))
}

fn describe(pipeline: &PipelineDeclaration) -> Pipeline {
    Pipeline {
        kind: pipeline
            .pipeline_type()
            .map_or("V1", |kind| kind.as_str())
            .to_owned(),
        execution_mode: pipeline
            .execution_mode()
            .map_or("SUPERSEDED", |mode| mode.as_str())
            .to_owned(),
        role: pipeline.role_arn().to_owned(),
        variables: pipeline
            .variables()
            .iter()
            .map(|variable| {
                (
                    variable.name().to_owned(),
                    variable.default_value().is_none(),
                )
            })
            .collect(),
        stages: pipeline
            .stages()
            .iter()
            .map(|stage| Stage {
                name: stage.name().to_owned(),
                actions: stage.actions().iter().map(action).collect(),
            })
            .collect(),
    }
}

fn action(action: &ActionDeclaration) -> Action {
    let kind = action.action_type_id();
    let configuration = action.configuration().into_iter().flatten();
    Action {
        name: action.name().to_owned(),
        category: kind.map_or_else(String::new, |kind| kind.category().as_str().to_owned()),
        owner: kind.map_or_else(String::new, |kind| kind.owner().as_str().to_owned()),
        provider: kind.map_or_else(String::new, |kind| kind.provider().to_owned()),
        configuration: configuration
            .filter(|(key, _)| NAMES.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    #[test]
    fn a_pipeline_tells_what_it_is_made_of_and_no_secrets() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"pipeline": {
            "name": "api-prod", "roleArn": "arn:aws:iam::123456789012:role/pipeline", "version": 3,
            "pipelineType": "V2", "executionMode": "QUEUED",
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "variables": [{"name": "ENV", "defaultValue": "prod"}, {"name": "LABEL"}],
            "stages": [
                {"name": "Source", "actions": [{
                    "name": "Image",
                    "actionTypeId": {
                        "category": "Source", "owner": "AWS", "provider": "ECR", "version": "1",
                    },
                    "configuration": {"RepositoryName": "mco/api", "ImageTag": "live"},
                    "outputArtifacts": [{"name": "Image"}],
                }]},
                {"name": "Deploy", "actions": [{
                    "name": "Ask",
                    "actionTypeId": {
                        "category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1",
                    },
                    "configuration": {"FunctionName": "f", "UserParameters": "{\"token\":\"hunter2\"}"},
                }]},
            ],
        }}));
        let found = run(pipeline(&aws.clients(), "api-prod")).unwrap();
        let found = found.found().unwrap();
        assert!(!format!("{found:?}").contains("hunter2"));
        let action = |name: &str, category: &str, provider: &str, names: &[(&str, &str)]| Action {
            name: name.to_owned(),
            category: category.to_owned(),
            owner: "AWS".to_owned(),
            provider: provider.to_owned(),
            configuration: names
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        let names = [("RepositoryName", "mco/api"), ("ImageTag", "live")];
        let stages = [
            ("Source", action("Image", "Source", "ECR", &names)),
            (
                "Deploy",
                action("Ask", "Invoke", "Lambda", &[("FunctionName", "f")]),
            ),
        ];
        assert_eq!(
            found,
            Pipeline {
                kind: "V2".to_owned(),
                execution_mode: "QUEUED".to_owned(),
                role: "arn:aws:iam::123456789012:role/pipeline".to_owned(),
                variables: vec![("ENV".to_owned(), false), ("LABEL".to_owned(), true)],
                stages: stages
                    .into_iter()
                    .map(|(name, action)| Stage {
                        name: name.to_owned(),
                        actions: vec![action],
                    })
                    .collect(),
            }
        );
        assert_eq!(found.actions().count(), 2);
        assert_eq!(aws.sent()[0].json(), json!({ "name": "api-prod" }));
    }

    #[test]
    fn an_old_pipeline_is_of_the_first_kind() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"pipeline": {"name": "old", "roleArn": "r", "stages": []}}));
        let found = run(pipeline(&aws.clients(), "old")).unwrap();
        let found = found.found().unwrap();
        assert_eq!((&*found.kind, &*found.execution_mode), ("V1", "SUPERSEDED"));
    }

    #[test]
    fn a_pipeline_that_is_not_there_and_one_that_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        let look = || run(pipeline(&aws.clients(), "x")).unwrap();
        aws.refuse("PipelineNotFoundException", "no");
        assert_eq!(look(), Look::Missing);
        aws.refuse("AccessDeniedException", "no");
        assert!(matches!(look(), Look::Forbidden(_)));
    }
}
