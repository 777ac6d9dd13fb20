//! Where a target is, and the ARNs of what is there: statements name them.

use greenlight_core::{
    image::{Registry, RepositoryUri},
    target::{CodeDeploy, S3Object, Service, Target},
    verification::Lack,
};

/// Where a target is, and who looks.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Where Greenlight runs.
    pub(super) home: Registry,
    /// The account in which the target is.
    pub(super) account: String,
    /// The ARN of whoever calls AWS for ECR and what is at home.
    pub(super) us: String,
    /// The ARN of whoever makes the calls for the target.
    pub(super) caller: String,
}

impl Place {
    pub(super) fn new(home: Registry, us: &str, target: &Target) -> Self {
        let us = role_of_session(us);
        let role = target.role_arn.as_ref();
        Self {
            account: role
                .map_or(home.account(), |role| role.account())
                .to_owned(),
            caller: role.map_or_else(|| us.clone(), ToString::to_string),
            home,
            us,
        }
    }

    /// That whoever deploys the target must not do something.
    pub(super) fn lack(&self, action: &str, resource: impl Into<String>) -> Lack {
        Lack {
            of: self.caller.clone(),
            action: action.to_owned(),
            resource: resource.into(),
        }
    }

    /// That we must not do something at home.
    pub(super) fn own_lack(&self, action: &str, resource: impl Into<String>) -> Lack {
        Lack {
            of: self.us.clone(),
            ..self.lack(action, resource)
        }
    }

    /// `arn:aws:ecs:eu-west-1:123456789012:service/mco/api`
    pub(super) fn service(&self, service: &Service) -> String {
        self.arn("ecs", &format!("service/{service}"))
    }

    pub(super) fn cluster(&self, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        self.arn("ecs", &format!("cluster/{name}"))
    }

    pub(super) fn config(&self, name: &str) -> String {
        self.arn("codedeploy", &format!("deploymentconfig:{name}"))
    }

    pub(super) fn group(&self, group: &CodeDeploy) -> String {
        let CodeDeploy {
            application, group, ..
        } = group;
        self.arn(
            "codedeploy",
            &format!("deploymentgroup:{application}/{group}"),
        )
    }

    pub(super) fn pipeline(&self, name: &str) -> String {
        self.arn("codepipeline", name)
    }

    /// A parameter by its name or ARN.
    pub(super) fn parameter(&self, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        self.arn(
            "ssm",
            &format!("parameter/{}", name.trim_start_matches('/')),
        )
    }

    pub(super) fn log_group(&self, name: &str, region: Option<&str>) -> String {
        let region = region.unwrap_or(self.home.region());
        let (partition, account) = (self.home.partition().name(), &self.account);
        format!("arn:{partition}:logs:{region}:{account}:log-group:{name}:*")
    }

    /// A function at home by its name or ARN.
    pub(super) fn function(&self, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        let (partition, region) = (self.home.partition().name(), self.home.region());
        format!(
            "arn:{partition}:lambda:{region}:{}:function:{name}",
            self.home.account()
        )
    }

    /// A role by its name or ARN.
    pub(super) fn role(&self, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        format!(
            "arn:{}:iam::{}:role/{name}",
            self.home.partition().name(),
            self.account
        )
    }

    pub(super) fn object(&self, object: &S3Object) -> String {
        format!(
            "arn:{}:s3:::{}/{}",
            self.home.partition().name(),
            object.bucket,
            object.key
        )
    }

    pub(super) fn repository(uri: &RepositoryUri) -> String {
        let registry = &uri.registry;
        format!(
            "arn:{}:ecr:{}:{}:repository/{}",
            registry.partition().name(),
            registry.region(),
            registry.account(),
            uri.name
        )
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        let (partition, region) = (self.home.partition().name(), self.home.region());
        format!(
            "arn:{partition}:{service}:{region}:{}:{resource}",
            self.account
        )
    }
}

/// The role of a session: `arn:aws:sts::123456789012:assumed-role/name/session` is one of
/// `arn:aws:iam::123456789012:role/name`. Whatever else calls stays what it is.
fn role_of_session(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let ["arn", partition, "sts", _, account, resource] = parts.as_slice()
        && let Some(session) = resource.strip_prefix("assumed-role/")
        && let Some((name, _)) = session.split_once('/')
    {
        return format!("arn:{partition}:iam::{account}:role/{name}");
    }
    arn.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_one_of_its_role() {
        for (caller, role) in [
            (
                "arn:aws:sts::123456789012:assumed-role/register-target/i-1",
                "arn:aws:iam::123456789012:role/register-target",
            ),
            (
                "arn:aws-cn:iam::123456789012:user/jane",
                "arn:aws-cn:iam::123456789012:user/jane",
            ),
        ] {
            assert_eq!(role_of_session(caller), role);
        }
    }
}
