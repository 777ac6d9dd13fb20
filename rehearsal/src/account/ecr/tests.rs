//! Pushes and their events, and the calls that read and write images.

use serde_json::{Value, json};

use crate::account::containers::ImageSpec;
use crate::account::ecr::{self, Mutability};
use crate::account::sample::Sample;
use crate::account::{Account, ImmutableRepeat, Retag, Settings, Unaccepted, UntaggedPush};

fn account() -> Account {
    let account = Account::new(Settings::for_tests());
    ecr::create_repository(&account, "mco/api");
    account
}

/// The details of the events so far.
fn details(account: &Account) -> Vec<Value> {
    account
        .events()
        .history()
        .into_iter()
        .map(|event| event["detail"].clone())
        .collect()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` reads better without `&`"
)]
fn call(account: &Account, operation: &str, input: Value) -> Result<Value, String> {
    ecr::handle_own(account, operation, &input).map_err(|error| error.code)
}

#[tokio::test(start_paused = true)]
async fn a_push_sends_the_event_that_aws_documents() {
    let account = account();
    let digest =
        ecr::push_image(&account, "mco/api", &["test"], &ImageSpec::healthy("v1")).unwrap();
    let events = account.events().history();
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(event["source"], "aws.ecr");
    assert_eq!(event["detail-type"], "ECR Image Action");
    assert_eq!(event["resources"], json!([]));
    assert_eq!(event["account"], "123456789012");
    assert_eq!(event["region"], "eu-west-1");
    assert_eq!(
        event["detail"],
        json!({
            "result": "SUCCESS",
            "repository-name": "mco/api",
            "image-digest": digest,
            "action-type": "PUSH",
            "image-tag": "test",
            "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
            "artifact-media-type": "application/vnd.oci.image.config.v1+json",
        })
    );
}

#[tokio::test(start_paused = true)]
async fn of_a_multi_platform_push_only_the_index_carries_the_tag() {
    let account = account();
    let image = ImageSpec::healthy("v1").multi_platform();
    let digest = ecr::push_image(&account, "mco/api", &["test"], &image).unwrap();
    let details = details(&account);
    assert_eq!(details.len(), 3);
    let tagged: Vec<&Value> = details
        .iter()
        .filter(|detail| detail["image-tag"] != "")
        .collect();
    let [index] = &tagged[..] else {
        panic!("{details:?}")
    };
    assert_eq!(index["image-digest"], *digest);
    assert_eq!(
        index["manifest-media-type"],
        "application/vnd.oci.image.index.v1+json"
    );
    assert_eq!(index.get("artifact-media-type"), None);
}

#[tokio::test(start_paused = true)]
async fn an_untagged_push_has_an_empty_tag_or_none_as_the_settings_say() {
    for (setting, expected) in [
        (UntaggedPush::Empty, Some(json!(""))),
        (UntaggedPush::Absent, None),
    ] {
        let account = Account::new(Settings {
            untagged_push: setting,
            ..Settings::for_tests()
        });
        ecr::create_repository(&account, "mco/api");
        ecr::push_image(&account, "mco/api", &[], &ImageSpec::healthy("v1")).unwrap();
        assert_eq!(details(&account)[0].get("image-tag"), expected.as_ref());
    }
}

#[tokio::test(start_paused = true)]
async fn a_retag_sends_an_event_and_the_same_push_again_sends_none() {
    let account = account();
    let first = ecr::push_image(&account, "mco/api", &["test"], &ImageSpec::healthy("v1")).unwrap();
    ecr::push_image(&account, "mco/api", &["test"], &ImageSpec::healthy("v2")).unwrap();
    ecr::push_image(&account, "mco/api", &["test"], &ImageSpec::healthy("v2")).unwrap();
    assert_eq!(details(&account).len(), 2);

    ecr::retag(&account, "mco/api", &first, "test").unwrap();
    let details = details(&account);
    assert_eq!(details.len(), 3);
    assert_eq!(details[2]["image-digest"], *first);
    assert_eq!(ecr::tagged(&account, "mco/api", "test"), Some(first));
}

#[tokio::test(start_paused = true)]
async fn images_that_behave_differently_have_different_digests() {
    let account = account();
    let push = |image: ImageSpec| ecr::push_image(&account, "mco/api", &[], &image).unwrap();
    let good = push(ImageSpec::healthy("v1"));
    assert_ne!(good, push(ImageSpec::answers_500("v1")));
    assert_eq!(good, push(ImageSpec::healthy("v1")));
}

#[tokio::test(start_paused = true)]
async fn a_manifest_can_be_read_and_put_back_under_another_tag() {
    let account = account();
    let digest = ecr::push_image(
        &account,
        "mco/api",
        &["test"],
        &ImageSpec::healthy("v1").multi_platform(),
    )
    .unwrap();
    let got = call(
        &account,
        "BatchGetImage",
        json!({"repositoryName": "mco/api", "imageIds": [{"imageTag": "test"}, {"imageTag": "nothing"}]}),
    )
    .unwrap();
    let image = &got["images"][0];
    assert_eq!(
        image["imageId"],
        json!({"imageTag": "test", "imageDigest": digest})
    );
    assert_eq!(got["failures"][0]["failureCode"], "ImageNotFound");
    let put = json!({
        "repositoryName": "mco/api",
        "imageManifest": image["imageManifest"],
        "imageManifestMediaType": image["imageManifestMediaType"],
        "imageTag": "staging",
        "imageDigest": digest,
    });
    let answer = call(&account, "PutImage", put.clone()).unwrap();
    assert_eq!(
        answer["image"]["imageId"],
        json!({"imageDigest": digest, "imageTag": "staging"})
    );
    assert_eq!(
        call(&account, "PutImage", put).unwrap_err(),
        "ImageAlreadyExistsException"
    );
}

#[tokio::test(start_paused = true)]
async fn put_image_refuses_what_does_not_fit_together() {
    let account = account();
    ecr::create_repository(&account, "mco/other");
    ecr::push_image(
        &account,
        "mco/api",
        &["test"],
        &ImageSpec::healthy("v1").multi_platform(),
    )
    .unwrap();
    let id = json!({"repositoryName": "mco/api", "imageIds": [{"imageTag": "test"}]});
    let manifest =
        call(&account, "BatchGetImage", id).unwrap()["images"][0]["imageManifest"].clone();
    let child: Value = serde_json::from_str(manifest.as_str().unwrap()).unwrap();
    let child = json!({"repositoryName": "mco/api", "imageIds": [{"imageDigest": child["manifests"][0]["digest"]}]});
    let child =
        call(&account, "BatchGetImage", child).unwrap()["images"][0]["imageManifest"].clone();
    let put = |repository: &str, manifest: &Value, tag: &str, digest: Option<&str>| {
        let mut input =
            json!({"repositoryName": repository, "imageManifest": manifest, "imageTag": tag});
        if let Some(digest) = digest {
            input["imageDigest"] = digest.into();
        }
        call(&account, "PutImage", input).unwrap_err()
    };
    assert_eq!(
        put("mco/other", &manifest, "a", None),
        "ReferencedImagesNotFoundException"
    );
    assert_eq!(
        put("mco/other", &child, "a", None),
        "LayersNotFoundException"
    );
    assert_eq!(
        put("mco/none", &manifest, "a", None),
        "RepositoryNotFoundException"
    );
    assert_eq!(
        put("mco/api", &json!("{"), "a", None),
        "InvalidParameterException"
    );
    assert_eq!(
        put("mco/api", &json!("{}"), "a", None),
        "InvalidParameterException"
    );
    assert_eq!(
        put("mco/api", &manifest, "", None),
        "InvalidParameterException"
    );
    let wrong = format!("sha256:{}", "0".repeat(64));
    assert_eq!(
        put("mco/api", &manifest, "a", Some(&wrong)),
        "ImageDigestDoesNotMatchException"
    );
    ecr::set_mutability(&account, "mco/api", Mutability::Immutable).unwrap();
    assert_eq!(
        put("mco/api", &child, "test", None),
        "ImageTagAlreadyExistsException"
    );
}

#[tokio::test(start_paused = true)]
async fn exclusion_filters_turn_the_rule_round_and_are_described() {
    let account = account();
    let old = ecr::push_image(&account, "mco/api", &[], &ImageSpec::healthy("v1")).unwrap();
    let new = ecr::push_image(&account, "mco/api", &[], &ImageSpec::healthy("v2")).unwrap();
    let filters = |filters: &[&str]| filters.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    for tag in ["deployed-test", "test", "v1"] {
        ecr::retag(&account, "mco/api", &old, tag).unwrap();
    }
    let moves = |tag: &str, back: bool| {
        let moved = ecr::retag(&account, "mco/api", &new, tag);
        if moved.is_ok() && back {
            ecr::retag(&account, "mco/api", &old, tag).unwrap();
        }
        moved.map_err(|error| error.code)
    };
    let refused = Err("ImageTagAlreadyExistsException".to_owned());
    let except = Mutability::ImmutableExcept(filters(&["deployed-*", "x"]));
    ecr::set_mutability(&account, "mco/api", except).unwrap();
    assert!(moves("deployed-test", true).is_ok());
    assert_eq!(moves("test", true), refused);
    let described = call(
        &account,
        "DescribeRepositories",
        json!({"repositoryNames": ["mco/api"]}),
    );
    let described = described.unwrap()["repositories"][0].clone();
    assert_eq!(described["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION");
    assert_eq!(
        described["imageTagMutabilityExclusionFilters"][0],
        json!({"filterType": "WILDCARD", "filter": "deployed-*"})
    );
    let except = Mutability::MutableExcept(filters(&["v*"]));
    ecr::set_mutability(&account, "mco/api", except).unwrap();
    assert!(moves("test", true).is_ok());
    assert_eq!(moves("v1", true), refused);
    for bad in [filters(&[]), filters(&["a/b"]), filters(&["x"; 6])] {
        let set = ecr::set_mutability(&account, "mco/api", Mutability::MutableExcept(bad));
        assert_eq!(set.unwrap_err().code, "InvalidParameterException");
    }
}

#[tokio::test(start_paused = true)]
async fn describe_images_shows_tags_status_and_pages() {
    let account = account();
    let digest =
        ecr::push_image(&account, "mco/api", &["b", "a"], &ImageSpec::healthy("v1")).unwrap();
    for version in ["v2", "v3"] {
        ecr::push_image(&account, "mco/api", &[], &ImageSpec::healthy(version)).unwrap();
    }
    ecr::archive(&account, "mco/api", &digest).unwrap();
    let by_tag = json!({"repositoryName": "mco/api", "imageIds": [{"imageTag": "a"}]});
    let detail = call(&account, "DescribeImages", by_tag).unwrap()["imageDetails"][0].clone();
    assert_eq!(detail["imageTags"], json!(["a", "b"]));
    assert_eq!(detail["imageStatus"], "ARCHIVED");
    assert!(detail["imagePushedAt"].is_number());

    let unknown = json!({"repositoryName": "mco/api", "imageIds": [{"imageTag": "zzz"}]});
    assert_eq!(
        call(&account, "DescribeImages", unknown).unwrap_err(),
        "ImageNotFoundException"
    );

    let first = call(
        &account,
        "DescribeImages",
        json!({"repositoryName": "mco/api", "maxResults": 2}),
    )
    .unwrap();
    assert_eq!(first["imageDetails"].as_array().unwrap().len(), 2);
    let rest =
        json!({"repositoryName": "mco/api", "maxResults": 2, "nextToken": first["nextToken"]});
    let rest = call(&account, "DescribeImages", rest).unwrap();
    assert_eq!(rest["imageDetails"].as_array().unwrap().len(), 1);
    assert_eq!(rest.get("nextToken"), None);

    let untagged = json!({"repositoryName": "mco/api", "filter": {"tagStatus": "UNTAGGED"}});
    assert_eq!(
        call(&account, "DescribeImages", untagged).unwrap()["imageDetails"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn archiving_and_deleting_send_their_own_events() {
    let account = account();
    let digest =
        ecr::push_image(&account, "mco/api", &["test"], &ImageSpec::healthy("v1")).unwrap();
    ecr::archive(&account, "mco/api", &digest).unwrap();
    ecr::delete_image(&account, "mco/api", &digest).unwrap();
    let actions: Vec<Value> = details(&account)
        .iter()
        .map(|detail| detail["action-type"].clone())
        .collect();
    assert_eq!(actions, ["PUSH", "UPDATE_STORAGE_CLASS", "DELETE"]);
    assert_eq!(ecr::tagged(&account, "mco/api", "test"), None);
}

#[tokio::test(start_paused = true)]
async fn repositories_are_described_by_name_or_all_together() {
    let sample = Sample::open();
    let all = sample.ecr("DescribeRepositories", json!({})).unwrap();
    assert_eq!(
        all["repositories"][0]["repositoryUri"],
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
    );
    let unknown = sample
        .ecr("DescribeRepositories", json!({"repositoryNames": ["x"]}))
        .unwrap_err();
    assert_eq!(unknown.code, "RepositoryNotFoundException");
    assert!(unknown.message.contains("'x'"), "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn what_aws_does_not_say_can_be_had_both_ways() {
    let usual = Settings::for_tests();
    let other = Settings {
        retag: Retag::IsSilent,
        immutable_repeat: ImmutableRepeat::TagAlreadyExists,
        unaccepted: Unaccepted::AsStored,
        ..Settings::for_tests()
    };
    for (settings, events, error, found) in [
        (usual, 2, "ImageAlreadyExistsException", 0),
        (other, 1, "ImageTagAlreadyExistsException", 1),
    ] {
        let account = Account::new(settings);
        ecr::create_repository(&account, "mco/api");
        let digest =
            ecr::push_image(&account, "mco/api", &["a"], &ImageSpec::healthy("v1")).unwrap();
        ecr::retag(&account, "mco/api", &digest, "b").unwrap();
        assert_eq!(details(&account).len(), events);

        ecr::set_mutability(&account, "mco/api", Mutability::Immutable).unwrap();
        let again = ecr::retag(&account, "mco/api", &digest, "b").unwrap_err();
        assert_eq!(again.code, error);

        let input = json!({
            "repositoryName": "mco/api",
            "imageIds": [{"imageTag": "a"}],
            "acceptedMediaTypes": ["application/vnd.docker.distribution.manifest.v2+json"],
        });
        let got = call(&account, "BatchGetImage", input).unwrap();
        assert_eq!(got["images"].as_array().unwrap().len(), found);
    }
}
