//! Pipelines, and the types of their custom actions, from a CloudFormation file to CodePipeline's seeds.
//!
//! Whatever a pipeline says is understood or refused by name: one that runs here runs as it is written. Which
//! values CodePipeline takes is its own business (`codepipeline::create_pipeline`).

#[cfg(test)]
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::TemplateError;
use super::intrinsics::text;
#[cfg(test)]
use super::{Choices, intrinsics::parse, resources::Reader, text_of};
use crate::account::codepipeline::{
    Action, CustomActionType, DeployFiles, Does, Mode, Pipeline, Property, Stage,
};

/// How long a source looks for its revision, and any other action does nothing before it begins.
const SOURCE_TAKES: Duration = Duration::from_secs(5);
const ACTION_TAKES: Duration = Duration::from_secs(1);

/// Reads the pipelines of a CloudFormation file.
#[cfg(test)]
fn read_pipelines(path: &Path, choices: &Choices) -> Result<Vec<Pipeline>, TemplateError> {
    let pipelines = parse_pipelines(&text_of(path)?, choices);
    pipelines.map_err(|error| {
        TemplateError::new(format!("{}: {}", path.display(), error.place), error.reason)
    })
}

/// Reads the pipelines of a CloudFormation file's text.
#[cfg(test)]
fn parse_pipelines(text: &str, choices: &Choices) -> Result<Vec<Pipeline>, TemplateError> {
    let reader = Reader::new(parse(text)?, choices)?;
    let scope = reader.scope();
    let mut pipelines = Vec::new();
    for (id, resource) in reader.resources(&scope)? {
        if resource["Type"] == "AWS::CodePipeline::Pipeline" {
            let values = scope.resolve(&resource["Properties"], id)?;
            let name = reader.name(id);
            pipelines.push(pipeline(name, &Node::new(id.clone(), values.as_ref())?)?);
        }
    }
    if pipelines.is_empty() {
        return Err(TemplateError::new("Resources", "have no pipeline"));
    }
    Ok(pipelines)
}

/// The pipeline of a resource, of its resolved properties.
pub(in crate::account) fn pipeline_of(
    id: &str,
    name: String,
    values: &Value,
) -> Result<Pipeline, TemplateError> {
    pipeline(name, &Node::new(id.to_owned(), Some(values))?)
}

fn pipeline(name: String, node: &Node<'_>) -> Result<Pipeline, TemplateError> {
    node.only(&[
        "Name",
        "RoleArn",
        "PipelineType",
        "ExecutionMode",
        "ArtifactStore",
        "Variables",
        "Stages",
        "RestartExecutionOnUpdate",
        "Tags",
    ])?;
    node.text("RoleArn")?;
    let variables = node.list("Variables")?;
    let mode = match node.text_or("ExecutionMode", "SUPERSEDED").as_str() {
        "SUPERSEDED" => Mode::Superseded,
        "QUEUED" => Mode::Queued,
        "PARALLEL" => Mode::Parallel,
        other => {
            let reason = format!("there is no execution mode `{other}`");
            return Err(node.error("ExecutionMode", reason));
        }
    };
    match node.text_or("PipelineType", "V1").as_str() {
        "V2" => {}
        "V1" if variables.is_empty() && mode == Mode::Superseded => {}
        "V1" => {
            let reason =
                "has to be V2: V1, the default, has neither variables nor other execution modes";
            return Err(node.error("PipelineType", reason));
        }
        other => return Err(node.error("PipelineType", format!("there is no type `{other}`"))),
    }
    let store = node.child("ArtifactStore")?;
    store.only(&["Type", "Location"])?;
    if store.text("Type")? != "S3" {
        return Err(store.error("Type", "has to be S3"));
    }
    let mut stages = Vec::new();
    for stage in node.named("Stages")? {
        stage.only(&["Name", "Actions"])?;
        let actions = stage.named("Actions")?;
        stages.push(Stage {
            name: stage.text("Name")?,
            actions: actions.iter().map(action).collect::<Result<_, _>>()?,
        });
    }
    let variable = |variable: &Node<'_>| -> Result<_, TemplateError> {
        variable.only(&["Name", "DefaultValue", "Description"])?;
        Ok((variable.text("Name")?, variable.optional("DefaultValue")))
    };
    Ok(Pipeline {
        name,
        mode,
        variables: variables.iter().map(variable).collect::<Result<_, _>>()?,
        artifact_bucket: store.text("Location")?,
        stages,
    })
}

fn action(node: &Node<'_>) -> Result<Action, TemplateError> {
    node.only(&[
        "Name",
        "ActionTypeId",
        "RunOrder",
        "Configuration",
        "Namespace",
        "InputArtifacts",
        "OutputArtifacts",
    ])?;
    let artifacts = |property: &str| {
        let artifacts = node.list(property)?;
        let names = artifacts.iter().map(|artifact| artifact.text("Name"));
        names.collect::<Result<Vec<_>, _>>()
    };
    let does = does(node)?;
    let takes = match does {
        Does::Source { .. } | Does::Files { .. } => SOURCE_TAKES,
        // A job takes what its worker takes.
        Does::Invoke { .. } | Does::Custom { .. } => Duration::ZERO,
        _ => ACTION_TAKES,
    };
    let run_order = node.text_or("RunOrder", "1");
    Ok(Action {
        run_order: run_order
            .parse()
            .map_err(|_| node.error("RunOrder", "is not a number"))?,
        namespace: node.optional("Namespace"),
        inputs: artifacts("InputArtifacts")?,
        outputs: artifacts("OutputArtifacts")?,
        ..Action::new(&node.text("Name")?, takes, does)
    })
}

fn does(node: &Node<'_>) -> Result<Does, TemplateError> {
    let kind = node.child("ActionTypeId")?;
    let (category, owner) = (kind.text("Category")?, kind.text("Owner")?);
    let (provider, version) = (kind.text("Provider")?, kind.text("Version")?);
    let configuration = node.child_or_empty("Configuration")?;
    let kind = [&category, &owner, &provider, &version].map(String::as_str);
    match kind {
        ["Source", "AWS", "ECR", "1"] => {
            configuration.only(&["RepositoryName", "ImageTag"])?;
            Ok(Does::Source {
                repository: configuration.text("RepositoryName")?,
                tag: configuration.text_or("ImageTag", "latest"),
            })
        }
        ["Source", "AWS", "CodeStarSourceConnection", "1"] => files(&configuration),
        ["Invoke", "AWS", "Lambda", "1"] => {
            configuration.only(&["FunctionName", "UserParameters"])?;
            Ok(Does::Invoke {
                function: configuration.text("FunctionName")?,
                user_parameters: configuration.optional("UserParameters"),
            })
        }
        ["Deploy", "AWS", "CodeDeployToECS", "1"] => code_deploy(&configuration),
        ["Deploy", "Custom", ..] => Ok(Does::Custom {
            provider,
            version,
            configuration: configuration.pairs(),
        }),
        _ => {
            let reason = format!("actions of type {} are not rehearsed", kind.join("/"));
            Err(node.error("ActionTypeId", reason))
        }
    }
}

/// A deployment by CodeDeploy, of one image.
fn code_deploy(configuration: &Node<'_>) -> Result<Does, TemplateError> {
    configuration.only(&[
        "ApplicationName",
        "DeploymentGroupName",
        "TaskDefinitionTemplateArtifact",
        "TaskDefinitionTemplatePath",
        "AppSpecTemplateArtifact",
        "AppSpecTemplatePath",
        "Image1ArtifactName",
        "Image1ContainerName",
    ])?;
    let pair = |artifact: &str, other: &str| -> Result<_, TemplateError> {
        Ok((configuration.text(artifact)?, configuration.text(other)?))
    };
    let path_of = |file: &str, default: &str| -> Result<_, TemplateError> {
        let artifact = configuration.text(&format!("{file}TemplateArtifact"))?;
        let path = configuration.text_or(&format!("{file}TemplatePath"), default);
        Ok((artifact, path))
    };
    Ok(Does::CodeDeployFiles {
        application: configuration.text("ApplicationName")?,
        group: configuration.text("DeploymentGroupName")?,
        files: DeployFiles {
            task_definition: path_of("TaskDefinition", "taskdef.json")?,
            app_spec: path_of("AppSpec", "appspec.yaml")?,
            image: pair("Image1ArtifactName", "Image1ContainerName")?,
        },
    })
}

/// A source of files. Nothing but a start begins an execution here.
fn files(configuration: &Node<'_>) -> Result<Does, TemplateError> {
    configuration.only(&[
        "ConnectionArn",
        "FullRepositoryId",
        "BranchName",
        "OutputArtifactFormat",
        "DetectChanges",
    ])?;
    configuration.text("ConnectionArn")?;
    if configuration.text_or("OutputArtifactFormat", "CODE_ZIP") != "CODE_ZIP" {
        let reason = "only CODE_ZIP is rehearsed";
        return Err(configuration.error("OutputArtifactFormat", reason));
    }
    if configuration.text_or("DetectChanges", "true") != "false" {
        let reason = "only \"false\" is rehearsed, and \"true\" is the default";
        return Err(configuration.error("DetectChanges", reason));
    }
    Ok(Does::Files {
        repository: configuration.text("FullRepositoryId")?,
        branch: configuration.text("BranchName")?,
    })
}

/// A custom action type, of its resolved properties.
pub(super) fn action_type(id: &str, values: &Value) -> Result<CustomActionType, TemplateError> {
    let node = Node::new(id.to_owned(), Some(values))?;
    node.only(&[
        "Category",
        "Provider",
        "Version",
        "ConfigurationProperties",
        "InputArtifactDetails",
        "OutputArtifactDetails",
        "Settings",
        "Tags",
    ])?;
    let property = |it: &Node<'_>| -> Result<_, TemplateError> {
        it.only(&[
            "Name",
            "Description",
            "Type",
            "Key",
            "Queryable",
            "Required",
            "Secret",
        ])?;
        Ok(Property {
            name: it.text("Name")?,
            required: it.flag("Required")?,
            secret: it.flag("Secret")?,
            queryable: it.has("Queryable") && it.flag("Queryable")?,
            key: it.flag("Key")?,
        })
    };
    let details = |property: &str| -> Result<_, TemplateError> {
        let details = node.child(property)?;
        Ok((
            details.count("MinimumCount")?,
            details.count("MaximumCount")?,
        ))
    };
    let settings = node.child_or_empty("Settings")?;
    settings.only(&[
        "EntityUrlTemplate",
        "ExecutionUrlTemplate",
        "RevisionUrlTemplate",
        "ThirdPartyConfigurationUrl",
    ])?;
    let properties = node.list("ConfigurationProperties")?;
    Ok(CustomActionType {
        category: node.text("Category")?,
        provider: node.text("Provider")?,
        version: node.text("Version")?,
        properties: properties.iter().map(property).collect::<Result<_, _>>()?,
        inputs: details("InputArtifactDetails")?,
        outputs: details("OutputArtifactDetails")?,
        entity_url: settings.optional("EntityUrlTemplate"),
        execution_url: settings.optional("ExecutionUrlTemplate"),
    })
}

/// A resolved mapping, and its place for error messages.
struct Node<'a> {
    place: String,
    members: Option<&'a Map<String, Value>>,
}

impl<'a> Node<'a> {
    fn new(place: String, value: Option<&'a Value>) -> Result<Self, TemplateError> {
        match value {
            Some(Value::Object(members)) => Ok(Self {
                place,
                members: Some(members),
            }),
            Some(_) => Err(TemplateError::new(place, "is not a mapping")),
            None => Err(TemplateError::new(place, "is missing")),
        }
    }

    fn error(&self, property: &str, reason: impl Into<String>) -> TemplateError {
        TemplateError::new(format!("{}.{property}", self.place), reason)
    }

    fn get(&self, property: &str) -> Option<&'a Value> {
        self.members?.get(property)
    }

    fn has(&self, property: &str) -> bool {
        self.get(property).is_some()
    }

    /// Refuses what is not known, since it might mean something.
    fn only(&self, known: &[&str]) -> Result<(), TemplateError> {
        let mut keys = self.members.into_iter().flat_map(Map::keys);
        match keys.find(|key| !known.contains(&key.as_str())) {
            Some(unknown) => Err(self.error(unknown, "is not rehearsed")),
            None => Ok(()),
        }
    }

    fn optional(&self, property: &str) -> Option<String> {
        self.get(property).map(text)
    }

    fn text_or(&self, property: &str, default: &str) -> String {
        self.optional(property)
            .unwrap_or_else(|| default.to_owned())
    }

    fn text(&self, property: &str) -> Result<String, TemplateError> {
        self.optional(property)
            .ok_or_else(|| self.error(property, "is missing"))
    }

    /// `true` or `false`, which CloudFormation also takes as text.
    fn flag(&self, property: &str) -> Result<bool, TemplateError> {
        self.text(property)?
            .parse()
            .map_err(|_| self.error(property, "is neither true nor false"))
    }

    fn count(&self, property: &str) -> Result<usize, TemplateError> {
        self.text(property)?
            .parse()
            .map_err(|_| self.error(property, "is not a number"))
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let members = self.members.into_iter().flat_map(Map::iter);
        members
            .map(|(key, value)| (key.clone(), text(value)))
            .collect()
    }

    fn child(&self, property: &str) -> Result<Self, TemplateError> {
        Self::new(format!("{}.{property}", self.place), self.get(property))
    }

    fn child_or_empty(&self, property: &str) -> Result<Self, TemplateError> {
        if self.has(property) {
            return self.child(property);
        }
        let place = format!("{}.{property}", self.place);
        let members = None;
        Ok(Self { place, members })
    }

    /// The mappings of a list, which may be missing.
    fn list(&self, property: &str) -> Result<Vec<Self>, TemplateError> {
        let items = match self.get(property) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.error(property, "is not a list")),
        };
        let items = items.iter().enumerate();
        items
            .map(|(at, item)| Self::new(format!("{}.{property}[{at}]", self.place), Some(item)))
            .collect()
    }

    /// The same of mappings with names, whose places are told by those.
    fn named(&self, property: &str) -> Result<Vec<Self>, TemplateError> {
        let mut items = self.list(property)?;
        for item in &mut items {
            item.place = format!("{}.{}", self.place, item.text("Name")?);
        }
        Ok(items)
    }
}

#[cfg(test)]
#[path = "pipelines_tests.rs"]
mod tests;
