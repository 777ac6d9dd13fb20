//! The findings of ECR in the images that are deployed, of an index in each of the images that it holds.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use greenlight_aws::{AwsError, Clients, ecr};
use greenlight_core::{
    gate::{Measurement, Scanned, measure_scan},
    image::{Digest, RepositoryUri},
    target::check::ScanCheck,
};
use jiff::tz::TimeZone;

use super::{super::expectation::GreenImage, Instruments};

/// So many calls are made at once.
const AT_ONCE: usize = 4;
/// Over all images, so many are asked about at the most.
const IMAGES_LIMIT: usize = 100;
/// Of a digest, so many characters tell it from others.
const SHORT: usize = 19;

/// One image that a machine can run.
struct Part {
    name: String,
    platform: Option<String>,
    repository: RepositoryUri,
    digest: Digest,
}

impl Instruments<'_> {
    pub(super) async fn measure_scan(&self, check: &ScanCheck) -> Result<Measurement, AwsError> {
        let ecr = &self.deployer.clients;
        let parts: Vec<Vec<Part>> = stream::iter(distinct(self.images()))
            .map(|image| parts(ecr, image))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let parts: Vec<Part> = parts.into_iter().flatten().collect();
        if parts.len() > IMAGES_LIMIT {
            return Ok(Measurement::error(format!(
                "the deployment has {} images of all platforms, more than the {IMAGES_LIMIT} that are looked at",
                parts.len()
            ))
            .for_good());
        }
        let scanned: Vec<Scanned> = stream::iter(parts)
            .map(|part| scanned(ecr, part))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let today = self.deployer.clock.now().to_zoned(TimeZone::UTC).date();
        Ok(measure_scan(check, &scanned, today))
    }
}

/// Each image once, though several containers run it.
fn distinct(images: Vec<GreenImage>) -> Vec<GreenImage> {
    let mut found: Vec<GreenImage> = Vec::new();
    for image in images {
        let is_same = |other: &GreenImage| {
            other.repository == image.repository && other.digest == image.digest
        };
        if !found.iter().any(is_same) {
            found.push(image);
        }
    }
    found
}

async fn parts(ecr: &Clients, image: GreenImage) -> Result<Vec<Part>, AwsError> {
    let GreenImage {
        repository, digest, ..
    } = image;
    let manifest = ecr::manifest(ecr, &repository, &digest).await?;
    let platforms = manifest.map(|it| it.platforms()).unwrap_or_default();
    let short: String = digest.as_str().chars().take(SHORT).collect();
    let name = format!("{}@{short}", repository.name.as_str());
    let part = |digest: Digest, platform: Option<String>| Part {
        name: name.clone(),
        platform,
        repository: repository.clone(),
        digest,
    };
    if platforms.is_empty() {
        return Ok(vec![part(digest, None)]);
    }
    let platforms = platforms.into_iter();
    Ok(platforms
        .map(|(digest, platform)| part(digest, Some(platform)))
        .collect())
}

async fn scanned(ecr: &Clients, part: Part) -> Result<Scanned, AwsError> {
    Ok(Scanned {
        scan: ecr::scan_findings(ecr, &part.repository, &part.digest).await?,
        image: part.name,
        platform: part.platform,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_several_containers_run_is_looked_at_once() {
        let image = |container: &str, name: &str| GreenImage {
            container: container.to_owned(),
            repository: format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}")
                .parse()
                .unwrap(),
            digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
        };
        let images = vec![
            image("api", "api"),
            image("worker", "api"),
            image("web", "web"),
        ];
        let found: Vec<String> = distinct(images)
            .iter()
            .map(|it| it.container.clone())
            .collect();
        assert_eq!(found, ["api", "web"]);
    }
}
