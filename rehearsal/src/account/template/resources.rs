//! From the template's document to plain structures: names first, then each resource's properties.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::intrinsics::{Scope, text};
use super::names::Names;
use super::permissions::Grant;
use super::pipelines;
use super::{
    Choices, Function, QueueResource, RuleResource, ScheduleResource, TableResource, Template,
    TemplateError,
};
use crate::account::events::{self, InputTransformer};
use crate::account::iam::Policy;
use crate::account::queue::Mapping;

/// How many pollers Lambda gives a queue without a `ScalingConfig`.
const DEFAULT_CONCURRENCY: usize = 5;

/// A document that is being read.
pub(super) struct Reader {
    document: Value,
    parameters: BTreeMap<String, Value>,
    names: Names,
}

/// A resource's properties, resolved, and where they stand.
struct Properties {
    place: String,
    values: Value,
}

impl Reader {
    pub(super) fn new(document: Value, choices: &Choices) -> Result<Self, TemplateError> {
        let declared = &document["Parameters"];
        if let Some(unknown) = choices
            .parameters
            .keys()
            .find(|it| declared.get(it).is_none())
        {
            return Err(TemplateError::new(
                format!("Parameters.{unknown}"),
                "was given a value, but the template does not declare it",
            ));
        }
        let mut parameters = pseudo_parameters(choices);
        for (name, parameter) in members(&document["Parameters"]) {
            let value = choices.parameters.get(name).cloned().map(Value::String);
            let Some(value) = value.or_else(|| parameter.get("Default").cloned()) else {
                return Err(TemplateError::new(
                    format!("Parameters.{name}"),
                    "has no default and was given no value",
                ));
            };
            let is_list = parameter["Type"]
                .as_str()
                .is_some_and(|it| it == "CommaDelimitedList" || it.starts_with("List<"));
            let value = if is_list {
                text(&value).split(',').map(str::trim).collect()
            } else {
                text(&value).into()
            };
            parameters.insert(name.clone(), value);
        }
        let mut reader = Self {
            document,
            parameters,
            names: Names::default(),
        };
        reader.names = Names::of(&reader.document, &reader.scope(), choices)?;
        Ok(reader)
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            parameters: self.parameters.clone(),
            conditions: &self.document["Conditions"],
            references: self.names.references.clone(),
            attributes: self.names.attributes.clone(),
            imports: BTreeMap::new(),
        }
    }

    /// A resource as it is written.
    pub(super) fn resource(&self, id: &str) -> &Value {
        &self.document["Resources"][id]
    }

    /// The outputs as they are written.
    pub(super) fn outputs(&self) -> &Value {
        &self.document["Outputs"]
    }

    /// The resources that are there under the conditions, by logical id.
    pub(super) fn resources<'a>(
        &'a self,
        scope: &Scope<'_>,
    ) -> Result<Vec<(&'a String, &'a Value)>, TemplateError> {
        let mut there = Vec::new();
        for (id, resource) in members(&self.document["Resources"]) {
            let condition = resource["Condition"].as_str();
            let holds = condition.map(|condition| scope.condition(condition, id));
            if holds.transpose()? != Some(false) {
                there.push((id, resource));
            }
        }
        Ok(there)
    }

    /// The name of the resource of this logical id.
    pub(super) fn name(&self, id: &str) -> String {
        self.names.of_resource(id)
    }

    /// Reads all resources.
    pub(super) fn read(&self) -> Result<Template, TemplateError> {
        let mut template = Template::default();
        let scope = self.scope();
        for (id, resource) in self.resources(&scope)? {
            // Only what is read is resolved, so that a log group may use what is not understood here.
            let properties = || {
                let values = scope
                    .resolve(&resource["Properties"], id)?
                    .unwrap_or_default();
                Ok(Properties {
                    place: id.clone(),
                    values,
                })
            };
            let name = self.name(id);
            match resource["Type"].as_str().unwrap_or_default() {
                "AWS::Serverless::Function" => {
                    self.read_function(id, name, &scope, resource, &mut template)?;
                }
                "AWS::SQS::Queue" => template.queues.push(properties()?.queue(name)?),
                "AWS::SNS::Topic" => template.topics.push(name),
                "AWS::DynamoDB::Table" => {
                    template.tables.push(TableResource {
                        name,
                        properties: properties()?.values,
                    });
                }
                "AWS::Events::Rule" => properties()?.rule(name, &mut template)?,
                "AWS::Lambda::EventSourceMapping" => {
                    template.mappings.push(properties()?.mapping(None)?);
                }
                "AWS::CodePipeline::CustomActionType" => {
                    let values = properties()?.values;
                    template
                        .action_types
                        .push(pipelines::action_type(id, &values)?);
                }
                "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" => template
                    .grants
                    .extend(Grant::of_resource_policy(&properties()?.values)),
                "AWS::Lambda::Permission" => template
                    .grants
                    .push(Grant::of_permission(&properties()?.values)),
                _ => {}
            }
        }
        Ok(template)
    }

    fn read_function(
        &self,
        id: &str,
        name: String,
        scope: &Scope<'_>,
        resource: &Value,
        template: &mut Template,
    ) -> Result<(), TemplateError> {
        let mut merged = self.document["Globals"]["Function"].clone();
        merge(&mut merged, &resource["Properties"]);
        let values = scope.resolve(&merged, id)?.unwrap_or_default();
        let properties = Properties {
            place: id.to_owned(),
            values,
        };
        let arn = self
            .names
            .attributes
            .get(&(id.to_owned(), "Arn".to_owned()))
            .cloned()
            .unwrap_or_default();
        for (event, definition) in members(&properties.values["Events"]) {
            let place = format!("{id}.Events.{event}");
            let values = definition["Properties"].clone();
            let event_properties = Properties {
                place: place.clone(),
                values,
            };
            match definition["Type"].as_str().unwrap_or_default() {
                "SQS" => template
                    .mappings
                    .push(event_properties.mapping(Some(&name))?),
                "EventBridgeRule" | "CloudWatchEvent" => {
                    let rule = RuleResource {
                        name: format!("{id}{event}"),
                        pattern: event_properties.required("Pattern")?.clone(),
                        targets: vec![(arn.clone(), event_properties.dead_letters())],
                        inputs: BTreeMap::new(),
                    };
                    // SAM grants what its own events need.
                    template.grants.push(Grant::events_may_invoke(&arn));
                    template.rules.push(rule);
                }
                "Schedule" if event_properties.values["Enabled"] == false => {}
                "Schedule" => {
                    let schedule = ScheduleResource {
                        name: format!("{id}{event}"),
                        every: event_properties.every("Schedule")?,
                        targets: vec![(arn.clone(), event_properties.dead_letters())],
                    };
                    template.grants.push(Grant::events_may_invoke(&arn));
                    template.schedules.push(schedule);
                }
                other => {
                    return Err(TemplateError::new(
                        place,
                        format!("events of type `{other}` are not rehearsed"),
                    ));
                }
            }
        }
        template.functions.push(properties.function(id, name)?);
        Ok(())
    }
}

impl Properties {
    fn error(&self, property: &str, reason: &str) -> TemplateError {
        TemplateError::new(format!("{}.{property}", self.place), reason)
    }

    fn required(&self, property: &str) -> Result<&Value, TemplateError> {
        self.values
            .get(property)
            .ok_or_else(|| self.error(property, "is missing"))
    }

    fn string(&self, property: &str) -> Option<String> {
        self.values.get(property).map(text)
    }

    /// A number, which CloudFormation also takes as a string.
    fn number(&self, property: &str, default: u64) -> Result<u64, TemplateError> {
        match self.values.get(property) {
            None => Ok(default),
            Some(value) => text(value)
                .parse()
                .map_err(|_| self.error(property, "is not a number")),
        }
    }

    fn seconds(&self, property: &str, default: u64) -> Result<Duration, TemplateError> {
        self.number(property, default).map(Duration::from_secs)
    }

    fn function(&self, logical_id: &str, name: String) -> Result<Function, TemplateError> {
        let code = self
            .string("CodeUri")
            .ok_or_else(|| self.error("CodeUri", "is missing"))?;
        let code = code
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let variables = members(&self.values["Environment"]["Variables"]);
        let invocations = &self.values["EventInvokeConfig"];
        let on_failure = &invocations["DestinationConfig"]["OnFailure"]["Destination"];
        let retries = invocations["MaximumRetryAttempts"].as_u64().unwrap_or(2);
        Ok(Function {
            logical_id: logical_id.to_owned(),
            name,
            code,
            // Lambda's own defaults.
            timeout: self.seconds("Timeout", 3)?,
            memory: self.number("MemorySize", 128)?,
            environment: variables
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            retries: usize::try_from(retries).unwrap_or(usize::MAX),
            on_failure: on_failure.as_str().map(str::to_owned),
            dead_letters: self.values["DeadLetterQueue"]["TargetArn"]
                .as_str()
                .map(str::to_owned),
            policy: self.policy()?,
        })
    }

    /// The policy documents of a function, as one. Managed policies and SAM's templates are not known here.
    fn policy(&self) -> Result<Policy, TemplateError> {
        let documents = match &self.values["Policies"] {
            Value::Null => Vec::new(),
            Value::Array(documents) => documents.clone(),
            one => vec![one.clone()],
        };
        Policy::parse(&documents).map_err(|why| self.error("Policies", &why))
    }

    fn queue(&self, name: String) -> Result<QueueResource, TemplateError> {
        let redrive = match self.values.get("RedrivePolicy") {
            None => None,
            Some(policy) => {
                let arn = policy["deadLetterTargetArn"].as_str();
                let count = text(&policy["maxReceiveCount"]).parse().ok();
                let (Some(arn), Some(count)) = (arn, count) else {
                    return Err(self.error(
                        "RedrivePolicy",
                        "needs deadLetterTargetArn and maxReceiveCount",
                    ));
                };
                Some((arn.to_owned(), count))
            }
        };
        Ok(QueueResource {
            name,
            visibility_timeout: self.seconds("VisibilityTimeout", 30)?,
            delay: self.seconds("DelaySeconds", 0)?,
            redrive,
        })
    }

    fn dead_letters(&self) -> Option<String> {
        let arn = self.values["DeadLetterConfig"]["Arn"].as_str();
        arn.map(str::to_owned)
    }

    /// The length of a `rate(…)`.
    fn every(&self, property: &str) -> Result<Duration, TemplateError> {
        let expression = text(self.required(property)?);
        events::rate(&expression).map_err(|error| self.error(property, &error.to_string()))
    }

    /// A rule, unless it is disabled: what events it takes, or how often it ticks, or both.
    fn rule(&self, name: String, template: &mut Template) -> Result<(), TemplateError> {
        if self.values["State"] == "DISABLED" {
            return Ok(());
        }
        let mut targets = Vec::new();
        let mut inputs = BTreeMap::new();
        for target in self.values["Targets"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            let Some(arn) = target["Arn"].as_str() else {
                return Err(self.error("Targets", "has a target without Arn"));
            };
            for unsupported in ["Input", "InputPath", "RoleArn"] {
                if target.get(unsupported).is_some() {
                    return Err(self.error("Targets", &format!("`{unsupported}` is not rehearsed")));
                }
            }
            if let Some(input) = target.get("InputTransformer") {
                if !arn.contains(":sns:") {
                    let what = "`InputTransformer` is rehearsed for topics only";
                    return Err(self.error("Targets", what));
                }
                let input = InputTransformer::parse(input)
                    .map_err(|why| self.error("Targets", &format!("`InputTransformer` {why}")))?;
                inputs.insert(arn.to_owned(), input);
            }
            let dead_letters = target["DeadLetterConfig"]["Arn"]
                .as_str()
                .map(str::to_owned);
            targets.push((arn.to_owned(), dead_letters));
        }
        let is_scheduled = self.values.get("ScheduleExpression").is_some();
        if is_scheduled {
            template.schedules.push(ScheduleResource {
                name: name.clone(),
                every: self.every("ScheduleExpression")?,
                targets: targets.clone(),
            });
        }
        if !is_scheduled || self.values.get("EventPattern").is_some() {
            template.rules.push(RuleResource {
                name,
                pattern: self.required("EventPattern")?.clone(),
                targets,
                inputs,
            });
        }
        Ok(())
    }

    /// An event source mapping: SAM's within a function, or a resource that names its function.
    fn mapping(&self, function: Option<&str>) -> Result<Mapping, TemplateError> {
        let (queue, function) = match function {
            Some(function) => (self.string("Queue"), Some(function.to_owned())),
            None => (self.string("EventSourceArn"), self.string("FunctionName")),
        };
        let queue = queue.filter(|arn| arn.contains(":sqs:"));
        let queue = queue.ok_or_else(|| self.error("Queue", "is not the ARN of a queue"))?;
        let concurrency = self.values["ScalingConfig"]
            .get("MaximumConcurrency")
            .map(text);
        let concurrency = concurrency
            .and_then(|it| it.parse().ok())
            .unwrap_or(DEFAULT_CONCURRENCY);
        let responses = self.values["FunctionResponseTypes"].as_array();
        Ok(Mapping {
            queue: queue.rsplit(':').next().unwrap_or_default().to_owned(),
            function: function.ok_or_else(|| self.error("FunctionName", "is missing"))?,
            batch_size: usize::try_from(self.number("BatchSize", 10)?).unwrap_or(usize::MAX),
            batch_window: self.seconds("MaximumBatchingWindowInSeconds", 0)?,
            report_item_failures: responses
                .is_some_and(|it| it.contains(&json!("ReportBatchItemFailures"))),
            concurrency,
        })
    }
}

fn pseudo_parameters(choices: &Choices) -> BTreeMap<String, Value> {
    let Choices {
        account_id, region, ..
    } = choices;
    [
        ("AWS::AccountId", account_id.as_str()),
        ("AWS::Region", region),
        ("AWS::Partition", "aws"),
        ("AWS::URLSuffix", "amazonaws.com"),
        ("AWS::StackName", "greenlight"),
    ]
    .map(|(name, value)| (name.to_owned(), value.into()))
    .into()
}

pub(super) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// SAM's rule for `Globals`: maps are merged, lists are added to, anything else is replaced.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(over)) => base.extend(over.iter().cloned()),
        (base, over) => *base = over.clone(),
    }
}
