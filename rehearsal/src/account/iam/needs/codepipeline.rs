//! `CodePipeline` (AWS-FACTS 10.3): the pipeline, the action type, or nothing.

use super::{Call, Need};

pub(super) fn needs(call: &Call<'_>) -> Option<Vec<Need>> {
    let own = call.action();
    let pipeline = |member: &str| {
        let name = call.text(member).unwrap_or_default();
        vec![Need::on(&own, call.arn("codepipeline", name))]
    };
    Some(match call.operation {
        "GetPipeline" | "GetPipelineState" | "StartPipelineExecution" => pipeline("name"),
        "GetPipelineExecution" | "ListActionExecutions" | "StopPipelineExecution" => {
            pipeline("pipelineName")
        }
        "PollForJobs" => {
            let kind = &call.input["actionTypeId"];
            let part = |member: &str| kind[member].as_str().unwrap_or_default();
            let (owner, category) = (part("owner"), part("category"));
            let kind = format!(
                "actiontype:{owner}/{category}/{}/{}",
                part("provider"),
                part("version")
            );
            vec![Need::on(&own, call.arn("codepipeline", &kind))]
        }
        "AcknowledgeJob" | "GetJobDetails" | "PutJobFailureResult" | "PutJobSuccessResult" => {
            vec![Need::on_anything(&own)]
        }
        _ => return None,
    })
}
