//! The rows of the table.

use greenlight_core::gate::Verdict;
use rehearsal::account::containers::ImageSpec;

use super::{Contract, Deed};

/// How a check may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Measured and good.
    Passed,
    /// Measured and bad.
    Failed,
    /// Could not be measured.
    Error,
    /// Waited for until its time was over.
    Timeout,
    /// There was nothing to be measured.
    NoData,
    /// It does not pass, and the deployment goes on all the same.
    DryRun,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Passed,
        Self::Failed,
        Self::Error,
        Self::Timeout,
        Self::NoData,
        Self::DryRun,
    ];
}

/// One check in one ending.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The check's name.
    pub check: &'static str,
    /// How it ends.
    pub ending: Ending,
    /// The check as the target has it. `$health` is how `/health` is asked for: by the test listener, or, with
    /// `rolling`, by the URL of production.
    pub document: &'static str,
    /// What the stage hand does.
    pub deed: Deed,
    /// What is deployed.
    pub image: fn() -> ImageSpec,
    /// What the check says.
    pub verdict: Verdict,
    /// What its summary or its evidence names.
    pub names: &'static str,
    /// Where it cannot be, and why.
    pub not: &'static [(Contract, &'static str)],
    /// Where it is refused as soon as the target is applied, and what is said then.
    pub refused: &'static [(Contract, &'static str)],
}

impl Row {
    /// A row of a healthy image, which can be anywhere.
    pub const fn of(
        check: &'static str,
        ending: Ending,
        document: &'static str,
        verdict: Verdict,
        names: &'static str,
    ) -> Self {
        Self {
            check,
            ending,
            document,
            deed: Deed::Nothing,
            image: || ImageSpec::healthy("v2"),
            verdict,
            names,
            not: &[],
            refused: &[],
        }
    }

    /// The same with something that the stage hand does.
    #[must_use]
    pub const fn after(mut self, deed: Deed) -> Self {
        self.deed = deed;
        self
    }

    /// The same with another image.
    #[must_use]
    pub const fn deploying(mut self, image: fn() -> ImageSpec) -> Self {
        self.image = image;
        self
    }

    /// The same, which cannot be everywhere.
    #[must_use]
    pub const fn except(mut self, not: &'static [(Contract, &'static str)]) -> Self {
        self.not = not;
        self
    }

    /// The same, which the parser refuses in places.
    #[must_use]
    pub const fn refused(mut self, refused: &'static [(Contract, &'static str)]) -> Self {
        self.refused = refused;
        self
    }

    /// Whether the deployment goes on.
    pub fn goes_on(&self) -> bool {
        self.verdict == Verdict::Passed || self.ending == Ending::DryRun
    }
}

/// An ending that a check never has: which one, and why.
pub type Absent = (&'static str, Ending, &'static str);
