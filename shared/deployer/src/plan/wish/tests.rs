use serde_json::json;

use super::*;
use crate::plan::sample;

const DIGEST: &str = "sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d";
const HOME: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// The image that a text means at a target of two repositories.
fn meant_by(text: &str) -> Result<String, String> {
    let wish = match text {
        "" => Wish::default(),
        text => text
            .parse()
            .map_err(|error: InvalidWish| error.to_string())?,
    };
    of(&sample::stored(&json!({})), &wish)
}

fn of(stored: &StoredTarget, wish: &Wish) -> Result<String, String> {
    let (repository, image) = meant(stored, wish).map_err(|error| error.to_string())?;
    let repository = repository.to_string();
    let name = repository
        .strip_prefix(&format!("{HOME}/"))
        .unwrap_or(&repository);
    Ok(match image {
        ImageId::Tag(tag) => format!("{name}:{tag}"),
        ImageId::Digest(digest) => format!("{name}@{digest}"),
    })
}

#[test]
fn an_image_is_named_by_repository_and_tag_or_digest() {
    for (text, expected) in [
        ("mco/api:v1", "mco/api:v1".to_owned()),
        ("mco/proxy:v1", "mco/proxy:v1".to_owned()),
        (&format!("{HOME}/mco/proxy:v1"), "mco/proxy:v1".to_owned()),
        (
            &format!("mco/proxy@{DIGEST}"),
            format!("mco/proxy@{DIGEST}"),
        ),
        // Nothing named: what the target's first image takes.
        ("", "mco/api:test".to_owned()),
    ] {
        assert_eq!(meant_by(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_repository_alone_means_the_tag_that_the_target_takes_of_it() {
    let wish = Wish {
        repository: Some("mco/proxy".parse().unwrap()),
        image: None,
    };
    let stored = sample::stored(&json!({}));
    assert_eq!(of(&stored, &wish), Ok("mco/proxy:stable".to_owned()));
}

#[test]
fn a_tag_or_digest_alone_needs_a_target_of_one_repository() {
    let one = sample::stored(&json!({
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
    }));
    for (text, expected) in [
        ("v1", "mco/api:v1".to_owned()),
        (DIGEST, format!("mco/api@{DIGEST}")),
    ] {
        assert_eq!(of(&one, &text.parse().unwrap()), Ok(expected));
        assert_eq!(
            meant_by(text),
            Err(
                "target `api-test` takes images of several repositories; name one of `mco/api`, \
                 `mco/proxy`"
                    .to_owned()
            )
        );
    }
}

#[test]
fn a_repository_of_another_target_or_account_is_refused() {
    for other in [
        "mco/web:v1",
        "210987654321.dkr.ecr.eu-west-1.amazonaws.com/mco/api:v1",
    ] {
        let refusal = meant_by(other).unwrap_err();
        assert!(
            refusal.ends_with(", only of `mco/api`, `mco/proxy`"),
            "{refusal}"
        );
    }
}

#[test]
fn what_names_no_image_is_told_how_to_write_one() {
    for text in [
        "mco/api",
        "sha256:12",
        "mco/api@test",
        "MCO:v1",
        "mco/api:",
        ":v1",
    ] {
        let refusal = meant_by(text).unwrap_err();
        assert!(
            refusal.ends_with("`tag`, `sha256:…`, `repository:tag` or `repository@sha256:…`"),
            "{text}: {refusal}"
        );
    }
}
