//! Where a person looks at an AWS deployment: its page in the AWS console.

/// The page of the AWS deployment `aws_id`, whichever kind of deployment that is: of CodeDeploy
/// (`d-…`), a service deployment or a task of ECS (an ARN). None for anything else, such as the
/// execution of a pipeline, whose page needs the pipeline's name.
pub fn deployment_page(region: &str, aws_id: &str) -> Option<String> {
    let page = if aws_id.starts_with("d-") && is_plain(aws_id) {
        format!("codesuite/codedeploy/deployments/{aws_id}")
    } else {
        ecs_page(aws_id)?
    };
    Some(page_of(region, &page))
}

/// The page of a pipeline's execution.
pub fn execution_page(region: &str, pipeline: &str, execution: &str) -> Option<String> {
    let is_known = is_plain(pipeline) && is_plain(execution);
    let page =
        format!("codesuite/codepipeline/pipelines/{pipeline}/executions/{execution}/timeline");
    is_known.then(|| page_of(region, &page))
}

/// `arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>` or `…:task/<cluster>/<id>`
fn ecs_page(arn: &str) -> Option<String> {
    let resource = arn.strip_prefix("arn:")?.split(':').nth(4)?;
    let parts: Vec<&str> = resource.split('/').collect();
    if !parts.iter().all(|part| is_plain(part)) {
        return None;
    }
    match parts.as_slice() {
        ["service-deployment", cluster, service, id] => Some(format!(
            "ecs/v2/clusters/{cluster}/services/{service}/deployments/{id}"
        )),
        ["task", cluster, id] => Some(format!("ecs/v2/clusters/{cluster}/tasks/{id}")),
        _ => None,
    }
}

/// The console of a partition has a domain of its own.
fn page_of(region: &str, page: &str) -> String {
    let domain = if region.starts_with("cn-") {
        "console.amazonaws.cn"
    } else if region.starts_with("us-gov-") {
        "console.amazonaws-us-gov.com"
    } else {
        "console.aws.amazon.com"
    };
    format!("https://{region}.{domain}/{page}?region={region}")
}

fn is_plain(text: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    !text.is_empty() && text.bytes().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_deployment_has_its_page() {
        let arn = |resource: &str| format!("arn:aws:ecs:eu-west-1:123456789012:{resource}");
        for (aws_id, page) in [
            (
                "d-ABC123".to_owned(),
                Some("codesuite/codedeploy/deployments/d-ABC123"),
            ),
            (
                arn("service-deployment/mco/worker/85aa"),
                Some("ecs/v2/clusters/mco/services/worker/deployments/85aa"),
            ),
            (
                arn("task/mco/094b63"),
                Some("ecs/v2/clusters/mco/tasks/094b63"),
            ),
            ("699044b0-ae67-14be-6c24-8668b9c45946".to_owned(), None),
            ("d-ABC?x=<script>".to_owned(), None),
            (arn("task/mco/<b>"), None),
        ] {
            let page = page.map(|page| {
                format!("https://eu-west-1.console.aws.amazon.com/{page}?region=eu-west-1")
            });
            assert_eq!(deployment_page("eu-west-1", &aws_id), page, "{aws_id}");
        }
    }

    #[test]
    fn an_execution_has_its_page_in_every_partition() {
        let page = execution_page("cn-north-1", "release", "699044b0").unwrap();
        assert_eq!(
            page,
            "https://cn-north-1.console.amazonaws.cn/codesuite/codepipeline/pipelines/release/executions/\
             699044b0/timeline?region=cn-north-1"
        );
        assert!(
            execution_page("us-gov-west-1", "a", "b")
                .unwrap()
                .contains("amazonaws-us-gov.com")
        );
        assert_eq!(execution_page("eu-west-1", "re/lease", "699044b0"), None);
    }
}
