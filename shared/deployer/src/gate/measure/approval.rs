//! What people say.
//!
//! They are asked once for each deployment and point, at the first look; at every look what they have said is read
//! from the table. The event that asks them is emitted before that is noted: a crash between the two repeats it and
//! never loses it.

use greenlight_aws::AwsError;
use greenlight_core::{
    gate::{Approval, ApprovalId, Measurement, Progress},
    record::ApprovalRequested,
    target::check::ApprovalCheck,
};

use super::Instruments;

impl Instruments<'_> {
    pub(super) async fn measure_approval(
        &self,
        check: &ApprovalCheck,
        label: Option<&str>,
        progress: &Progress,
    ) -> Result<Measurement, AwsError> {
        let Some(stored) = self.about.stored else {
            return Ok(Measurement::error(
                "no target is registered for this deployment, so nobody could answer; register one with \
                 `greenlight targets apply`",
            )
            .for_good());
        };
        let target = &stored.target.name;
        let table = &self.deployer.table;
        let id = ApprovalId {
            point: self.about.point,
            aws_id: self.about.aws_id.to_owned(),
            label: label.map(str::to_owned),
        };
        let now = self.deployer.clock.now();
        let approval = if let Some(approval) = table.approval(target, &id).await? {
            approval
        } else {
            let about = (self.about.deployment, self.images_in_words());
            let asked = Approval::asked(id, check, about, now, progress.deadline());
            table.ask_approval(target, &asked).await?
        };
        if !approval.is_announced && approval.is_open(now) {
            let requested = ApprovalRequested::of(target, &approval);
            self.deployer.request_approval(&requested).await?;
            table.approval_announced(target, &approval.id).await?;
        }
        Ok(approval.measure(target, now))
    }

    /// What is being deployed: as it was asked for, or what the green tasks have to run.
    fn images_in_words(&self) -> String {
        let active = self
            .about
            .stored
            .and_then(|stored| stored.state.active.as_ref())
            .filter(|active| Some(active.deployment) == self.about.deployment);
        if let Some(active) = active {
            return active.candidate.describe();
        }
        let images = self.green.expected.images.iter();
        let images: Vec<String> = images
            .map(|image| format!("{}@{}", image.repository.name, image.digest.short()))
            .collect();
        if images.is_empty() {
            format!("what {} brings", self.about.aws_id)
        } else {
            images.join(", ")
        }
    }
}
