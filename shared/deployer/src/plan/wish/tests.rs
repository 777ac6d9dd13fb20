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
    let wanted = wanted(stored, wish).map_err(|error| error.to_string())?;
    let shown: Vec<String> = wanted.into_iter().map(shown).collect();
    Ok(shown.join(" "))
}

fn shown((repository, image): (RepositoryUri, ImageId)) -> String {
    let repository = repository.to_string();
    let name = repository
        .strip_prefix(&format!("{HOME}/"))
        .unwrap_or(&repository);
    match image {
        ImageId::Tag(tag) => format!("{name}:{tag}"),
        ImageId::Digest(digest) => format!("{name}@{digest}"),
    }
}

fn by_file(document: &serde_json::Value) -> Result<String, String> {
    let file = ImageFile::parse(document.to_string().as_bytes(), "images.json");
    of(
        &sample::stored(&json!({})),
        &Wish::Files(vec![file.unwrap()]),
    )
}

#[test]
fn a_file_of_codepipeline_names_the_images_of_containers() {
    let stored = sample::stored(&json!({}));
    let containers: Vec<&str> = stored
        .target
        .images
        .iter()
        .map(|source| source.container.as_str())
        .collect();
    let [api, proxy] = containers.as_slice() else {
        panic!("{containers:?}")
    };
    let api_image = format!("{HOME}/mco/api@{DIGEST}");
    assert_eq!(
        by_file(&json!([
            {"name": api, "imageUri": api_image},
            {"name": proxy, "imageUri": format!("{HOME}/mco/proxy:v2")},
        ])),
        Ok(format!("mco/api@{DIGEST} mco/proxy:v2"))
    );
    assert_eq!(
        by_file(&json!({"ImageURI": format!("{HOME}/mco/proxy")})),
        Ok("mco/proxy:latest".to_owned())
    );
    for (document, expected) in [
        (
            json!([{"name": "web", "imageUri": api_image}]),
            format!(
                "target `api-test` takes no image for container `web`, only for `{api}`, `{proxy}`"
            ),
        ),
        (
            json!([{"name": proxy, "imageUri": api_image}]),
            format!(
                "target `api-test` takes no image of repository `{HOME}/mco/api`, only of `mco/proxy`"
            ),
        ),
    ] {
        assert_eq!(by_file(&document), Err(expected));
    }
    let foreign = by_file(&json!({"ImageURI": "docker.io/library/nginx:1"})).unwrap_err();
    assert!(foreign.contains("is not in ECR"), "{foreign}");
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
    let wish = Wish::Named(Named {
        repository: Some("mco/proxy".parse().unwrap()),
        image: None,
    });
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
