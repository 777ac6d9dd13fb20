//! A task with the same image, which has to end with exit code 0.

use greenlight_aws::AwsError;
use greenlight_core::{
    gate::{Measurement, Progress},
    target::OneShotTask,
};

use super::Instruments;

impl Instruments<'_> {
    pub(super) async fn measure_task(
        &self,
        _check: &OneShotTask,
        _progress: &Progress,
    ) -> Result<Measurement, AwsError> {
        Ok(Measurement::error("not measured yet").for_good())
    }
}
