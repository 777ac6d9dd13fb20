//! Sets a template up in the account, as CloudFormation would: tables, queues, functions, rules, schedules,
//! mappings, action types of pipelines.

use super::permissions::events_may;
use super::{Function, Template, TemplateError};
use crate::account::events::{Pattern, Rule, Schedule, Target, TargetKind};
use crate::account::functions::{Configuration, Handler};
use crate::account::queue::{Attributes, Redrive};
use crate::account::{Account, codepipeline};

impl Account {
    /// Sets the template up. `handler` says what runs when a function is invoked; each function calls AWS
    /// with credentials of its own, under its logical id. What has a schedule ticks from then on, unless
    /// [`EventBus::pause_schedules`](super::super::events::EventBus::pause_schedules) was called.
    pub async fn deploy(
        &self,
        template: &Template,
        handler: impl Fn(&Function) -> Handler,
    ) -> Result<(), TemplateError> {
        for table in &template.tables {
            let made = self.add_table(&table.name, &table.properties).await;
            made.map_err(|error| TemplateError::new(&table.name, error.to_string()))?;
        }
        // A queue's dead-letter queue must be there before it.
        let (with, without): (Vec<_>, Vec<_>) =
            template.queues.iter().partition(|it| it.redrive.is_some());
        for queue in without.into_iter().chain(with) {
            let attributes = Attributes {
                visibility_timeout: queue.visibility_timeout,
                delay: queue.delay,
                redrive: queue
                    .redrive
                    .as_ref()
                    .map(|(arn, max_receive_count)| Redrive {
                        queue: name_of(arn),
                        max_receive_count: *max_receive_count,
                    }),
            };
            let made = self.add_queue(&queue.name, attributes);
            made.map_err(|error| TemplateError::new(&queue.name, error.to_string()))?;
        }
        for topic in &template.topics {
            self.add_topic(topic);
        }
        for function in &template.functions {
            self.add_caller(&function.logical_id);
            self.act_in_role(
                &function.logical_id,
                &function.name,
                function.policy.clone(),
            );
            let functions = self.functions();
            let configuration = Configuration {
                timeout: function.timeout,
                retries: function.retries,
                on_failure: function.on_failure.clone(),
                dead_letters: function.dead_letters.clone(),
            };
            functions.configure(&function.name, configuration);
            functions.register(&function.name, handler(function));
        }
        self.add_rules(template)?;
        self.add_action_types(template)?;
        for mapping in &template.mappings {
            let place = format!("{} → {}", mapping.queue, mapping.function);
            let made = self.add_mapping(mapping.clone());
            made.map_err(|error| TemplateError::new(place, error.to_string()))?;
        }
        Ok(())
    }

    /// Only the template's custom action types: pipelines that are created before the rest is deployed may
    /// have actions of them.
    pub fn add_action_types(&self, template: &Template) -> Result<(), TemplateError> {
        for kind in &template.action_types {
            codepipeline::create_custom_action_type(self, kind.clone())
                .map_err(|error| TemplateError::new("template", error))?;
        }
        Ok(())
    }

    fn add_rules(&self, template: &Template) -> Result<(), TemplateError> {
        for rule in &template.rules {
            let pattern = Pattern::parse(&rule.pattern)
                .map_err(|error| TemplateError::new(&rule.name, error.to_string()))?;
            let mut targets = self.rule_targets(template, &rule.name, &rule.targets)?;
            for target in &mut targets {
                if let TargetKind::Topic { topic, input } = &mut target.kind {
                    *input = rule.inputs.get(topic).cloned();
                }
            }
            self.events().add_rule(Rule {
                name: rule.name.clone(),
                pattern,
                targets,
            });
        }
        for schedule in &template.schedules {
            self.events().add_schedule(Schedule {
                name: schedule.name.clone(),
                every: schedule.every,
                targets: self.rule_targets(template, &schedule.name, &schedule.targets)?,
            });
        }
        Ok(())
    }

    /// A rule's targets, if they are there and EventBridge may send to them.
    fn rule_targets(
        &self,
        template: &Template,
        rule: &str,
        targets: &[(String, Option<String>)],
    ) -> Result<Vec<Target>, TemplateError> {
        let mut checked = Vec::new();
        for (arn, dead_letters) in targets {
            if let Some(queue) = dead_letters {
                self.check_grant(template, rule, "sqs:SendMessage", queue)?;
            }
            let (kind, action) = if arn.contains(":lambda:") {
                (TargetKind::Function(arn.clone()), "lambda:InvokeFunction")
            } else if arn.contains(":sqs:") {
                (TargetKind::Queue(arn.clone()), "sqs:SendMessage")
            } else if arn.contains(":sns:") {
                let (topic, input) = (arn.clone(), None);
                (TargetKind::Topic { topic, input }, "sns:Publish")
            } else {
                return Err(TemplateError::new(
                    rule,
                    format!("the target {arn} is not rehearsed"),
                ));
            };
            self.check_grant(template, rule, action, arn)?;
            checked.push(Target {
                kind,
                dead_letters: dead_letters.clone(),
            });
        }
        Ok(checked)
    }

    fn check_grant(
        &self,
        template: &Template,
        rule: &str,
        action: &str,
        arn: &str,
    ) -> Result<(), TemplateError> {
        let known = self.queue(arn).is_some()
            || self.functions().configuration(arn).is_some()
            || self.published(arn).is_some();
        if !known {
            return Err(TemplateError::new(
                rule,
                format!("{arn} is not in the template"),
            ));
        }
        if events_may(&template.grants, action, arn) {
            return Ok(());
        }
        let remedy = match action.split(':').next() {
            Some("sqs") => "AWS::SQS::QueuePolicy",
            Some("sns") => "AWS::SNS::TopicPolicy",
            _ => "AWS::Lambda::Permission",
        };
        Err(TemplateError::new(
            rule,
            format!("EventBridge has no {action} on {arn}; add an {remedy}"),
        ))
    }
}

fn name_of(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}
