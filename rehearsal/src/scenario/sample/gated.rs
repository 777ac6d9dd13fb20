//! What [`Stand::Gated`](super::Stand::Gated) has besides the sample service: a second one, which ECS deploys
//! blue/green by itself, and an alarm for each.

use std::time::Duration;

use super::service::{self, CONTAINER_PORT, Ground, PRODUCTION_PORT, TEST_PORT};
use super::{ALARM, CLUSTER, SampleError, TAG, WEB, WEB_ALARM, WEB_REPOSITORY, failed};
use crate::account::cloudwatch::{Alarm, Statistic};
use crate::account::containers::ImageSpec;
use crate::account::ecs::{self, Hook, LoadBalancer, ServiceSpec, Shift, Stage};
use crate::account::{Account, ecr, elb};

/// So many errors in a minute are not worth an alarm.
const BEARABLE_ERRORS: f64 = 5.0;

/// The second service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// The digest of `web-v1`, which is live and has the tag.
    pub v1: String,
    /// The ARN of its production listener.
    pub production_listener: String,
    /// The ARN of its test listener.
    pub test_listener: String,
}

/// The second service, live with its first image, behind a load balancer of its own. `hook` is the ARN of the
/// function that its deployments ask, wherever a target can have a gate.
pub(super) fn web(account: &Account, hook: &str) -> Result<Web, SampleError> {
    let uri = ecr::create_repository(account, WEB_REPOSITORY);
    let first = ImageSpec::healthy("web-v1");
    let v1 = ecr::push_image(account, WEB_REPOSITORY, &[TAG], &first).map_err(failed)?;
    let mut document = service::task_definition(&format!("{uri}:{TAG}"));
    document["family"] = WEB.into();
    let container = &mut document["containerDefinitions"][0];
    container["name"] = WEB.into();
    let options = &mut container["logConfiguration"]["options"];
    options["awslogs-group"] = "/ecs/web".into();
    account.create_log_group("/ecs/web", Some(service::LOG_DAYS));
    options["awslogs-stream-prefix"] = WEB.into();
    let task_definition = ecs::register_task_definition(account, document).map_err(failed)?;
    let load_balancer = elb::create_load_balancer(account, WEB);
    let group = |name| elb::create_target_group(account, service::target_group(name));
    let (blue, green) = (group("web-blue"), group("web-green"));
    let listener =
        |port| elb::create_listener(account, &load_balancer, port, &blue).map_err(failed);
    let ground = Ground {
        production_listener: listener(PRODUCTION_PORT)?,
        test_listener: listener(TEST_PORT)?,
        blue: blue.clone(),
        green,
        task_definition,
    };
    let load_balancer = LoadBalancer {
        target_group_arn: blue,
        container_name: WEB.to_owned(),
        container_port: CONTAINER_PORT,
    };
    let stages = [
        Stage::PostScaleUp,
        Stage::PostTestTrafficShift,
        Stage::PreProductionTrafficShift,
        Stage::PostProductionTrafficShift,
    ];
    let hooks = vec![Hook::lambda(hook, &stages)];
    let spec = ServiceSpec {
        cluster: CLUSTER.to_owned(),
        name: WEB.to_owned(),
        desired_count: 2,
        task_definition: ground.task_definition.clone(),
        controller: service::native(&ground, load_balancer, Shift::AllAtOnce, hooks),
        health_check_grace: Duration::from_secs(30),
    };
    ecs::create_service(account, spec).map_err(failed)?;
    Ok(Web {
        v1,
        production_listener: ground.production_listener,
        test_listener: ground.test_listener,
    })
}

/// An alarm on the errors that the targets of each load balancer answer.
pub(super) fn alarms(account: &Account) {
    for (name, load_balancer) in [(ALARM, CLUSTER), (WEB_ALARM, WEB)] {
        let Some(dimension) = elb::metric_dimension(account, load_balancer) else {
            continue;
        };
        account.put_alarm(Alarm::above(
            name,
            ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
            &[("LoadBalancer", &dimension)],
            Statistic::Sum,
            BEARABLE_ERRORS,
        ));
    }
}

#[cfg(test)]
#[path = "gated_tests.rs"]
mod tests;
