//! Reading what a start needs to know: the service, its live task definition, templates, and the
//! images.
//!
//! Only reads, so that they can be done while the claim is being written: if the claim is not
//! stored, nothing was done.

use futures_util::{future::OptionFuture, try_join};
use greenlight_aws::{
    chain, ecs, s3,
    table::{StoredFiles, StoredTarget},
};
use greenlight_core::{
    deployment::DeploymentId,
    job::files::JobFile,
    target::{AppSpecSource, S3Object, Strategy, TaskDefinitionSource},
    task_definition::TaskDefinition,
    template,
};
use serde_json::Value;

use crate::{
    Deployer,
    images::Inspected,
    observe::Live,
    start::{Next, Order, Started, Stop},
};

/// What was read for a start.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// What takes the place of the start.
    pub(crate) found: Option<Started>,
    /// The target's service.
    pub(crate) service: Option<ecs::Service>,
    /// The task definition that the service runs, or the newest one of the family.
    pub(crate) base: Option<Base>,
    /// The template of the task definition.
    pub(crate) template: Option<TemplateFile>,
    /// The template of the AppSpec.
    pub(crate) app_spec: Option<TemplateFile>,
    /// The images.
    pub(crate) images: Vec<Inspected>,
}

/// A task definition that ECS holds.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) arn: String,
    pub(crate) document: TaskDefinition,
    pub(crate) tags: Vec<Value>,
}

/// A file in S3, or one that came with the wish.
#[derive(Debug, Clone)]
pub(crate) struct TemplateFile {
    /// `s3://bucket/key`, or `Artifact::path`
    pub(crate) name: String,
    pub(crate) text: String,
}

impl From<JobFile> for TemplateFile {
    fn from(file: JobFile) -> Self {
        Self {
            name: file.name,
            text: file.text,
        }
    }
}

impl Deployer {
    /// Reads what is needed to start `order` at a target.
    pub(crate) async fn gather(
        &self,
        stored: &StoredTarget,
        order: &Order,
    ) -> Result<Gathered, Stop> {
        if let Some(found) = self.instead_of_start(stored, order).await? {
            return Ok(Gathered {
                found: Some(found),
                ..Gathered::default()
            });
        }
        let next = Next::of(stored, &order.prepared);
        let source = next.own_source().unwrap_or(&stored.target.task_definition);
        let template = match source {
            TaskDefinitionSource::S3(object) => Some(object),
            TaskDefinitionSource::Service | TaskDefinitionSource::Family(_) => None,
        };
        // Before a migration, too: it must not run for an AppSpec that cannot be used.
        let app_spec = match &stored.target.appspec {
            AppSpecSource::S3(object) => Some(object),
            AppSpecSource::Service => None,
        };
        // Files that came with the wish take the place of the target's.
        let files = order.candidate.files;
        // A pipeline registers what it deploys: nothing has to be known but that the images are there.
        let is_pipelines = matches!(
            (next, &stored.target.deploy),
            (Next::Deployment, Strategy::Pipeline(_))
        );
        if is_pipelines {
            return Ok(Gathered {
                images: self.find_images(&order.candidate).await?,
                ..Gathered::default()
            });
        }
        // What has been registered already is not made a second time; what stands for an image in an
        // AppSpec may be what is live, all the same.
        let is_made = order.prepared.task_definition.is_some()
            && next.own_source().is_none()
            && app_spec.is_none()
            && files.is_none();
        let ((service, base), mut template, mut app_spec, files, images) = try_join!(
            self.gather_base(stored, source, is_made),
            self.gather_file(stored, template),
            self.gather_file(stored, app_spec),
            self.gather_files(stored, files),
            async { self.inspect(&order.candidate).await.map_err(Stop::from) },
        )?;
        if next.own_source().is_none() {
            template = files.task_definition.map(TemplateFile::from).or(template);
        }
        app_spec = files.app_spec.map(TemplateFile::from).or(app_spec);
        Ok(Gathered {
            found: None,
            service,
            base,
            template,
            app_spec,
            images,
        })
    }

    async fn gather_base(
        &self,
        stored: &StoredTarget,
        source: &TaskDefinitionSource,
        is_made: bool,
    ) -> Result<(Option<ecs::Service>, Option<Base>), Stop> {
        let clients = self.clients_of(&stored.target);
        let service = OptionFuture::from(
            stored
                .target
                .service
                .as_ref()
                .map(|service| ecs::service(&clients, &service.cluster, &service.name)),
        );
        let family = OptionFuture::from(match source {
            TaskDefinitionSource::Family(family) => Some(self.base(stored, family)),
            TaskDefinitionSource::Service | TaskDefinitionSource::S3(_) => None,
        });
        let (service, family) = try_join!(
            async { service.await.transpose().map_err(Stop::from) },
            async { family.await.transpose() },
        )?;
        let wants_live = !matches!(source, TaskDefinitionSource::Family(_)) && !is_made;
        let live = service.as_ref().filter(|_| wants_live).and_then(Live::of);
        let base = match (family, live) {
            (Some(family), _) => Some(family),
            (None, Some(live)) => Some(self.base(stored, &live.task_definition).await?),
            (None, None) => None,
        };
        Ok((service, base))
    }

    /// A task definition by its ARN, or the newest one of a family.
    pub(crate) async fn base(&self, stored: &StoredTarget, name: &str) -> Result<Base, Stop> {
        let found = ecs::task_definition(&self.clients_of(&stored.target), name).await?;
        let document = TaskDefinition::parse(found.document).map_err(|error| {
            Stop::Reason(format!(
                "task definition `{name}` cannot take an image: {}",
                chain(&error)
            ))
        })?;
        Ok(Base {
            arn: document.arn().unwrap_or(name).to_owned(),
            document,
            tags: found.tags,
        })
    }

    /// The files that a deployment was asked for with.
    async fn gather_files(
        &self,
        stored: &StoredTarget,
        deployment: Option<DeploymentId>,
    ) -> Result<StoredFiles, Stop> {
        let Some(deployment) = deployment else {
            return Ok(StoredFiles::default());
        };
        let files = self.table.files(&stored.target.name, deployment).await?;
        files.ok_or_else(|| {
            Stop::Reason(format!(
                "the files that deployment {deployment} was asked for with are not kept any more; ask for \
                 it again"
            ))
        })
    }

    async fn gather_file(
        &self,
        stored: &StoredTarget,
        object: Option<&S3Object>,
    ) -> Result<Option<TemplateFile>, Stop> {
        let Some(object) = object else {
            return Ok(None);
        };
        let clients = self.clients_of(&stored.target);
        let text = s3::text(&clients, &object.bucket, &object.key, template::LIMIT).await?;
        Ok(Some(TemplateFile {
            name: object.to_string(),
            text,
        }))
    }
}
