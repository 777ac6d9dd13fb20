//! Templates in S3, each read once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use greenlight_aws::s3;
use greenlight_core::{
    appspec::AppSpecTemplate,
    target::{AppSpecSource, S3Object, TaskDefinitionSource},
    task_definition::TaskDefinition,
    template,
    verification::{Branch, Finding, Look, templates as judge},
};

use super::{Verifier, look::seen};

/// The texts of templates, by their names.
pub(super) type Texts = BTreeMap<String, Look<String>>;

/// What was found of the templates.
#[derive(Debug, Default)]
pub(super) struct Templates {
    pub(super) branch: Option<Branch>,
    pub(super) task_definition: Option<TaskDefinition>,
    pub(super) app_spec: Option<AppSpecTemplate>,
    /// Of each task before that has a template.
    pub(super) before: BTreeMap<usize, TaskDefinition>,
}

impl Verifier<'_> {
    pub(super) async fn texts(&self) -> Texts {
        let target = self.target;
        let mut objects: BTreeMap<String, &S3Object> = BTreeMap::new();
        let sources = target
            .before
            .iter()
            .filter_map(|task| task.task_definition.as_ref());
        for source in sources.chain([&target.task_definition]) {
            if let TaskDefinitionSource::S3(object) = source {
                objects.insert(object.to_string(), object);
            }
        }
        if let AppSpecSource::S3(object) = &target.appspec {
            objects.insert(object.to_string(), object);
        }
        let texts = join_all(objects.into_iter().map(async |(name, object)| {
            let lack = self.place.lack("s3:GetObject", self.place.object(object));
            let call = s3::text(&self.clients, &object.bucket, &object.key, template::LIMIT);
            (name, seen(self.bounded(call).await, lack))
        }));
        texts.await.into_iter().collect()
    }

    pub(super) fn templates(&self, texts: &Texts) -> Templates {
        let target = self.target;
        let placeholders = judge::placeholders(target);
        let mut templates = Templates::default();
        let mut findings: Vec<Finding> = Vec::new();
        let mut text_of = |object: &S3Object, key: &str| {
            let look = texts.get(&object.to_string())?;
            findings.push(judge::exists(object, key, look));
            look.found().cloned()
        };
        let main = match &target.task_definition {
            TaskDefinitionSource::S3(object) => {
                text_of(object, "task_definition").map(|text| (object, text))
            }
            TaskDefinitionSource::Service | TaskDefinitionSource::Family(_) => None,
        };
        let app_spec = match &target.appspec {
            AppSpecSource::S3(object) => text_of(object, "appspec").map(|text| (object, text)),
            AppSpecSource::Service => None,
        };
        let mut before = Vec::new();
        for (index, task) in target.before.iter().enumerate() {
            if let Some(TaskDefinitionSource::S3(object)) = &task.task_definition {
                let key = format!("before[{index}].task_definition");
                before.extend(text_of(object, &key).map(|text| (index, object, text)));
            }
        }
        if let Some((object, text)) = main {
            let (finding, found) = judge::task_definition(&text, object, &placeholders);
            findings.push(finding);
            templates.task_definition = found;
        }
        if let Some((object, text)) = app_spec {
            let function = self.deployer.hook_function.as_ref();
            let points = target.gates.iter();
            let hooks = points.filter_map(|(point, _)| {
                Some((point.codedeploy_event().to_owned(), function?.clone()))
            });
            let hooks: Vec<_> = hooks.collect();
            let (finding, found) = judge::app_spec(&text, object, &placeholders, &hooks);
            findings.push(finding);
            templates.app_spec = found;
        }
        for (index, object, text) in before {
            let (finding, found) = judge::task_definition(&text, object, &placeholders);
            findings.push(finding);
            templates.before.extend(found.map(|found| (index, found)));
        }
        templates.branch = (!findings.is_empty()).then(|| Branch {
            name: "templates".to_owned(),
            findings,
        });
        templates
    }
}
