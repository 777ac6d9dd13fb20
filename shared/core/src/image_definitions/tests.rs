use proptest::prelude::*;
use serde_json::json;

use super::{ImageDefinitions, ImageDetail, ImageFile, ImageUri, LIMIT};

const FILE: &str = "imagedefinitions.json";
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn refused(text: &str) -> String {
    ImageDefinitions::parse(text.as_bytes(), FILE)
        .unwrap_err()
        .to_string()
}

#[test]
fn the_two_files_are_told_apart() {
    let list = json!([{"name": "api", "imageUri": "mco/api:2", "extra": 1}]).to_string();
    let Ok(ImageFile::Definitions(definitions)) = ImageFile::parse(list.as_bytes(), FILE) else {
        panic!("{list}")
    };
    let named: Vec<_> = definitions.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(named, ["api"]);
    let detail = json!({"ImageURI": "mco/api:2"}).to_string();
    let parsed = ImageFile::parse(detail.as_bytes(), "imageDetail.json");
    assert!(matches!(parsed, Ok(ImageFile::Detail(_))), "{parsed:?}");
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once() {
    let document = json!([
        {"name": "api", "imageUri": "mco/api:1"},
        {"name": "api", "imageUri": "mco/api:2"},
        {"name": "", "imageUri": 7},
        {"name": "a"},
        {"name": "b", "imageURI": "mco/api:2"},
        {"imageUri": "mco/api:2"},
        {"name": "c", "imageUri": "mco/api:2\n"},
        "d",
    ]);
    insta::assert_snapshot!(refused(&document.to_string()), @"
    imagedefinitions.json does not name images as it should:
    [1].name: the container `api` is named twice
    [2].name: empty
    [2].imageUri: not a text
    [3]: `imageUri` is missing
    [4]: `imageUri` is missing
      hint: `imageURI` is not read; write `imageUri`
    [5]: `name` is missing
    [6].imageUri: `mco/api:2 ` is not an image: it has white space in it
    [7]: not an object
    ");
}

#[test]
fn what_is_no_list_of_images_is_refused() {
    let all = [
        refused("[]"),
        refused(r#"{"name": "api", "imageUri": "x"}"#),
        refused(r#"{"ImageURI": "x"}"#),
        refused("[{\n]"),
        refused(""),
        refused(&" ".repeat(LIMIT + 1)),
        ImageDefinitions::parse(b"[\xff]", FILE)
            .unwrap_err()
            .to_string(),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    imagedefinitions.json does not name images as it should:
    the list is empty
      hint: such as `[{"name": "api", "imageUri": "…"}]`
    imagedefinitions.json does not name images as it should:
    not a list
      hint: such as `[{"name": "api", "imageUri": "…"}]`
    imagedefinitions.json does not name images as it should:
    not a list
      hint: such as `[{"name": "api", "imageUri": "…"}]`
    imagedefinitions.json:2:1: not JSON: key must be a string
    imagedefinitions.json:1:1: not JSON: EOF while parsing a value
    imagedefinitions.json: the file has 102401 bytes; it may have 102400
    imagedefinitions.json: the file is not UTF-8 text; the first bad byte is at offset 1
    "#);
}

#[test]
fn a_file_of_just_the_limit_is_read() {
    let mut text = json!([{"name": "api", "imageUri": "mco/api:2"}]).to_string();
    text.push_str(&" ".repeat(LIMIT - text.len()));
    assert!(ImageDefinitions::parse(text.as_bytes(), FILE).is_ok());
}

#[test]
fn an_image_uri_may_be_of_any_registry() {
    for good in [
        "nginx",
        "nginx:1.29",
        "library/nginx",
        "public.ecr.aws/nginx/nginx:latest",
        "localhost/mco/api",
        "localhost:5000/mco/api:v1",
        "registry.example.com:443/a_b/c--d:V1.0_x",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:1",
        &format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{DIGEST}"),
        &format!("mco/api:1@{DIGEST}"),
    ] {
        let uri: ImageUri = good.parse().unwrap();
        assert_eq!(uri.to_string(), good);
        assert_eq!(
            uri.digest().map(ToString::to_string).is_some(),
            good.contains('@')
        );
    }
}

#[test]
fn what_names_no_image_is_refused_with_the_reason() {
    let bad = [
        " nginx",
        "https://example.com/nginx",
        "nginx@sha256:0",
        "Nginx",
        "nginx:",
        "nginx:a:b",
        "exa_mple.com/nginx",
        "example.com:99999/nginx",
        "<IMAGE1_NAME>",
        "a//b",
        "/nginx",
        "example.com/",
    ];
    let said: Vec<String> = bad
        .iter()
        .map(|text| text.parse::<ImageUri>().unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"
    ` nginx` is not an image: it has white space in it
    `https://example.com/nginx` is not an image: it begins with a protocol; write it without
    `nginx@sha256:0` is not an image: `sha256:0` is not a digest (`sha256:` and 64 lower-case hexadecimal digits)
    `Nginx` is not an image: `Nginx` is not a repository name (lower-case letters and digits, separated by `/`, `.`, `_` or `-`, 2 to 256 long)
    `nginx:` is not an image: `` is not an image tag (letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`, at most 300)
    `nginx:a:b` is not an image: `a:b` is not an image tag (letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`, at most 300)
    `exa_mple.com/nginx` is not an image: `exa_mple.com` is not the host of a registry
    `example.com:99999/nginx` is not an image: `example.com:99999` is not the host of a registry
    `<IMAGE1_NAME>` is not an image: `<IMAGE1_NAME>` is not a repository name (lower-case letters and digits, separated by `/`, `.`, `_` or `-`, 2 to 256 long)
    `a//b` is not an image: `a//b` is not a repository name (lower-case letters and digits, separated by `/`, `.`, `_` or `-`, 2 to 256 long)
    `/nginx` is not an image: `/nginx` is not a repository name (lower-case letters and digits, separated by `/`, `.`, `_` or `-`, 2 to 256 long)
    `example.com/` is not an image: `` is not a repository name (lower-case letters and digits, separated by `/`, `.`, `_` or `-`, 2 to 256 long)
    ");
}

#[test]
fn image_detail_is_read_as_ecr_source_writes_it() {
    let text = format!(
        r#"{{"ImageSizeInBytes":"44728918","ImageDigest":"{DIGEST}","Version":"1.0",
        "ImagePushedAt":"Mon Jan 21 20:04:00 UTC 2019","RegistryId":"123456789012","RepositoryName":"mco/api",
        "ImageURI":"123456789012.dkr.ecr.us-west-2.amazonaws.com/mco/api@{DIGEST}","ImageTags":["latest"]}}"#
    );
    let detail = ImageDetail::parse(text.as_bytes(), "imageDetail.json").unwrap();
    assert_eq!(detail.image_uri.digest().unwrap().as_str(), DIGEST);
    let by_hand = ImageDetail::parse(br#"{"ImageURI": "mco/api:1"}"#, "imageDetail.json").unwrap();
    assert_eq!(by_hand.image_uri.as_str(), "mco/api:1");
}

#[test]
fn an_image_detail_without_an_image_is_refused() {
    let refused = |text: &str| {
        ImageDetail::parse(text.as_bytes(), "imageDetail.json")
            .unwrap_err()
            .to_string()
    };
    let all = [
        refused("{}"),
        refused(r#"{"imageUri": "mco/api:1"}"#),
        refused(r#"{"ImageURI": null}"#),
        refused("[]"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    imageDetail.json does not name images as it should:
    `ImageURI` is missing
    imageDetail.json does not name images as it should:
    `ImageURI` is missing
      hint: `imageUri` is not read; write `ImageURI`
    imageDetail.json does not name images as it should:
    ImageURI: not a text
    imageDetail.json does not name images as it should:
    not an object
    ");
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "[a-z:@/.A-Z\u{e4}]{0,30}") {
        let _ = ImageDefinitions::parse(&bytes, FILE);
        let _ = ImageDetail::parse(&bytes, FILE);
        let _ = text.parse::<ImageUri>();
    }
}
