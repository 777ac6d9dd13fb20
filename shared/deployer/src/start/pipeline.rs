//! `StartPipelineExecution`, with the digest as the revision of the source action, or the image in the
//! pipeline's variables (AWS-FACTS 4.5).

use greenlight_aws::{codepipeline, table::StoredTarget};
use greenlight_core::target::{Pipeline, variable};

use super::{Order, Start, Started, Stop};
use crate::Deployer;

impl Deployer {
    pub(super) async fn start_pipeline(
        &self,
        start: &Start<'_>,
        pipeline: &Pipeline,
    ) -> Result<Started, Stop> {
        let variables = variables(start.stored, start.order, pipeline);
        if let Some((name, _)) = variables.iter().find(|(_, value)| value.is_empty()) {
            return Err(Stop::Reason(format!(
                "variable `{name}` of pipeline `{}` would be empty, since the image came without a tag; \
                 use `{{digest}}` or `{{image}}` in target `{}`",
                pipeline.name, start.stored.target.name
            )));
        }
        let candidate = &start.order.candidate;
        let revision = pipeline
            .action
            .as_deref()
            .map(|action| (action, &candidate.digest));
        // The token makes a second call give the first one's execution.
        let token = start.order.deployment.to_string();
        let aws_id = codepipeline::start_execution(
            start.clients,
            &pipeline.name,
            &token,
            revision,
            &variables,
        )
        .await?;
        Ok(Started::As {
            aws_id,
            task_definition: None,
        })
    }
}

/// The pipeline's variables, with everything filled in that stands in braces.
pub(crate) fn variables(
    stored: &StoredTarget,
    order: &Order,
    pipeline: &Pipeline,
) -> Vec<(String, String)> {
    let variables = pipeline.variables.iter();
    variables
        .map(|(name, text)| (name.clone(), filled(text, stored, order)))
        .collect()
}

/// The text with everything filled in that stands in braces.
fn filled(text: &str, stored: &StoredTarget, order: &Order) -> String {
    let candidate = &order.candidate;
    let image = candidate.pinned();
    let deployment = order.deployment.to_string();
    variable::fill(text, |word| match word {
        "image" => Some(image.as_str()),
        "repository" => Some(candidate.repository.name.as_str()),
        "digest" => Some(candidate.digest.as_str()),
        "tag" => Some(candidate.tag.as_ref().map_or("", |tag| tag.as_str())),
        "target" => Some(stored.target.name.as_str()),
        "deployment" => Some(deployment.as_str()),
        _ => None,
    })
}
