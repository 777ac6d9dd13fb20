//! Giving the image that is live and proved the tag that another target watches.

use greenlight_aws::table::StoredTarget;
use greenlight_core::{image::Tag, promotion::Promoter};
use greenlight_deployer::Deployer;

use super::Outcome;
use crate::{
    form::{Form, PROMOTE_TO},
    limits,
};

pub(super) async fn promote(
    deployer: &Deployer,
    stored: &StoredTarget,
    form: &Form,
    by: &str,
) -> Outcome {
    let Some(to) = form.get(PROMOTE_TO) else {
        return Outcome::refused("Say to which tag: the field is empty. Nothing was done.");
    };
    let to: Tag = match to.parse() {
        Ok(to) => to,
        Err(error) => return Outcome::failed(&error),
    };
    let by = Promoter::Person { by: by.to_owned() };
    match Box::pin(deployer.promote(stored, None, &to, by)).await {
        Ok(promoted) => {
            let images: Vec<&str> = promoted.images.iter().map(|it| it.text.as_str()).collect();
            Outcome::done(limits::capitalised(&images.join("; ")))
        }
        Err(error) => Outcome::failed(&error),
    }
}
