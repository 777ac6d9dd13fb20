//! The stages of a native deployment, in order (AWS-FACTS 7.3).

/// `lifecycleStage`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Only if more than one revision is active at the start.
    ReconcileService,
    /// Green has not started.
    PreScaleUp,
    /// Green starts.
    ScaleUp,
    /// Green has started, without traffic.
    PostScaleUp,
    /// Test traffic moves.
    TestTrafficShift,
    /// Green has the test traffic.
    PostTestTrafficShift,
    /// Before each step of the production traffic.
    PreProductionTrafficShift,
    /// Production traffic moves, a step at a time.
    ProductionTrafficShift,
    /// Green has the production traffic.
    PostProductionTrafficShift,
    /// Both run.
    BakeTime,
    /// Blue ends.
    CleanUp,
}

impl Stage {
    /// ECS's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// The stage of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [
            Self::ReconcileService,
            Self::PreScaleUp,
            Self::ScaleUp,
            Self::PostScaleUp,
            Self::TestTrafficShift,
            Self::PostTestTrafficShift,
            Self::PreProductionTrafficShift,
            Self::ProductionTrafficShift,
            Self::PostProductionTrafficShift,
            Self::BakeTime,
            Self::CleanUp,
        ]
        .into_iter()
        .find(|it| it.name() == name)
    }

    pub(super) const fn takes_hooks(self) -> bool {
        !matches!(self, Self::ScaleUp | Self::BakeTime | Self::CleanUp)
    }
}
