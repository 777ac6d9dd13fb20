//! The repository keeps its tags where they are: the deployment is none the worse for it, and the message names the
//! exclusion filter to add.

use super::expectations::Expectations;
use super::sample::{REPOSITORY, TARGET};
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::ecr::{self, Mutability};
use crate::account::ssm;

/// What the target gives to the image that is live.
const TAG: &str = "deployed-test";
const PARAMETER: &str = "/greenlight/deployed/api-test";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let account = &stage.sample.account;
    let except = |filters: &[&str]| {
        Mutability::ImmutableExcept(filters.iter().map(|&it| it.to_owned()).collect())
    };
    let set = |mutability| ecr::set_mutability(account, REPOSITORY, mutability);
    let tagged = || ecr::tagged(account, REPOSITORY, TAG);
    let says = || ssm::parameter(account, PARAMETER).map(|(value, _)| value);
    let failed = super::sample::SampleError::of;

    // The pushed tag has to move; nobody has thought of the other one.
    set(except(&["test"])).map_err(failed)?;
    let v2 = stage.push(&ImageSpec::healthy("v2"))?;
    stage.until_quiet().await?;
    expectations.equal("a tag that is new is given", &tagged(), &Some(v2.clone()));

    let v3 = stage.push(&ImageSpec::healthy("v3"))?;
    stage.until_quiet().await?;
    expectations.live(stage, "v3", &v3).await?;
    expectations.recorded(stage, "v3", &v3, "succeeded").await?;
    expectations.equal("the tag stays with v2", &tagged(), &Some(v2));
    let parameter = says().unwrap_or_default();
    let is_told = parameter.ends_with(&format!("@{v3}"));
    expectations.expect("the parameter says v3 all the same", is_told, parameter);
    let status = stage.typed(&["status", TARGET]).await?;
    expectations.expect(
        "`greenlight status` says that a mark is missing",
        status.contains("not set yet"),
        status,
    );
    let refused = stage.typed(&["promote", TARGET, "--to", TAG]).await;
    let complaint = match refused {
        Err(StageError::Command { output, .. }) | Ok(output) => output,
        Err(error) => return Err(error),
    };
    expectations.expect(
        "the message names the filter to add, and keeps the other",
        complaint.contains("add the exclusion filter `deployed-test`")
            && complaint.contains("filter=test filterType=WILDCARD,filter=deployed-test"),
        complaint,
    );

    // Done as it says.
    set(except(&["test", TAG])).map_err(failed)?;
    let v4 = stage.push(&ImageSpec::healthy("v4"))?;
    stage.until_quiet().await?;
    expectations.live(stage, "v4", &v4).await?;
    expectations.equal("the tag goes with v4", &tagged(), &Some(v4));
    expectations.equal("each push is one deployment", &stage.statuses().len(), &3);
    Ok(())
}
