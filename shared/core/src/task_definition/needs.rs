//! What a task definition needs beside itself: roles, secrets, parameters, log groups.

use serde_json::Value;

use super::{Container, TaskDefinition};
use crate::image::ImageRef;

/// What stands for a value that a container is given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// The ARN of a secret of Secrets Manager, without what is behind it (key, stage, version).
    Secret(String),
    /// The name or ARN of a parameter of Systems Manager.
    Parameter(String),
}

impl Reference {
    /// What `valueFrom` means: `arn:…:secretsmanager:…:secret:name-suffix:key:stage:version`, or the name or ARN of a
    /// parameter.
    pub fn of(value_from: &str) -> Self {
        let parts: Vec<&str> = value_from.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "secretsmanager", _, _, "secret", _, ..] => {
                Self::Secret(parts.get(..7).unwrap_or_default().join(":"))
            }
            _ => Self::Parameter(value_from.to_owned()),
        }
    }
}

/// Where a container's log goes in CloudWatch Logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogGroup {
    /// `awslogs-group`
    pub name: String,
    /// `awslogs-region`
    pub region: Option<String>,
    /// `awslogs-create-group` is `true`.
    pub is_created: bool,
}

impl TaskDefinition {
    /// The name or ARN of the role that the containers have.
    pub fn task_role(&self) -> Option<&str> {
        self.text("taskRoleArn")
    }

    /// The name or ARN of the role by which images, secrets and logs are got.
    pub fn execution_role(&self) -> Option<&str> {
        self.text("executionRoleArn")
    }

    /// Whether it may run on Fargate.
    pub fn is_for_fargate(&self) -> bool {
        let list = self.as_value()["requiresCompatibilities"].as_array();
        list.into_iter().flatten().any(|it| it == "FARGATE")
    }

    /// Why its tasks could not start without an execution role, if they could not.
    pub fn needs_execution_role(&self) -> Option<String> {
        let named =
            |what: &str, it: Container<'_>| Some(format!("container `{}` {what}", it.name()));
        self.containers().find_map(|it| {
            if !it.references().is_empty() {
                return named("is given secrets", it);
            }
            if !self.is_for_fargate() {
                return None;
            }
            let is_private = it.image().is_some_and(|it| it.parse::<ImageRef>().is_ok());
            match it.log_group() {
                _ if is_private => named("has an image of ECR", it),
                Some(_) => named("writes to CloudWatch Logs", it),
                None => None,
            }
        })
    }

    fn text(&self, key: &str) -> Option<&str> {
        let text = self.as_value().get(key).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    }
}

impl Container<'_> {
    /// The secrets and parameters that it is given: its variables, its log driver's options, and the credentials of
    /// its registry. Each with the name that it has there.
    pub fn references(self) -> Vec<(String, Reference)> {
        let listed = |list: &Value| {
            let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
            let named = list.iter().filter_map(|it| {
                let from = it["valueFrom"].as_str()?;
                Some((it["name"].as_str()?.to_owned(), Reference::of(from)))
            });
            named.collect::<Vec<_>>()
        };
        let mut found = listed(&self.0["secrets"]);
        found.extend(listed(&self.0["logConfiguration"]["secretOptions"]));
        let credentials = &self.0["repositoryCredentials"]["credentialsParameter"];
        found.extend(
            credentials
                .as_str()
                .map(|it| ("repositoryCredentials".to_owned(), Reference::of(it))),
        );
        found
    }

    /// Where its log goes, if that is in CloudWatch Logs.
    pub fn log_group(self) -> Option<LogGroup> {
        let configuration = self.0.get("logConfiguration")?;
        if configuration.get("logDriver")?.as_str()? != "awslogs" {
            return None;
        }
        let option = |key: &str| configuration["options"][key].as_str();
        Some(LogGroup {
            name: option("awslogs-group")?.to_owned(),
            region: option("awslogs-region").map(str::to_owned),
            is_created: option("awslogs-create-group") == Some("true"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "written down where it is called"
    )]
    fn definition(container: Value, fargate: bool) -> TaskDefinition {
        let compatible = if fargate { "FARGATE" } else { "EC2" };
        TaskDefinition::parse(json!({
            "family": "api", "requiresCompatibilities": [compatible], "taskRoleArn": "",
            "containerDefinitions": [container],
        }))
        .unwrap()
    }

    #[test]
    fn what_a_value_is_from_is_a_secret_or_a_parameter() {
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        for from in [secret.to_owned(), format!("{secret}:password::")] {
            assert_eq!(Reference::of(&from), Reference::Secret(secret.to_owned()));
        }
        let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/db";
        for from in ["db", "/db/password", arn] {
            assert_eq!(Reference::of(from), Reference::Parameter(from.to_owned()));
        }
    }

    #[test]
    fn all_places_that_take_secrets_are_looked_at() {
        let definition = definition(
            json!({
                "name": "api",
                "secrets": [{"name": "DB", "valueFrom": "db"}, {"name": "broken"}],
                "logConfiguration": {"secretOptions": [{"name": "token", "valueFrom": "t"}]},
                "repositoryCredentials": {"credentialsParameter": "c"},
            }),
            false,
        );
        let container = definition.container("api").unwrap();
        let parameter = |name: &str, it: &str| (name.to_owned(), Reference::Parameter(it.into()));
        assert_eq!(
            container.references(),
            [
                parameter("DB", "db"),
                parameter("token", "t"),
                parameter("repositoryCredentials", "c"),
            ]
        );
        assert_eq!(
            definition.needs_execution_role().as_deref(),
            Some("container `api` is given secrets")
        );
        assert_eq!(definition.task_role(), None);
    }

    #[test]
    fn fargate_needs_an_execution_role_for_images_of_ecr_and_for_logs() {
        let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:test";
        let private = json!({"name": "api", "image": image});
        let logs = json!({
            "name": "api", "image": "public.ecr.aws/x/y:1",
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api"}},
        });
        let needs = |container: &Value, fargate| {
            definition(container.clone(), fargate).needs_execution_role()
        };
        assert_eq!(
            needs(&private, true).as_deref(),
            Some("container `api` has an image of ECR")
        );
        assert_eq!(
            needs(&logs, true).as_deref(),
            Some("container `api` writes to CloudWatch Logs")
        );
        assert_eq!(needs(&private, false), None);
        assert_eq!(needs(&json!({"name": "api", "image": "nginx"}), true), None);
    }

    #[test]
    fn a_log_group_is_one_of_cloudwatch_logs() {
        let log = |driver: &str, create: &str| {
            let options = json!({
                "awslogs-group": "/ecs/api", "awslogs-region": "eu-west-1", "awslogs-create-group": create,
            });
            let configuration = json!({"logDriver": driver, "options": options});
            let container = json!({"name": "api", "logConfiguration": configuration});
            definition(container, true)
                .container("api")
                .unwrap()
                .log_group()
        };
        assert_eq!(log("awsfirelens", "true"), None);
        let group = |is_created| LogGroup {
            name: "/ecs/api".into(),
            region: Some("eu-west-1".into()),
            is_created,
        };
        assert_eq!(log("awslogs", "true"), Some(group(true)));
        assert_eq!(log("awslogs", "false"), Some(group(false)));
    }
}
