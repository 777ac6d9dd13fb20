//! Which tags of a repository can be moved (AWS-FACTS 8.2).

use aws_sdk_ecr::types::ImageTagMutability;
use greenlight_core::image::{Mutability, RepositoryUri};

use super::{resource, unusable};
use crate::{AwsError, Clients, error::failed};

/// What the repository says of its tags.
pub async fn mutability(
    clients: &Clients,
    repository: &RepositoryUri,
) -> Result<Mutability, AwsError> {
    const ACTION: &str = "ecr:DescribeRepositories";
    let answer = clients
        .ecr_in(repository.registry.region())
        .describe_repositories()
        .registry_id(repository.registry.account())
        .repository_names(repository.name.as_str())
        .send()
        .await
        .map_err(failed(ACTION, resource(repository)))?;
    let found = answer.repositories().first();
    let found = found.ok_or_else(|| unusable(ACTION, repository, "the answer is empty"))?;
    let filters = found.image_tag_mutability_exclusion_filters().iter();
    let filters = filters.map(|filter| filter.filter().to_owned());
    let (is_immutable, has_exceptions) = match found.image_tag_mutability() {
        Some(ImageTagMutability::Immutable) => (true, false),
        Some(ImageTagMutability::ImmutableWithExclusion) => (true, true),
        Some(ImageTagMutability::MutableWithExclusion) => (false, true),
        // What is newer than this SDK is found out by trying.
        Some(_) | None => (false, false),
    };
    Ok(Mutability {
        is_immutable,
        except: if has_exceptions {
            filters.collect()
        } else {
            Vec::new()
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    #[test]
    fn the_four_ways_of_a_repository_are_understood() {
        let filters = json!([{"filterType": "WILDCARD", "filter": "deployed-*"}]);
        for (said, is_immutable, except) in [
            ("MUTABLE", false, vec![]),
            ("IMMUTABLE", true, vec![]),
            ("IMMUTABLE_WITH_EXCLUSION", true, vec!["deployed-*"]),
            ("MUTABLE_WITH_EXCLUSION", false, vec!["deployed-*"]),
            ("NEWER_THAN_US", false, vec![]),
        ] {
            let aws = Scripted::default();
            aws.answer_json(&json!({ "repositories": [{
                "repositoryName": "mco/api",
                "imageTagMutability": said,
                "imageTagMutabilityExclusionFilters": if said.contains("WITH") { filters.clone() } else { json!([]) },
            }]}));
            let repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
                .parse()
                .unwrap();
            let found = run(mutability(&aws.clients(), &repository)).unwrap();
            assert_eq!(found.is_immutable, is_immutable, "{said}");
            assert_eq!(found.except, except, "{said}");
            assert_eq!(
                aws.sent()[0].json(),
                json!({"registryId": "123456789012", "repositoryNames": ["mco/api"]})
            );
        }
    }
}
