//! What resources are called, and so what `Ref` and `GetAtt` give.
//!
//! Names may depend on parameters, not on other resources. A resource without a name of its own is called by
//! its logical id; CloudFormation would add the stack's name and a random part.

use std::collections::BTreeMap;

use serde_json::Value;

use super::intrinsics::{Scope, text};
use super::resources::members;
use super::{Choices, TemplateError};

/// Which property names a resource of this type, and the service that it is of.
const NAMES: [(&str, &str, &str); 9] = [
    ("AWS::Serverless::Function", "FunctionName", "lambda"),
    ("AWS::SQS::Queue", "QueueName", "sqs"),
    ("AWS::DynamoDB::Table", "TableName", "dynamodb"),
    ("AWS::Events::Rule", "Name", "events"),
    ("AWS::SNS::Topic", "TopicName", "sns"),
    ("AWS::IAM::Role", "RoleName", "iam"),
    ("AWS::S3::Bucket", "BucketName", "s3"),
    ("AWS::CodePipeline::Pipeline", "Name", "codepipeline"),
    (
        "AWS::CodePipeline::CustomActionType",
        "Provider",
        "codepipeline",
    ),
];

/// The names of a template's resources.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Logical id → physical name.
    physical: BTreeMap<String, String>,
    /// Logical id → what `Ref` gives.
    pub(super) references: BTreeMap<String, String>,
    /// Logical id and attribute → what `GetAtt` gives.
    pub(super) attributes: BTreeMap<(String, String), String>,
}

impl Names {
    /// Finds the names of all resources of a document. `scope` knows the parameters.
    pub(super) fn of(
        document: &Value,
        scope: &Scope<'_>,
        choices: &Choices,
    ) -> Result<Self, TemplateError> {
        let mut names = Self::default();
        for (id, resource) in members(&document["Resources"]) {
            let kind = resource["Type"].as_str().unwrap_or_default();
            let known = NAMES.iter().find(|(known, ..)| *known == kind);
            let Some((_, property, service)) = known else {
                names.add(id, id.clone(), id.clone());
                continue;
            };
            let name = match resource["Properties"].get(property) {
                Some(name) => scope.resolve(name, &format!("{id}.{property}"))?,
                None => None,
            };
            let name = name.map(|name| text(&name));
            let name = name.or_else(|| choices.names.get(id).cloned());
            let name = name.unwrap_or_else(|| match *service {
                // A bucket's name has no capitals.
                "s3" => id.to_ascii_lowercase(),
                _ => id.clone(),
            });
            names.add_known(id, name, service, choices);
            // SAM's: `!Ref Function.Alias` is the ARN of the alias.
            let alias = resource["Properties"].get("AutoPublishAlias").map(text);
            let arn = names.attributes.get(&(id.clone(), "Arn".to_owned()));
            if let (Some(alias), Some(arn)) = (alias, arn) {
                let arn = format!("{arn}:{alias}");
                names.references.insert(format!("{id}.Alias"), arn);
            }
        }
        Ok(names)
    }

    /// The name of the resource of this logical id.
    pub(super) fn of_resource(&self, id: &str) -> String {
        self.physical.get(id).cloned().unwrap_or_default()
    }

    fn add(&mut self, id: &str, name: String, reference: String) {
        self.references.insert(id.to_owned(), reference);
        self.physical.insert(id.to_owned(), name);
    }

    fn add_known(&mut self, id: &str, name: String, service: &str, choices: &Choices) {
        let Choices {
            account_id, region, ..
        } = choices;
        let arn = |resource: &str| format!("arn:aws:{service}:{region}:{account_id}:{resource}");
        let known = match service {
            "lambda" => Some(arn(&format!("function:{name}"))),
            "dynamodb" => Some(arn(&format!("table/{name}"))),
            "events" => Some(arn(&format!("rule/{name}"))),
            "sqs" | "sns" => Some(arn(&name)),
            "iam" => Some(format!("arn:aws:iam::{account_id}:role/{name}")),
            "s3" => Some(format!("arn:aws:s3:::{name}")),
            _ => None,
        };
        if let Some(known) = known {
            self.attributes
                .insert((id.to_owned(), "Arn".to_owned()), known);
        }
        let reference = match service {
            "sqs" => {
                let attribute = (id.to_owned(), "QueueName".to_owned());
                self.attributes.insert(attribute, name.clone());
                format!("https://sqs.{region}.amazonaws.com/{account_id}/{name}")
            }
            "sns" => arn(&name),
            _ => name.clone(),
        };
        self.add(id, name, reference);
    }
}
