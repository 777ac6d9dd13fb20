//! What deploys to the sample service besides ECS: CodeDeploy, a pipeline, and templates in S3.

use std::time::Duration;

use super::service::Ground;
use super::{
    APPLICATION, ARTIFACT_BUCKET, BUCKET, CLUSTER, CONTAINER, PIPELINE, REPOSITORY, SERVICE,
    SampleError, TAG, failed,
};
use crate::account::codedeploy::{self, Group};
use crate::account::codepipeline::{self, Action, Does, Mode, Pipeline, Stage};
use crate::account::{Account, s3};

/// The application, and its deployment group, which owns the service.
pub(super) fn codedeploy(account: &Account, ground: &Ground) {
    codedeploy::create_application(account, APPLICATION);
    let mut group = Group::new(
        APPLICATION,
        APPLICATION,
        (CLUSTER, SERVICE),
        &ground.production_listener,
        ["api-blue", "api-green"],
    );
    group.test_listener_arns = Some(vec![ground.test_listener.clone()]);
    group.termination_wait_minutes = 1;
    codedeploy::create_deployment_group(account, group);
}

/// A pipeline that takes the image of the tag, or the one that it is started with.
pub(super) fn pipeline(account: &Account) -> Result<(), SampleError> {
    let stage = |name: &str, action: Action| Stage {
        name: name.to_owned(),
        actions: vec![action],
    };
    let source = Does::Source {
        repository: REPOSITORY.to_owned(),
        tag: TAG.to_owned(),
    };
    let source = Action {
        outputs: vec!["Image".to_owned()],
        ..Action::new("Image", Duration::from_secs(5), source)
    };
    let deploy = Does::CodeDeployToEcs {
        application: APPLICATION.to_owned(),
        group: APPLICATION.to_owned(),
        cluster: CLUSTER.to_owned(),
        service: SERVICE.to_owned(),
        container: CONTAINER.to_owned(),
    };
    let pipeline = Pipeline {
        name: PIPELINE.to_owned(),
        mode: Mode::Queued,
        variables: vec![("LABEL".to_owned(), Some("none".to_owned()))],
        artifact_bucket: ARTIFACT_BUCKET.to_owned(),
        stages: vec![
            stage("Source", source),
            stage(
                "Deploy",
                Action::new("Deploy", Duration::from_secs(1), deploy),
            ),
        ],
    };
    codepipeline::create_pipeline(account, pipeline).map_err(failed)
}

/// The templates, as a team that comes from CodePipeline has them.
pub(super) async fn templates(account: &Account) -> Result<(), SampleError> {
    let files = [
        (
            "api/taskdef.json",
            include_str!("../../../sample/templates/taskdef.json"),
        ),
        (
            "api/appspec.yaml",
            include_str!("../../../sample/templates/appspec.yaml"),
        ),
    ];
    for (key, text) in files {
        s3::put_object(account, BUCKET, key, text)
            .await
            .map_err(failed)?;
    }
    Ok(())
}
