//! The pipeline that deploys.

use greenlight_aws::codepipeline;
use greenlight_core::{
    target::Pipeline,
    verification::{
        Branch,
        pipeline::{self as judge, Declared, Source},
    },
};

use super::{Verifier, look::looked};

impl Verifier<'_> {
    pub(super) async fn pipeline(&self, pipeline: &Pipeline) -> Branch {
        let lack = self.place.lack(
            "codepipeline:GetPipeline",
            self.place.pipeline(&pipeline.name),
        );
        let call = codepipeline::pipeline(&self.clients, &pipeline.name);
        let look = looked(self.bounded(call).await, lack).map(|found| Declared {
            sources: found
                .actions()
                .filter(|action| action.category == "Source")
                .map(|action| Source {
                    name: action.name.clone(),
                    provider: action.provider.clone(),
                    repository: action.configuration.get("RepositoryName").cloned(),
                })
                .collect(),
            variables: found
                .variables
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
            kind: found.kind,
        });
        Branch {
            name: format!("pipeline `{}`", pipeline.name),
            findings: judge::judge(self.target, pipeline, &self.place.home, &look),
        }
    }
}
