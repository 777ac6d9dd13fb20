use super::*;
use crate::target::Strategy;
use crate::verification::sample::{home, target, wrong};

fn ecr(name: &str, repository: &str) -> Source {
    Source {
        name: name.into(),
        provider: "ECR".into(),
        repository: Some(repository.into()),
    }
}

fn declared() -> Declared {
    Declared {
        kind: "V2".into(),
        sources: vec![
            ecr("Image", "mco/api"),
            Source {
                name: "Infra".into(),
                provider: "S3".into(),
                repository: None,
            },
        ],
        variables: vec!["LABEL".into()],
    }
}

/// What is wrong: check and remedy.
fn found(action: &str, variable: &str, look: &Look<Declared>) -> Vec<(&'static str, String)> {
    let target = target(&format!(
        "images: [{{container: api, repository: mco/api, tags: [test]}}], \
         deploy: {{pipeline: {{name: api-test, action: {action}, variables: {{{variable}: '{{tag}}'}}}}}}"
    ));
    let Strategy::Pipeline(pipeline) = &target.deploy else {
        unreachable!("it is deployed so")
    };
    let findings = judge(&target, pipeline, &home(), look);
    let wrong = wrong(&findings).into_iter();
    wrong
        .map(|(check, _, remedy)| (check, remedy.to_owned()))
        .collect()
}

#[test]
fn a_pipeline_that_takes_the_image_has_nothing_wrong() {
    assert_eq!(found("Image", "LABEL", &Look::Found(declared())), []);
}

#[test]
fn what_a_pipeline_does_not_take_is_told_at_once() {
    let v1 = Declared {
        kind: "V1".into(),
        ..declared()
    };
    let found = found("Imag", "LABLE", &Look::Found(v1));
    let remedies: Vec<(&str, &str)> = found
        .iter()
        .map(|(check, it)| (*check, it.as_str()))
        .collect();
    assert_eq!(
        remedies,
        [
            (
                "pipeline.type",
                "change its type to V2: `aws codepipeline update-pipeline` with `pipelineType: V2`"
            ),
            (
                "pipeline.action",
                "write `Image` in `deploy.pipeline.action`"
            ),
            (
                "pipeline.variable",
                "write `LABEL` in `deploy.pipeline.variables`, or declare it in the pipeline"
            ),
        ]
    );
}

#[test]
fn a_source_action_has_to_be_one_of_ecr_that_watches_the_repository() {
    let checks = |action: &str, declared: Declared| {
        let found = found(action, "LABEL", &Look::Found(declared));
        found
            .into_iter()
            .map(|(check, _)| check)
            .collect::<Vec<_>>()
    };
    assert_eq!(checks("Infra", declared()), ["pipeline.action"]);
    let other = Declared {
        sources: vec![ecr("Image", "mco/web")],
        ..declared()
    };
    assert_eq!(checks("Image", other), ["pipeline.repository"]);
}

#[test]
fn a_pipeline_that_is_not_there_is_told_alone() {
    let remedy = "create it, or name another in `deploy.pipeline.name`";
    assert_eq!(
        found("Image", "LABEL", &Look::Missing),
        [("pipeline.exists", remedy.to_owned())]
    );
}
