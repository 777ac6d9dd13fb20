//! The ECS service: that it is there, and that it can be deployed to as the target says.

use super::{Finding, Look, check};
use crate::target::{GatePoint, Strategy, Target, TaskDefinitionSource};

/// What of a service is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// `ACTIVE | DRAINING`
    pub status: String,
    /// `ECS | CODE_DEPLOY | EXTERNAL`
    pub controller: String,
    /// `REPLICA | DAEMON`
    pub scheduling: String,
    /// `ROLLING | BLUE_GREEN | LINEAR | CANARY`
    pub strategy: String,
    /// How many tasks it wants.
    pub desired: u32,
    /// It has a primary task set, or deployment.
    pub is_live: bool,
    /// What is live is behind a load balancer.
    pub has_load_balancer: bool,
    /// Its lifecycle hooks.
    pub hooks: Vec<Hook>,
}

/// A lifecycle hook of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hook {
    /// `AWS_LAMBDA | PAUSE`
    pub target_type: String,
    /// The function's ARN.
    pub function: Option<String>,
    /// The stages at which it is called.
    pub stages: Vec<String>,
}

/// Whether the service is there.
pub fn exists<T>(target: &Target, look: &Look<T>) -> Option<Finding> {
    let service = target.service.as_ref()?;
    let what = format!("ECS service `{service}`");
    Some(match look {
        Look::Found(_) => Finding::ok(check::SERVICE_EXISTS, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::SERVICE_EXISTS,
            format!("{what} does not exist"),
            format!(
                "create it, or name another in `service` of target `{}`",
                target.name
            ),
        ),
        Look::Unseen(unseen) => unseen.finding(check::SERVICE_EXISTS, &what),
    })
}

/// Whether the cluster of a task is there. `key` of the target names it.
pub fn cluster<T>(name: &str, key: &str, look: &Look<T>) -> Finding {
    let what = format!("cluster `{name}`");
    match look {
        Look::Found(_) => Finding::ok(check::CLUSTER, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check::CLUSTER,
            format!("{what} does not exist"),
            format!("create it, or name another in `{key}`"),
        ),
        Look::Unseen(unseen) => unseen.finding(check::CLUSTER, &what),
    }
}

/// Whether a service can be deployed to as its target says. `hook` is the function that runs the gates, if it is known.
pub fn judge(target: &Target, service: &Service, hook: Option<&str>) -> Vec<Finding> {
    let by_codedeploy = match target.deploy {
        Strategy::CodeDeploy(_) => true,
        Strategy::Rolling | Strategy::Native => false,
        // Nothing is made of it but the network, or the pipeline deploys to it in ways of its own.
        Strategy::Task(_) | Strategy::Pipeline(_) => return Vec::new(),
    };
    let mut findings = Vec::new();
    let controller = controller(target, service, by_codedeploy);
    let fits = controller.remedy.is_none();
    findings.push(controller);
    // What else is wrong with it is wrong for another strategy.
    if !fits {
        return findings;
    }
    if by_codedeploy {
        findings.extend([live_task_set(target, service)]);
        if service.is_live {
            findings.push(load_balancer(target, service));
        }
        return findings;
    }
    let status = status(target, service);
    let is_active = status.remedy.is_none();
    findings.push(status);
    if !is_active {
        return findings;
    }
    let strategy = strategy(target, service);
    let fits = strategy.remedy.is_none();
    findings.push(strategy);
    findings.push(desired_count(target, service));
    if target.task_definition == TaskDefinitionSource::Service {
        findings.push(live(target, service));
    }
    if fits && target.deploy == Strategy::Native {
        let points = target.gates.iter().filter(|(_, checks)| !checks.is_empty());
        findings.extend(points.map(|(point, _)| called(target, service, hook, point)));
    }
    findings
}

fn name(target: &Target) -> String {
    let service = target.service.as_ref();
    service.map(ToString::to_string).unwrap_or_default()
}

fn controller(target: &Target, service: &Service, by_codedeploy: bool) -> Finding {
    let (name, has) = (name(target), &service.controller);
    let wanted = if by_codedeploy { "CODE_DEPLOY" } else { "ECS" };
    if has == wanted {
        let text = format!("its deployment controller is {has}");
        return Finding::ok(check::SERVICE_CONTROLLER, text);
    }
    let (how, remedy) = match (by_codedeploy, has.as_str()) {
        (true, _) => (
            "deploys by CodeDeploy",
            "create the service with the controller CODE_DEPLOY",
        ),
        (false, "CODE_DEPLOY") => (
            "deploys by UpdateService, which works under the controller ECS",
            "let the target deploy by `codedeploy`",
        ),
        (false, _) => (
            "deploys by UpdateService, which works under the controller ECS",
            "its task sets are somebody else's to manage: create the service with the controller ECS",
        ),
    };
    let text = format!(
        "ECS service `{name}` has the deployment controller {has}, but target `{}` {how}",
        target.name
    );
    Finding::missing(check::SERVICE_CONTROLLER, text, remedy)
}

fn live_task_set(target: &Target, service: &Service) -> Finding {
    if service.is_live {
        return Finding::ok(check::SERVICE_LIVE, "a task set serves production");
    }
    let text = format!(
        "ECS service `{}` has no primary task set, so there is no live task definition to start from",
        name(target)
    );
    Finding::missing(check::SERVICE_LIVE, text, "deploy it once by CodeDeploy")
}

fn load_balancer(target: &Target, service: &Service) -> Finding {
    if service.has_load_balancer {
        let text = "what serves production is behind a load balancer";
        return Finding::ok(check::SERVICE_LOAD_BALANCER, text);
    }
    let text = format!(
        "ECS service `{}` has no load balancer, and CodeDeploy deploys to ECS only behind one",
        name(target)
    );
    Finding::missing(
        check::SERVICE_LOAD_BALANCER,
        text,
        "create the service with a load balancer, or let ECS deploy it (`rolling`)",
    )
}

fn status(target: &Target, service: &Service) -> Finding {
    if service.status == "ACTIVE" {
        return Finding::ok(check::SERVICE_STATUS, "it is ACTIVE");
    }
    let text = format!(
        "ECS service `{}` is {}, so nothing can be deployed to it",
        name(target),
        service.status
    );
    Finding::missing(check::SERVICE_STATUS, text, "create the service anew")
}

fn strategy(target: &Target, service: &Service) -> Finding {
    let (name, has) = (name(target), &service.strategy);
    let is_rolling = has == "ROLLING";
    match target.deploy {
        Strategy::Rolling if !is_rolling => Finding::missing(
            check::SERVICE_STRATEGY,
            format!(
                "ECS service `{name}` declares the deployment strategy {has}, but target `{}` is `rolling`",
                target.name
            ),
            "write `native` in the target, or give the service the strategy ROLLING",
        ),
        Strategy::Native if is_rolling => Finding::missing(
            check::SERVICE_STRATEGY,
            format!(
                "ECS service `{name}` declares no deployment strategy but ROLLING, and target `{}` is \
                 `native`",
                target.name
            ),
            "write `rolling` in the target, or give the service the strategy BLUE_GREEN, LINEAR or CANARY",
        ),
        _ => Finding::ok(
            check::SERVICE_STRATEGY,
            format!("its deployment strategy is {has}"),
        ),
    }
}

fn desired_count(target: &Target, service: &Service) -> Finding {
    if service.desired > 0 || service.scheduling == "DAEMON" {
        return Finding::ok(check::SERVICE_DESIRED_COUNT, "it wants tasks");
    }
    let text = format!(
        "ECS service `{}` has a desired count of 0, so no task would show that the image runs",
        name(target)
    );
    Finding::missing(
        check::SERVICE_DESIRED_COUNT,
        text,
        "scale it to at least 1 and push the image again",
    )
}

fn live(target: &Target, service: &Service) -> Finding {
    if service.is_live {
        return Finding::ok(check::SERVICE_LIVE, "it has a task definition to copy");
    }
    let text = format!(
        "ECS service `{}` runs nothing yet, so there is no live task definition to start from",
        name(target)
    );
    let remedy = format!(
        "deploy it once, or give target `{}` a template (`task_definition: s3://…`)",
        target.name
    );
    Finding::missing(check::SERVICE_LIVE, text, remedy)
}

fn called(target: &Target, service: &Service, hook: Option<&str>, point: GatePoint) -> Finding {
    let is_called = service.hooks.iter().any(|it| {
        let mut stages = it.stages.iter();
        let at_point = stages.any(|stage| point.ecs_stages().contains(&stage.as_str()));
        let of_ours = match (&it.function, hook) {
            (Some(arn), Some(function)) => function_name(arn) == function_name(function),
            (Some(_), None) => true,
            (None, _) => false,
        };
        it.target_type == "AWS_LAMBDA" && at_point && of_ours
    });
    if is_called {
        let text = format!("it calls the gate {point}");
        return Finding::ok(check::SERVICE_HOOK, text);
    }
    let function = match hook {
        Some(function) => format!("`{}`", function_name(function)),
        None => "the function validate-green".to_owned(),
    };
    let text = format!(
        "target `{}` has the gate {point}, but ECS service `{}` declares no lifecycle hook that calls \
         {function} at {}",
        target.name,
        name(target),
        point.ecs_stages().join(" or ")
    );
    Finding::missing(
        check::SERVICE_HOOK,
        text,
        "add it to the service's `deploymentConfiguration.lifecycleHooks`",
    )
}

/// The name of a function, from its ARN (with or without a version or alias) or from itself.
pub fn function_name(function: &str) -> &str {
    let name = function.split_once(":function:");
    let name = name.map_or(function, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
