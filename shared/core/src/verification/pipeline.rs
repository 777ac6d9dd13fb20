//! A pipeline that deploys: its type, its source action, and its variables.

use super::{Finding, Look, check};
use crate::image::{Registry, RepositoryRef};
use crate::target::{Pipeline, Target};
use crate::text::{listed, nearest};

/// What of a pipeline is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// `V1 | V2`
    pub kind: String,
    /// Its source actions.
    pub sources: Vec<Source>,
    /// The names of its variables.
    pub variables: Vec<String>,
}

/// A source action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// `ECR`, `S3`, …
    pub provider: String,
    /// The repository that one of ECR watches.
    pub repository: Option<String>,
}

/// Whether the pipeline is there, and takes what it is to be started with.
pub fn judge(
    target: &Target,
    pipeline: &Pipeline,
    home: &Registry,
    look: &Look<Declared>,
) -> Vec<Finding> {
    let what = format!("pipeline `{}`", pipeline.name);
    let declared = match look {
        Look::Found(declared) => declared,
        Look::Missing => {
            return vec![Finding::missing(
                check::PIPELINE,
                format!("{what} does not exist"),
                "create it, or name another in `deploy.pipeline.name`",
            )];
        }
        Look::Unseen(unseen) => return vec![unseen.finding(check::PIPELINE, &what)],
    };
    let mut findings = vec![Finding::ok(check::PIPELINE, format!("{what} is there"))];
    findings.push(if declared.kind == "V2" {
        Finding::ok(check::PIPELINE_TYPE, "it is of type V2")
    } else {
        Finding::missing(
            check::PIPELINE_TYPE,
            format!(
                "{what} is of type {}, which takes neither source revisions nor variables",
                declared.kind
            ),
            "change its type to V2: `aws codepipeline update-pipeline` with `pipelineType: V2`",
        )
    });
    if let Some(action) = &pipeline.action {
        findings.extend(source(target, action, home, declared, &what));
    }
    findings.extend(
        pipeline
            .variables
            .iter()
            .map(|(name, _)| variable(name, declared, &what)),
    );
    findings
}

fn source(
    target: &Target,
    action: &str,
    home: &Registry,
    declared: &Declared,
    what: &str,
) -> Vec<Finding> {
    let Some(found) = declared.sources.iter().find(|source| source.name == action) else {
        let ecr = declared
            .sources
            .iter()
            .filter(|source| source.provider == "ECR");
        let names: Vec<&str> = ecr.map(|source| source.name.as_str()).collect();
        let remedy = match names.as_slice() {
            [] => "give the pipeline a source action of ECR".to_owned(),
            [one] => format!("write `{one}` in `deploy.pipeline.action`"),
            names => format!("write one of {} in `deploy.pipeline.action`", listed(names)),
        };
        let text = format!("{what} has no source action `{action}`");
        return vec![Finding::missing(check::PIPELINE_ACTION, text, remedy)];
    };
    if found.provider != "ECR" {
        let text = format!(
            "the source action `{action}` of {what} is one of {}, which cannot be given a digest",
            found.provider
        );
        let remedy = "name a source action of ECR in `deploy.pipeline.action`";
        return vec![Finding::missing(check::PIPELINE_ACTION, text, remedy)];
    }
    let mut findings = vec![Finding::ok(
        check::PIPELINE_ACTION,
        format!("its source action `{action}` is one of ECR"),
    )];
    if let Some(watched) = &found.repository {
        findings.push(repository(target, action, home, watched));
    }
    findings
}

fn repository(target: &Target, action: &str, home: &Registry, watched: &str) -> Finding {
    let same = |it: &RepositoryRef| {
        let it = it.resolve(home);
        it.name.as_str() == watched
    };
    if target.images.iter().any(|source| same(&source.repository)) {
        let text = format!("the source action watches repository `{watched}`");
        return Finding::ok(check::PIPELINE_REPOSITORY, text);
    }
    let text = format!(
        "the source action `{action}` watches repository `{watched}`, of which target `{}` takes no images",
        target.name
    );
    Finding::missing(
        check::PIPELINE_REPOSITORY,
        text,
        "name that repository in `images`, or another source action in `deploy.pipeline.action`",
    )
}

fn variable(name: &str, declared: &Declared, what: &str) -> Finding {
    if declared.variables.iter().any(|it| it == name) {
        let text = format!("it declares the variable `{name}`");
        return Finding::ok(check::PIPELINE_VARIABLE, text);
    }
    let names: Vec<&str> = declared.variables.iter().map(String::as_str).collect();
    let remedy = match nearest(name, &names) {
        Some(near) => {
            format!("write `{near}` in `deploy.pipeline.variables`, or declare it in the pipeline")
        }
        None => {
            "declare it in the pipeline, or take it out of `deploy.pipeline.variables`".to_owned()
        }
    };
    let text = format!("{what} declares no variable `{name}`, so a start with it is refused");
    Finding::missing(check::PIPELINE_VARIABLE, text, remedy)
}

#[cfg(test)]
mod tests;
