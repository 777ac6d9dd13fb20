//! The tagged images of a repository.

use aws_sdk_ecr::types::{DescribeImagesFilter, TagStatus};
use greenlight_core::image::RepositoryUri;

use super::{Image, described, resource};
use crate::{AwsError, Clients, error::failed};

/// `DescribeImages` gives so many at once.
const IMAGES_PER_PAGE: i32 = 1000;
/// Of one repository, so many pages are read at the most.
const PAGES_LIMIT: usize = 10;

/// The images of a repository that have tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// In the order in which ECR tells them, which is none.
    pub images: Vec<Image>,
    /// There are more.
    pub is_cut: bool,
}

/// The images of a repository that have tags; 10,000 at the most.
pub async fn tagged_images(
    clients: &Clients,
    repository: &RepositoryUri,
) -> Result<Listed, AwsError> {
    const ACTION: &str = "ecr:DescribeImages";
    let tagged = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged);
    let ask = clients
        .ecr_in(repository.registry.region())
        .describe_images()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .filter(tagged.build())
        .max_results(IMAGES_PER_PAGE);
    let mut listed = Listed::default();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = ask
            .clone()
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(ACTION, resource(repository)))?;
        for image in page.image_details() {
            listed.images.push(described(ACTION, repository, image)?);
        }
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() {
            return Ok(listed);
        }
    }
    listed.is_cut = true;
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::scripted::{Scripted, run};

    fn page(digit: char, next: &Value) -> Value {
        let digest = format!("sha256:{}", digit.to_string().repeat(64));
        json!({
            "imageDetails": [{"imageDigest": digest, "imageTags": ["1.2.0"], "imagePushedAt": 1.5}],
            "nextToken": next,
        })
    }

    fn list(aws: &Scripted) -> Listed {
        let repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mco/api"
            .parse()
            .unwrap();
        run(tagged_images(&aws.clients(), &repository)).unwrap()
    }

    #[test]
    fn tagged_images_are_read_page_by_page() {
        let aws = Scripted::default();
        aws.answer_json(&page('a', &json!("more")));
        aws.answer_json(&page('b', &Value::Null));
        let listed = list(&aws);
        assert_eq!(listed.images.len(), 2);
        assert_eq!(listed.images[1].tags, ["1.2.0"]);
        assert!(!listed.is_cut);
        let sent = aws.sent();
        assert!(sent[0].uri.contains("us-east-1"), "{}", sent[0].uri);
        assert_eq!(sent[0].json()["filter"], json!({"tagStatus": "TAGGED"}));
        assert_eq!(sent[0].json()["maxResults"], 1000);
        assert_eq!(sent[1].json()["nextToken"], "more");
    }

    #[test]
    fn a_repository_without_an_end_is_read_to_a_bound() {
        let aws = Scripted::default();
        for _ in 0..10 {
            aws.answer_json(&page('a', &json!("more")));
        }
        let listed = list(&aws);
        assert_eq!((listed.images.len(), listed.is_cut), (10, true));
    }
}
