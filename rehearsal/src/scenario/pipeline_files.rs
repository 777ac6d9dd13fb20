//! The API's pipeline takes the task definition and the AppSpec from the repository of infrastructure files: a
//! change there is live with the release. Then a file has a placeholder that nobody fills.

use std::collections::BTreeMap;

use super::expectations::Expectations;
use super::sample::infrastructure;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

pub(super) const TASK_DEFINITION: &str = "api/taskdef.json";
pub(super) const APP_SPEC: &str = "api/appspec.yaml";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let mut files = infrastructure()?;
    replace(&mut files, TASK_DEFINITION, "\"live\"", "\"changed\"");
    let properties = "Properties:\n        PlatformVersion: \"1.4.0\"";
    replace(&mut files, APP_SPEC, "Properties:", properties);
    stage.sample.push_infrastructure(&files);
    let v2 = stage.sample.push_as("v2", &ImageSpec::healthy("v2"))?;
    stage.sample.push_as("v3", &ImageSpec::healthy("v3"))?;
    let release = stage.release("api", "API", &[("tag", "v2")]).await?;
    expectations.released("v2", &release);
    expectations.live(stage, "v2", &v2).await?;
    let definition = stage.sample.live_task_definition().unwrap_or_default();
    let container = &definition["containerDefinitions"][0];
    expectations.equal(
        "the task definition is the repository's",
        &text(&container["environment"][0]["value"]),
        &"changed".to_owned(),
    );
    let app_spec = app_spec(stage);
    expectations.expect(
        "and so is the AppSpec",
        app_spec.contains("1.4.0"),
        &app_spec,
    );
    expectations.recorded(stage, "v2", &v2, "succeeded").await?;

    let registered = stage.calls(None, "RegisterTaskDefinition");
    let place = replace(
        &mut files,
        TASK_DEFINITION,
        "\"changed\"",
        "\"<LOG_LEVEL>\"",
    );
    stage.sample.push_infrastructure(&files);
    let release = stage.release("api", "API", &[("tag", "v3")]).await?;
    let words = release.action.words();
    let place = format!("Infrastructure::{place}");
    expectations.expect(
        "a placeholder that nobody fills fails the action, with name, file and line",
        release.status == "Failed"
            && ["ConfigurationError", "`<LOG_LEVEL>`", &place]
                .iter()
                .all(|it| words.contains(it)),
        &words,
    );
    expectations.equal(
        "nothing is registered from it",
        &stage.calls(None, "RegisterTaskDefinition"),
        &registered,
    );
    expectations.equal(
        "CodeDeploy ran one deployment, and it succeeded",
        &stage.statuses(),
        &vec!["Succeeded".to_owned()],
    );
    expectations.still_live(stage, "v2", &v2).await?;
    Ok(())
}

/// Changes a file of the infrastructure repository. Gives the place where the change begins: `path:line`.
pub(super) fn replace(
    files: &mut BTreeMap<String, String>,
    path: &str,
    old: &str,
    new: &str,
) -> String {
    let text = files.entry(path.to_owned()).or_default();
    let before = text.find(old).and_then(|at| text.get(..at));
    let line = before.map_or(0, |before| before.matches('\n').count() + 1);
    *text = text.replace(old, new);
    format!("{path}:{line}")
}

/// The AppSpec of the last deployment.
fn app_spec(stage: &Stage) -> String {
    let calls = stage.sample.account.journal().calls();
    let mut created = calls.iter().filter(|it| it.operation == "CreateDeployment");
    let request = created.next_back().map(|call| &call.request);
    request.map_or_else(String::new, |it| {
        text(&it["revision"]["appSpecContent"]["content"])
    })
}
