//! What people say.

use greenlight_aws::AwsError;
use greenlight_core::{
    gate::{Measurement, Progress},
    target::check::ApprovalCheck,
};

use super::Instruments;

impl Instruments<'_> {
    pub(super) async fn measure_approval(
        &self,
        _check: &ApprovalCheck,
        _progress: &Progress,
    ) -> Result<Measurement, AwsError> {
        Ok(Measurement::error("not measured yet").for_good())
    }
}
