//! AWS's own resources, from their properties to the seeds of the account's services.
//!
//! What the account does not simulate (security groups, bucket policies, …) has a name and nothing behind it. A type that
//! is not known here is an error.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Account, Made, managed_policies};
use crate::account::codedeploy::{self, AutoRollback, Group, ReadyOption};
use crate::account::codepipeline;
use crate::account::ecs;
use crate::account::elb::{self, TargetGroupSpec};
use crate::account::template::{Choices, pipeline_of};
use crate::account::{ecr, functions::uuid, iam};

/// Creates a resource. The error is a sentence.
pub(super) fn make(
    account: &Account,
    id: &str,
    kind: &str,
    properties: &Value,
    choices: &Choices,
) -> Result<Made, String> {
    let resource = New {
        account,
        id,
        properties,
    };
    match kind {
        "AWS::ECR::Repository" => resource.repository(),
        "AWS::ECS::Cluster" => resource.cluster(),
        "AWS::ECS::TaskDefinition" => resource.task_definition(),
        "AWS::ECS::Service" => resource.service(),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => resource.load_balancer(),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => resource.target_group(),
        "AWS::ElasticLoadBalancingV2::Listener" => resource.listener(),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => resource.listener_rule(),
        "AWS::CloudWatch::Alarm" => resource.alarm(),
        "AWS::CodeDeploy::Application" => resource.application(),
        "AWS::CodeDeploy::DeploymentGroup" => resource.deployment_group(),
        "AWS::CodePipeline::Pipeline" => resource.pipeline(),
        "AWS::Logs::LogGroup" => resource.log_group(choices),
        "AWS::S3::Bucket" => resource.bucket(choices),
        "AWS::IAM::Role" => resource.role(choices),
        "AWS::EC2::SecurityGroup" => Ok(resource.security_group()),
        "AWS::S3::BucketPolicy" => Ok(with(id.to_owned(), [])),
        _ => Err(format!("resources of type {kind} are not rehearsed")),
    }
}

pub(super) struct New<'a> {
    pub(super) account: &'a Account,
    pub(super) id: &'a str,
    pub(super) properties: &'a Value,
}

pub(super) fn with<const N: usize>(reference: String, attributes: [(&str, String); N]) -> Made {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    Made {
        reference,
        attributes: BTreeMap::from(attributes),
    }
}

impl New<'_> {
    pub(super) fn text(&self, property: &str) -> Result<String, String> {
        text(&self.properties[property]).ok_or_else(|| format!("{}.{property} is missing", self.id))
    }

    pub(super) fn number<N: std::str::FromStr>(&self, property: &str) -> Result<N, String> {
        let number = self.text(property)?.parse();
        number.map_err(|_| format!("{}.{property} is not a number", self.id))
    }

    pub(super) fn seconds(&self, property: &str) -> Result<Duration, String> {
        self.number(property).map(Duration::from_secs)
    }

    fn name(&self, property: &str, choices: &Choices) -> String {
        let given = text(&self.properties[property]);
        let chosen = || choices.names.get(self.id).cloned();
        given.or_else(chosen).unwrap_or_else(|| self.id.to_owned())
    }

    fn log_group(&self, choices: &Choices) -> Result<Made, String> {
        let name = self.name("LogGroupName", choices);
        let days = match self.properties.get("RetentionInDays") {
            Some(_) => Some(self.number("RetentionInDays")?),
            None => None,
        };
        self.account.create_log_group(&name, days);
        let arn = self.account.arn("logs", &format!("log-group:{name}:*"));
        Ok(with(name, [("Arn", arn)]))
    }

    fn repository(&self) -> Result<Made, String> {
        let name = self.text("RepositoryName")?;
        let uri = ecr::create_repository(self.account, &name);
        let arn = self.account.arn("ecr", &format!("repository/{name}"));
        Ok(with(name, [("Arn", arn), ("RepositoryUri", uri)]))
    }

    fn cluster(&self) -> Result<Made, String> {
        let name = self.text("ClusterName")?;
        ecs::create_cluster(self.account, &name);
        let arn = self.account.arn("ecs", &format!("cluster/{name}"));
        Ok(with(name, [("Arn", arn)]))
    }

    fn task_definition(&self) -> Result<Made, String> {
        let document = as_the_api_has_it(self.properties);
        let arn = ecs::register_task_definition(self.account, document);
        let arn = arn.map_err(|error| format!("{}: {error}", self.id))?;
        Ok(with(arn.clone(), [("TaskDefinitionArn", arn)]))
    }

    fn load_balancer(&self) -> Result<Made, String> {
        let arn = elb::create_load_balancer(self.account, &self.text("Name")?);
        let host = elb::dns_name(self.account, &arn).unwrap_or_default();
        let full_name = arn
            .split_once(":loadbalancer/")
            .map_or("", |(_, path)| path);
        let full_name = full_name.to_owned();
        Ok(with(
            arn,
            [("DNSName", host), ("LoadBalancerFullName", full_name)],
        ))
    }

    fn target_group(&self) -> Result<Made, String> {
        let attributes = self.properties["TargetGroupAttributes"].as_array();
        let mut attributes = attributes.into_iter().flatten();
        let delay = attributes.find(|it| it["Key"] == "deregistration_delay.timeout_seconds");
        let delay = delay.and_then(|it| text(&it["Value"])?.parse().ok());
        let name = self.text("Name")?;
        let spec = TargetGroupSpec {
            name: name.clone(),
            port: self.number("Port")?,
            health_check_path: self.text("HealthCheckPath")?,
            interval: self.seconds("HealthCheckIntervalSeconds")?,
            timeout: self.seconds("HealthCheckTimeoutSeconds")?,
            healthy_threshold: self.number("HealthyThresholdCount")?,
            unhealthy_threshold: self.number("UnhealthyThresholdCount")?,
            // Elastic Load Balancing's own default.
            deregistration_delay: Duration::from_secs(delay.unwrap_or(300)),
        };
        let arn = elb::create_target_group(self.account, spec);
        Ok(with(arn, [("TargetGroupName", name)]))
    }

    fn listener(&self) -> Result<Made, String> {
        let balancer = self.text("LoadBalancerArn")?;
        let action = &self.properties["DefaultActions"][0];
        let (Some("forward"), Some(group)) =
            (action["Type"].as_str(), action["TargetGroupArn"].as_str())
        else {
            return Err(format!(
                "{}: only a listener that forwards is rehearsed",
                self.id
            ));
        };
        let arn = elb::create_listener(self.account, &balancer, self.number("Port")?, group);
        let arn = arn.map_err(|error| format!("{}: {error}", self.id))?;
        Ok(with(arn.clone(), [("ListenerArn", arn)]))
    }

    /// A rule that takes every path.
    fn listener_rule(&self) -> Result<Made, String> {
        let listener = self.text("ListenerArn")?;
        let action = &self.properties["Actions"][0];
        let condition = &self.properties["Conditions"][0];
        let of_all = condition["PathPatternConfig"]["Values"] == serde_json::json!(["/*"]);
        let groups = action["ForwardConfig"]["TargetGroups"].as_array();
        let (Some(groups), Some("forward"), true) = (groups, action["Type"].as_str(), of_all)
        else {
            let id = self.id;
            return Err(format!(
                "{id}: only a rule that forwards all paths (/*) is rehearsed"
            ));
        };
        let weight = |group: &Value| {
            let weight = text(&group["Weight"]).and_then(|it| it.parse().ok());
            Some((text(&group["TargetGroupArn"])?, weight.unwrap_or(1)))
        };
        let weights: Option<Vec<_>> = groups.iter().map(weight).collect();
        let rule = weights.and_then(|it| elb::create_rule(self.account, &listener, &it));
        let rule = rule.ok_or_else(|| format!("{}: it is no rule for {listener}", self.id))?;
        Ok(with(rule.clone(), [("RuleArn", rule)]))
    }

    fn application(&self) -> Result<Made, String> {
        let name = self.text("ApplicationName")?;
        codedeploy::create_application(self.account, &name);
        Ok(with(name, []))
    }

    fn deployment_group(&self) -> Result<Made, String> {
        let properties = self.properties;
        let name = self.text("DeploymentGroupName")?;
        let service = &properties["ECSServices"][0];
        let service = (text(&service["ClusterName"]), text(&service["ServiceName"]));
        let pair = &properties["LoadBalancerInfo"]["TargetGroupPairInfoList"][0];
        let (Value::Array(production), (Some(cluster), Some(service))) =
            (&pair["ProdTrafficRoute"]["ListenerArns"], service)
        else {
            return Err(format!("{}: it has no service or no listener", self.id));
        };
        let groups = pair["TargetGroups"].as_array().map(Vec::as_slice);
        let Some([blue, green]) = groups else {
            return Err(format!("{}: it needs two target groups", self.id));
        };
        let name_of = |group: &Value| text(&group["Name"]).unwrap_or_default();
        let blue_green = &properties["BlueGreenDeploymentConfiguration"];
        let wait = &blue_green["TerminateBlueInstancesOnDeploymentSuccess"];
        let wait = text(&wait["TerminationWaitTimeInMinutes"]);
        let texts = |list: &[Value]| list.iter().filter_map(text).collect::<Vec<_>>();
        let test = pair["TestTrafficRoute"]["ListenerArns"].as_array();
        let rollback = &properties["AutoRollbackConfiguration"]["Events"];
        let rollback = rollback.as_array().map(|it| texts(it)).unwrap_or_default();
        codedeploy::create_deployment_group(
            self.account,
            Group {
                application: self.text("ApplicationName")?,
                name: name.clone(),
                cluster,
                service,
                prod_listener_arns: texts(production),
                test_listener_arns: test.map(|test| texts(test)),
                target_groups: [name_of(blue), name_of(green)],
                default_config: self.text("DeploymentConfigName")?,
                auto_rollback: rollback.iter().filter_map(|it| auto_rollback(it)).collect(),
                ready_option: ReadyOption::ContinueDeployment,
                termination_wait_minutes: wait.and_then(|it| it.parse().ok()).unwrap_or_default(),
                service_role_arn: self.text("ServiceRoleArn")?,
            },
        );
        Ok(with(name, []))
    }

    fn pipeline(&self) -> Result<Made, String> {
        let name = self.text("Name")?;
        let pipeline = pipeline_of(self.id, name.clone(), self.properties);
        let pipeline = pipeline.map_err(|error| error.to_string())?;
        codepipeline::create_pipeline(self.account, pipeline)?;
        Ok(with(name, []))
    }

    /// Buckets are there as soon as something is put into them.
    #[expect(clippy::unnecessary_wraps, reason = "as all that makes a resource")]
    fn bucket(&self, choices: &Choices) -> Result<Made, String> {
        let name = self.name("BucketName", choices).to_ascii_lowercase();
        Ok(with(
            name.clone(),
            [("Arn", format!("arn:aws:s3:::{name}"))],
        ))
    }

    fn role(&self, choices: &Choices) -> Result<Made, String> {
        let name = self.name("RoleName", choices);
        let list = |property: &str| self.properties[property].as_array().into_iter().flatten();
        let mut documents = Vec::new();
        for arn in list("ManagedPolicyArns").filter_map(Value::as_str) {
            let unknown = || format!("{}: the policy {arn} is not rehearsed", self.id);
            documents.push(managed_policies::document(arn).ok_or_else(unknown)?);
        }
        documents.extend(list("Policies").map(|policy| policy["PolicyDocument"].clone()));
        let trust = &self.properties["AssumeRolePolicyDocument"];
        let arn = iam::add_role(self.account, &name, trust, &documents)?;
        Ok(with(name, [("Arn", arn)]))
    }

    fn security_group(&self) -> Made {
        let unique = uuid(&self.account.unique()).replace('-', "");
        let id: String = unique.chars().take(17).collect();
        let id = format!("sg-{id}");
        with(id.clone(), [("GroupId", id)])
    }
}

fn auto_rollback(event: &str) -> Option<AutoRollback> {
    match event {
        "DEPLOYMENT_FAILURE" => Some(AutoRollback::Failure),
        "DEPLOYMENT_STOP_ON_ALARM" => Some(AutoRollback::StopOnAlarm),
        "DEPLOYMENT_STOP_ON_REQUEST" => Some(AutoRollback::StopOnRequest),
        _ => None,
    }
}

/// CloudFormation takes numbers as texts, too.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// What the ECS API has as numbers.
const NUMBERS: [&str; 2] = ["containerPort", "hostPort"];
/// Whose keys are names of the user's own.
const FREE_KEYS: [&str; 2] = ["options", "dockerLabels"];

/// A task definition's properties as `RegisterTaskDefinition` takes them: keys begin with small letters.
fn as_the_api_has_it(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_the_api_has_it).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let key = small(key);
                let value = match key.as_str() {
                    known if FREE_KEYS.contains(&known) => value.clone(),
                    known if NUMBERS.contains(&known) => number(value),
                    _ => as_the_api_has_it(value),
                };
                (key, value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        plain => plain.clone(),
    }
}

fn number(value: &Value) -> Value {
    let number = text(value).and_then(|text| text.parse::<u64>().ok());
    number.map_or_else(|| value.clone(), Value::from)
}

fn small(key: &str) -> String {
    let mut letters = key.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
