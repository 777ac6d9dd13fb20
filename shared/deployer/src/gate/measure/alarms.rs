//! CloudWatch alarms.

use greenlight_aws::{AwsError, cloudwatch};
use greenlight_core::{
    gate::{Measurement, measure_alarms},
    target::check::AlarmsCheck,
};

use super::Instruments;

impl Instruments<'_> {
    pub(super) async fn measure_alarms(
        &self,
        check: &AlarmsCheck,
    ) -> Result<Measurement, AwsError> {
        let alarms = cloudwatch::alarms(&self.green.clients, &check.names).await?;
        Ok(measure_alarms(check, &alarms, self.about.began_at))
    }
}
