//! The table of gates: what each check says in each ending, and what whoever waits for the gate is told of it.
//!
//! A [`Row`] is one check in one ending; a cell is a row under one [`Contract`]. Each cell is a deployment of its
//! own, in whose gate a function of the team's is asked first: it is the stage hand ([`Deed`]), which changes the
//! account just before the row's check looks at it.

mod deed;
mod play;
mod row;

pub use deed::Deed;
pub use play::{complete, play};
pub use row::{Absent, Ending, Row};

use greenlight_core::{
    problems::Problems,
    target::{GatePoint, Target},
};
use rehearsal::scenario::sample::Stand;
use serde_json::Value;

use crate::world::{PIPELINE_ACTION, RECORD_DEPLOYMENT, VALIDATE_GREEN};

/// Who waits for a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// CodeDeploy, at a lifecycle event's hook.
    CodeDeploy,
    /// ECS, at a lifecycle stage's hook.
    Native,
    /// Nobody but the function that concludes a rolling deployment.
    Rolling,
    /// A pipeline's action `verify`, of what runs already.
    Pipeline,
}

impl Contract {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::CodeDeploy,
        Self::Native,
        Self::Rolling,
        Self::Pipeline,
    ];

    /// The account in which it is.
    pub fn stand(self) -> Stand {
        match self {
            Self::CodeDeploy | Self::Pipeline => Stand::CodeDeploy,
            Self::Native => Stand::BlueGreen,
            Self::Rolling => Stand::Rolling,
        }
    }

    /// The function that measures.
    pub fn function(self) -> &'static str {
        match self {
            Self::CodeDeploy | Self::Native => VALIDATE_GREEN,
            Self::Rolling => RECORD_DEPLOYMENT,
            Self::Pipeline => PIPELINE_ACTION,
        }
    }

    /// Where the gate is.
    pub fn point(self) -> GatePoint {
        match self {
            Self::Rolling => GatePoint::AfterTraffic,
            Self::CodeDeploy | Self::Native | Self::Pipeline => GatePoint::BeforeTraffic,
        }
    }

    /// The sample target with these checks at that point.
    pub fn target(self, checks: &[String]) -> Result<Target, Problems> {
        let deploy = match self {
            Self::CodeDeploy | Self::Pipeline => "codedeploy: {application: API, group: API}",
            Self::Native => "native: {}",
            Self::Rolling => "rolling: {}",
        };
        let point = self.point().name();
        let checks = checks.join("}, {");
        let checks = if checks.is_empty() {
            "[]".to_owned()
        } else {
            format!("[{{{checks}}}]")
        };
        let document = format!(
            "{{targets: [{{name: api-test, images: [{{container: api, repository: mco/api, tags: [test]}}], \
             service: {{cluster: mco, name: api}}, deploy: {{{deploy}}}, gates: {{{point}: {checks}}}}}]}}"
        );
        let document: Value = serde_norway::from_str(&document).unwrap();
        let mut targets = greenlight_core::target::parse(&document)?;
        Ok(targets.remove(0))
    }
}
