//! How the service answers. Asking and judging are the probe's; here the test listener is found.

use greenlight_aws::AwsError;
use greenlight_core::{gate::Measurement, target::check::HttpCheck};

use super::Instruments;

impl Instruments<'_> {
    pub(super) async fn measure_http(
        &mut self,
        check: &HttpCheck,
    ) -> Result<Measurement, AwsError> {
        let listener = match &mut self.base_url {
            _ if !check.needs_test_listener() => None,
            Some(base) => Some(base),
            None => match self.green.test_listener().await? {
                Ok(found) => Some(self.base_url.insert(found)),
                Err(none) => return Ok(none),
            },
        };
        let listener = listener.map(|base| base.as_str());
        Ok(self.deployer.probe.measure(check, listener).await)
    }
}
