//! `greenlight targets`: checking, registering, listing, showing and removing.

use std::path::Path;

use greenlight_aws::chain;
use greenlight_aws::table::{BadTarget, StoredTarget};
use greenlight_core::policy::TagPolicy;
use greenlight_core::target::{Strategy, Target, TargetName};
use greenlight_core::verification::Report;
use greenlight_deployer::Deployer;
use greenlight_deployer::register::Registered;
use greenlight_deployer::targets::Applied;
use serde_json::json;

use super::{Outcome, Output, no_such_target, registered, service, verification};
use crate::columns::Columns;
use crate::document::{self, DocumentError};
use crate::failure::Failure;

/// Says what a file's targets are, or everything that is wrong with it.
pub(super) fn check(file: &Path) -> Outcome {
    match document::read(file) {
        Ok(targets) => checked(file, &targets).into(),
        Err(error) => {
            // Only what is wrong with targets has places; anything else is only an error.
            let problems = match &error {
                DocumentError::Wrong { problems, .. } => json!(problems),
                _ => json!([]),
            };
            let json = json!({"file": file, "targets": [], "problems": problems});
            Outcome {
                output: Some(Output {
                    text: String::new(),
                    json,
                }),
                failure: Some(error.into()),
                says_no: false,
            }
        }
    }
}

fn checked(file: &Path, targets: &[Target]) -> Output {
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    let count = match targets.len() {
        1 => "1 target".to_owned(),
        count => format!("{count} targets"),
    };
    Output {
        text: format!(
            "{}: {count}, no problems: {}\n",
            file.display(),
            names.join(", ")
        ),
        json: json!({"file": file, "targets": names, "problems": []}),
    }
}

/// What editors need to know of a file of targets.
pub(super) fn schema() -> Output {
    let json = greenlight_core::target::schema();
    Output {
        text: format!("{json:#}\n"),
        json,
    }
}

/// What became of one target.
struct Done<'a> {
    name: &'a TargetName,
    applied: Applied,
    /// What its service runs already.
    adopted: Option<String>,
    /// What was found of what it needs, if it was looked.
    report: Option<Report>,
}

/// Registers targets one after another, and stops at the first that cannot be, or that is refused since a deployment
/// to it would fail. What a target's service runs already becomes its current image; that it cannot be seen keeps no
/// target from being registered.
pub(super) async fn apply(deployer: &Deployer, targets: &[Target], verify: bool) -> Outcome {
    let mut done: Vec<Done<'_>> = Vec::new();
    let mut failure = None;
    for target in targets {
        match deployer.register(target, verify).await {
            Ok(Registered { applied, report }) => {
                let adopted = match deployer.adopt(&target.name).await {
                    Ok(explanation) => explanation.map(|explanation| explanation.text),
                    Err(error) => Some(format!("what runs was not taken over: {}", chain(&error))),
                };
                done.push(Done {
                    name: &target.name,
                    applied,
                    adopted,
                    report,
                });
            }
            Err(error) => {
                failure = Some(Failure::from(error));
                break;
            }
        }
    }
    Outcome {
        output: Some(applied(&done)),
        failure,
        says_no: false,
    }
}

fn applied(done: &[Done<'_>]) -> Output {
    let mut columns = Columns::bare();
    let mut json = Vec::new();
    let mut found = String::new();
    for Done {
        name,
        applied,
        adopted,
        report,
    } in done
    {
        let word = match applied {
            Applied::Created => "created",
            Applied::Changed => "changed",
            Applied::Unchanged => "unchanged",
        };
        columns.row([
            name.to_string(),
            word.to_owned(),
            adopted.clone().unwrap_or_default(),
        ]);
        found += &report
            .as_ref()
            .map_or_else(String::new, verification::remarks);
        json.push(json!({
            "target": name, "result": word, "adopted": adopted, "report": report,
        }));
    }
    Output {
        text: columns.text() + &found,
        json: json!({"targets": json}),
    }
}

/// Every registered target in a line.
pub(super) async fn list(deployer: &Deployer) -> Result<Output, Failure> {
    Ok(listed(&deployer.targets().await?))
}

fn listed(targets: &[Result<StoredTarget, BadTarget>]) -> Output {
    let mut columns = Columns::headed(["TARGET", "SERVICE", "IMAGES", "STRATEGY", "GATES"]);
    let mut json = Vec::new();
    for target in targets {
        match target {
            Ok(stored) => {
                let target = &stored.target;
                columns.row([
                    target.name.to_string(),
                    service(target),
                    images(target),
                    strategy(&target.deploy),
                    gates(target),
                ]);
                json.push(json!({
                    "target": target.name,
                    "repository": stored.repositories().first(),
                    "document": target.to_value(),
                }));
            }
            Err(bad) => {
                let [none, other, another] = [(); 3].map(|()| "-".to_owned());
                columns.row([
                    bad.name.clone(),
                    "not understood: apply it again".into(),
                    none,
                    other,
                    another,
                ]);
                json.push(json!({"target": bad.name, "problems": bad.problems}));
            }
        }
    }
    let text = if targets.is_empty() {
        "no targets are registered\n".to_owned()
    } else {
        columns.text()
    };
    Output {
        text,
        json: json!({"targets": json}),
    }
}

/// `mco/api:test` for each tag that any container takes, and `mco/api (semver …)` for each other rule.
fn images(target: &Target) -> String {
    let mut images: Vec<String> = Vec::new();
    for image in &target.images {
        for policy in &image.tags {
            let repository = &image.repository.name;
            let name = match policy {
                TagPolicy::Exact(tag) => format!("{repository}:{tag}"),
                rule => format!("{repository} ({})", rule.to_string().replace('`', "")),
            };
            if !images.contains(&name) {
                images.push(name);
            }
        }
    }
    images.join(", ")
}

fn strategy(strategy: &Strategy) -> String {
    match strategy {
        Strategy::CodeDeploy(group) => format!("codedeploy {}/{}", group.application, group.group),
        Strategy::Pipeline(pipeline) => format!("pipeline {}", pipeline.name),
        Strategy::Rolling | Strategy::Native | Strategy::Task(_) => strategy.name().to_owned(),
    }
}

fn gates(target: &Target) -> String {
    let gates = target.gates.iter().map(|(point, checks)| {
        let names: Vec<&str> = checks
            .iter()
            .map(greenlight_core::target::Check::name)
            .collect();
        format!(
            "{point}: {}",
            if names.is_empty() {
                "nothing".to_owned()
            } else {
                names.join(" ")
            }
        )
    });
    let gates: Vec<String> = gates.collect();
    if gates.is_empty() {
        "-".to_owned()
    } else {
        gates.join("; ")
    }
}

/// A target's document, which can be applied again as it is printed.
pub(super) async fn show(deployer: &Deployer, name: &TargetName) -> Result<Output, Failure> {
    Ok(shown(&registered(deployer, name).await?))
}

fn shown(stored: &StoredTarget) -> Output {
    let document = stored.target.to_value();
    let written = serde_norway::to_string(&json!({"targets": [document]}));
    Output {
        // A JSON value is always YAML; were it not, its JSON form would be read the same.
        text: written.unwrap_or_else(|_| format!("{document:#}\n")),
        json: json!({
            "target": stored.target.name,
            "repository": stored.repositories().first(),
            "version": stored.version,
            "document": document,
        }),
    }
}

/// Removes a target.
pub(super) async fn remove(deployer: &Deployer, name: &TargetName) -> Result<Output, Failure> {
    if !deployer.remove(name).await? {
        return Err(no_such_target(deployer, name).await?);
    }
    Ok(gone(name))
}

fn gone(name: &TargetName) -> Output {
    Output {
        text: format!("{name}  removed\n"),
        json: json!({"target": name, "result": "removed"}),
    }
}

#[cfg(test)]
mod tests;
