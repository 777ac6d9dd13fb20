//! What a button does: one file for each deed. The use cases do it; here it is asked who does it and whether the page that
//! the button was on is still true, and what came of it is put into words.

mod answer;
mod hold;
mod promote;
mod roll_back;

use greenlight_aws::table::StoredTarget;
use greenlight_core::target::{GatePoint, TargetName};
use greenlight_deployer::Deployer;
use greenlight_runtime::logging::chain;

use crate::{form::Form, standing::Tone};

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Approve,
    Reject,
    Hold,
    Release,
    RollBack,
    Promote,
}

impl Deed {
    pub(crate) const ALL: [Self; 6] = [
        Self::Approve,
        Self::Reject,
        Self::Hold,
        Self::Release,
        Self::RollBack,
        Self::Promote,
    ];

    /// As the buttons call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::RollBack => "roll_back",
            Self::Promote => "promote",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }
}

/// A button that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) deed: Deed,
    pub(crate) target: TargetName,
    /// Of the target, when the button was drawn. CloudWatch does not say whether it repeats a call when it refreshes a
    /// widget; a version never comes again, so what was done is not done twice.
    pub(crate) version: u64,
    /// To which gate an answer is given.
    pub(crate) gate: Option<GatePoint>,
    /// And of which deployment.
    pub(crate) deployment: Option<String>,
}

/// What came of it, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Outcome {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Good,
            text: text.into(),
        }
    }

    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Bad,
            text: text.into(),
        }
    }

    /// What a use case did not do, and why.
    fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::refused(format!("It was not done: {}.", chain(error)))
    }
}

/// Does what is wished.
pub(crate) async fn perform(deployer: &Deployer, wish: &Wish, form: &Form) -> Outcome {
    let Some(by) = form.by() else {
        return Outcome::refused(
            "Say who you are: the field for your name is empty. Nothing was done.",
        );
    };
    let target = &wish.target;
    let stored = match deployer.target(target).await {
        Ok(Some(Ok(stored))) => stored,
        Ok(Some(Err(_))) => {
            return Outcome::refused(format!(
                "The document of target `{target}` cannot be understood. Nothing was done."
            ));
        }
        Ok(None) => {
            return Outcome::refused(format!("No target is called `{target}`. Nothing was done."));
        }
        Err(error) => return Outcome::failed(&error),
    };
    if stored.version != wish.version {
        return Outcome::refused(format!(
            "`{target}` has moved since this page was drawn, so nothing was done. Below is how it is now: look, and press \
             again."
        ));
    }
    carried_out(deployer, stored, wish, form, &by).await
}

async fn carried_out(
    deployer: &Deployer,
    stored: StoredTarget,
    wish: &Wish,
    form: &Form,
    by: &str,
) -> Outcome {
    match wish.deed {
        Deed::Approve => answer::give(deployer, &stored, wish, form, by, true).await,
        Deed::Reject => answer::give(deployer, &stored, wish, form, by, false).await,
        Deed::Hold => hold::hold(deployer, stored, form, by).await,
        Deed::Release => hold::release(deployer, stored, form, by).await,
        Deed::RollBack => roll_back::roll_back(deployer, stored, form, by).await,
        Deed::Promote => promote::promote(deployer, &stored, form, by).await,
    }
}
