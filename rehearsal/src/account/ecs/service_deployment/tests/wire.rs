//! The new operations with AWS's own SDK in front of them.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStatus, DeploymentRolloutState,
    DeploymentStrategy, ServiceDeploymentLifecycleStage, ServiceDeploymentStatus,
    StopServiceDeploymentStopType,
};
use aws_types::region::Region;

use super::*;

fn client(world: &World) -> Client {
    let credentials = Credentials::new("AKIAX", "secret", None, None, "test");
    let config = aws_types::SdkConfig::builder()
        .http_client(world.account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .behavior_version(aws_sdk_ecs::config::BehaviorVersion::latest())
        .build();
    Client::new(&config)
}

#[tokio::test(start_paused = true)]
async fn the_sdk_deploys_a_rolling_service_and_reads_what_became_of_it() {
    let world = World::guarded();
    let ecs = client(&world);
    let update = ecs.update_service().cluster("mco").service("api");
    let updated = update.task_definition("mco-api:2").send().await.unwrap();
    let service = updated.service().unwrap();
    let primary = &service.deployments()[0];
    assert_eq!(primary.status(), Some("PRIMARY"));
    assert_eq!(
        primary.rollout_state(),
        Some(&DeploymentRolloutState::InProgress)
    );
    assert_eq!(service.current_service_revisions().len(), 2);
    let configuration = service.deployment_configuration().unwrap();
    assert_eq!(configuration.strategy(), Some(&DeploymentStrategy::Rolling));
    let breaker = configuration.deployment_circuit_breaker().unwrap();
    assert!(breaker.enable() && breaker.rollback());
    let arn = service.current_service_deployment().unwrap();

    world.until_status(arn, "SUCCESSFUL").await;
    let described = ecs
        .describe_service_deployments()
        .service_deployment_arns(arn);
    let described = described.send().await.unwrap();
    let deployment = &described.service_deployments()[0];
    assert_eq!(
        deployment.status(),
        Some(&ServiceDeploymentStatus::Successful)
    );
    assert!(deployment.started_at() >= deployment.created_at());
    let revision = deployment.target_service_revision().unwrap();
    assert_eq!(revision.running_task_count(), 2);
    let revisions = ecs.describe_service_revisions();
    let revisions = revisions.service_revision_arns(revision.arn().unwrap());
    let revisions = revisions.send().await.unwrap();
    let revision = &revisions.service_revisions()[0];
    assert_eq!(revision.task_definition(), primary.task_definition());
    let digest = ecr::tagged(&world.account, "mco/api", "v2");
    assert_eq!(
        revision.container_images()[0].image_digest(),
        digest.as_deref()
    );
    let resolved = revision.resolved_configuration().unwrap();
    assert_eq!(
        resolved.load_balancers()[0].target_group_arn(),
        Some(world.blue.as_str())
    );
    let list = ecs.list_service_deployments().cluster("mco").service("api");
    let list = list.status(ServiceDeploymentStatus::Successful);
    let list = list.max_results(1).send().await.unwrap();
    assert_eq!(
        list.service_deployments()[0].service_deployment_arn(),
        Some(arn)
    );
    assert!(list.next_token().is_some());
    let stop = ecs.stop_service_deployment().service_deployment_arn(arn);
    let error = stop.send().await.unwrap_err().into_service_error();
    assert!(error.is_conflict_exception(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_sdk_follows_a_native_deployment_continues_it_and_stops_it() {
    let world = World::native(
        Shift::AllAtOnce,
        &[Hook::pause(&[
            Stage::PostScaleUp,
            Stage::PostProductionTrafficShift,
        ])],
    );
    let ecs = client(&world);
    let arn = world.deploy("mco-api:2");
    let describe = async || {
        let described = ecs
            .describe_service_deployments()
            .service_deployment_arns(&arn);
        let described = described.send().await.unwrap();
        described.service_deployments()[0].clone()
    };
    world.until_stage(&arn, Stage::PostScaleUp).await;
    world.seconds(2).await;
    let deployment = describe().await;
    let hook = &deployment.lifecycle_hook_details()[0];
    assert_eq!(
        hook.status(),
        Some(&DeploymentLifecycleHookStatus::AwaitingAction)
    );
    assert!(hook.expires_at() > deployment.created_at());
    let resume = ecs
        .continue_service_deployment()
        .service_deployment_arn(&arn);
    let resume = resume.hook_id(hook.hook_id().unwrap());
    let resume = resume.action(DeploymentLifecycleHookAction::Continue);
    assert_eq!(
        resume.send().await.unwrap().service_deployment_arn(),
        Some(arn.as_str())
    );
    world
        .until_stage(&arn, Stage::PostProductionTrafficShift)
        .await;
    let deployment = describe().await;
    assert_eq!(
        deployment.lifecycle_stage(),
        Some(&ServiceDeploymentLifecycleStage::PostProductionTrafficShift)
    );
    let weight =
        |it: &aws_sdk_ecs::types::ServiceRevisionSummary| it.requested_production_traffic_weight();
    assert_eq!(
        weight(deployment.target_service_revision().unwrap()),
        Some(100.0)
    );
    assert_eq!(weight(&deployment.source_service_revisions()[0]), Some(0.0));
    let stop = ecs.stop_service_deployment().service_deployment_arn(&arn);
    let stop = stop.stop_type(StopServiceDeploymentStopType::Rollback);
    stop.send().await.unwrap();
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    let deployment = describe().await;
    let rollback = deployment.rollback().unwrap();
    let source = &deployment.source_service_revisions()[0];
    assert_eq!(rollback.service_revision_arn(), source.arn());
}
