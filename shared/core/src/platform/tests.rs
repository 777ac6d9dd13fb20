use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Fit, ImageManifest, Offered, Platform, fits};
use crate::task_definition::{RunsOn, TaskDefinition};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A task definition with these members besides family and containers.
fn definition(members: &Value) -> TaskDefinition {
    let mut document = json!({"family": "mco-api", "containerDefinitions": []});
    for (key, value) in members.as_object().unwrap() {
        document[key] = value.clone();
    }
    TaskDefinition::parse(document).unwrap()
}

fn index(platforms: &[&str]) -> Offered {
    let children: Vec<Value> = platforms
        .iter()
        .map(|text| {
            let parts: Vec<&str> = text.split('/').collect();
            json!({"digest": DIGEST, "platform": {"os": parts[0], "architecture": parts[1], "variant": parts.get(2)}})
        })
        .collect();
    let ImageManifest::Index(offered) = ImageManifest::parse(&json!({"manifests": children}))
    else {
        panic!("no index");
    };
    offered
}

#[test]
fn a_platform_is_read_and_written_as_docker_does() {
    for (text, written) in [
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("Linux/X86_64", "linux/amd64"),
        ("linux/aarch64", "linux/arm64"),
        ("windows/amd64", "windows/amd64"),
        ("linux/arm/v7", "linux/arm/v7"),
    ] {
        assert_eq!(text.parse::<Platform>().unwrap().to_string(), written);
    }
    for bad in [
        "",
        "linux",
        "linux/",
        "/amd64",
        "a/b/c/d",
        "linux/amd64/",
        "linux/am d64",
    ] {
        assert!(bad.parse::<Platform>().is_err(), "{bad}");
    }
    insta::assert_snapshot!("linux".parse::<Platform>().unwrap_err(), @"`linux` is not a platform (such as `linux/amd64` or `linux/arm64/v8`)");
}

#[test]
fn a_fit_is_judged_by_what_both_sides_say() {
    let x86 =
        json!({"runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}});
    let arm = json!({"runtimePlatform": {"cpuArchitecture": "ARM64"}, "requiresCompatibilities": ["FARGATE"]});
    let windows = json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
                         "requiresCompatibilities": ["FARGATE"]});
    let fargate = json!({"requiresCompatibilities": ["FARGATE"]});
    let ec2 = json!({"requiresCompatibilities": ["EC2"]});
    let both = json!({"requiresCompatibilities": ["EC2", "FARGATE"]});
    let linux_on_ec2 = json!({"runtimePlatform": {"operatingSystemFamily": "LINUX"}, "requiresCompatibilities": ["EC2"]});
    let invented =
        json!({"runtimePlatform": {"cpuArchitecture": "RISCV", "operatingSystemFamily": "PLAN9"}});
    let nothing = json!({});
    let table: [(&Value, &[&str]); 18] = [
        (&x86, &["linux/amd64"]),
        (&x86, &["linux/arm64"]),
        (&x86, &["linux/arm64", "linux/amd64"]),
        (&x86, &["linux/arm64/v8", "linux/arm/v7", "windows/amd64"]),
        (&x86, &["unknown/unknown"]),
        (&x86, &["linux/arm64", "unknown/unknown"]),
        (&arm, &["linux/arm64/v8"]),
        (&arm, &["linux/amd64"]),
        (&windows, &["windows/amd64"]),
        (&windows, &["linux/amd64"]),
        (&fargate, &["linux/amd64"]),
        (&fargate, &["linux/arm64"]),
        (&ec2, &["linux/arm64"]),
        (&both, &["linux/arm64"]),
        (&linux_on_ec2, &["windows/amd64"]),
        (&linux_on_ec2, &["linux/arm64"]),
        (&invented, &["linux/amd64"]),
        (&nothing, &["linux/amd64"]),
    ];
    let said = table.map(|(members, platforms)| {
        match fits(&definition(members).wanted_platform(), &index(platforms)) {
            Fit::Fits => "fits".to_owned(),
            Fit::DoesNotFit { reason } => format!("no: {reason}"),
            Fit::Unknown { reason } => format!("unknown: {reason}"),
        }
    });
    insta::assert_snapshot!(said.join("\n"), @"
    fits
    no: the image is for linux/arm64, but task definition `mco-api` wants linux/amd64 (runtimePlatform X86_64 LINUX)
    fits
    no: the image is for linux/arm64/v8, linux/arm/v7 and windows/amd64, but task definition `mco-api` wants linux/amd64 (runtimePlatform X86_64 LINUX)
    unknown: the image does not say what it is built for
    no: the image is for linux/arm64, but task definition `mco-api` wants linux/amd64 (runtimePlatform X86_64 LINUX)
    fits
    no: the image is for linux/amd64, but task definition `mco-api` wants linux/arm64 (runtimePlatform ARM64; otherwise X86_64 LINUX is the default of Fargate)
    fits
    no: the image is for linux/amd64, but task definition `mco-api` wants windows/amd64 (runtimePlatform WINDOWS_SERVER_2022_CORE; otherwise X86_64 LINUX is the default of Fargate)
    fits
    no: the image is for linux/arm64, but task definition `mco-api` wants linux/amd64 (no runtimePlatform; X86_64 LINUX is the default of Fargate)
    unknown: task definition `mco-api` does not say what it runs on: no runtimePlatform; it depends on the container instances
    unknown: task definition `mco-api` does not say what it runs on: no runtimePlatform; it may run on container instances of any kind
    no: the image is for windows/amd64, but task definition `mco-api` wants linux/any (runtimePlatform LINUX; otherwise it depends on the container instances)
    unknown: task definition `mco-api` does not say what it runs on: runtimePlatform LINUX; otherwise it depends on the container instances
    unknown: task definition `mco-api` does not say what it runs on: runtimePlatform RISCV PLAN9 is not known here
    unknown: task definition `mco-api` does not say what it runs on: no runtimePlatform; it may run on container instances of any kind
    ");
}

#[test]
fn who_knows_where_the_service_runs_can_say_it() {
    let silent = definition(&json!({}));
    let arm = index(&["linux/arm64"]);
    let fit = |runs_on| fits(&silent.wanted_platform_on(runs_on), &arm);
    assert!(matches!(fit(RunsOn::Fargate), Fit::DoesNotFit { .. }));
    assert!(matches!(fit(RunsOn::Instances), Fit::Unknown { .. }));
    assert!(matches!(fit(RunsOn::Unsaid), Fit::Unknown { .. }));
}

#[test]
fn the_configuration_of_one_image_says_what_it_is_for() {
    let manifest = json!({"schemaVersion": 2, "config": {"digest": DIGEST}, "layers": []});
    let expected = ImageManifest::Image {
        config: DIGEST.parse().unwrap(),
    };
    assert_eq!(ImageManifest::parse(&manifest), expected);
    let config = json!({"architecture": "arm64", "os": "linux", "variant": "v8", "rootfs": {}});
    let offered = Offered::by_config(&config);
    assert_eq!(offered.platforms(), ["linux/arm64/v8".parse().unwrap()]);
    let wanted = definition(&json!({"requiresCompatibilities": ["FARGATE"]})).wanted_platform();
    assert!(matches!(fits(&wanted, &offered), Fit::DoesNotFit { .. }));
    let silent = Offered::by_config(&json!({"architecture": "", "os": "linux"}));
    assert!(matches!(fits(&wanted, &silent), Fit::Unknown { .. }));
}

#[test]
fn attestations_are_no_images_and_a_child_without_a_platform_may_be_anything() {
    let attestation = json!({"digest": DIGEST, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}});
    let child = json!({"platform": {"os": "linux", "architecture": "arm64"}});
    let wanted = definition(&json!({"requiresCompatibilities": ["FARGATE"]})).wanted_platform();
    let fit = |children: Value| {
        let ImageManifest::Index(offered) = ImageManifest::parse(&json!({"manifests": children}))
        else {
            panic!("no index");
        };
        fits(&wanted, &offered)
    };
    assert!(matches!(
        fit(json!([child, attestation])),
        Fit::DoesNotFit { .. }
    ));
    assert!(matches!(
        fit(json!([child, {"digest": DIGEST}])),
        Fit::Unknown { .. }
    ));
    assert!(matches!(fit(json!([attestation])), Fit::Unknown { .. }));
    assert!(matches!(fit(json!([])), Fit::Unknown { .. }));
}

#[test]
fn what_is_no_manifest_tells_nothing() {
    for document in [
        json!(null),
        json!([]),
        json!({"config": {"digest": "sha256:0"}}),
        json!({"manifests": 3}),
    ] {
        assert_eq!(ImageManifest::parse(&document), ImageManifest::Other);
    }
}

#[test]
fn a_long_index_makes_a_short_sentence() {
    let many: Vec<String> = (0..50).map(|i| format!("linux/arch{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let wanted = definition(&json!({"requiresCompatibilities": ["FARGATE"]})).wanted_platform();
    let Fit::DoesNotFit { reason } = fits(&wanted, &index(&many)) else {
        panic!("fits");
    };
    assert!(reason.contains("linux/arch7 and 42 others"), "{reason}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(os in "[a-z]{1,8}", architecture in "[a-z0-9]{1,8}", variant in prop::option::of("v[0-9]")) {
        let platform = Platform::of(&os, &architecture, variant.as_deref());
        prop_assert_eq!(platform.to_string().parse::<Platform>(), Ok(platform));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z/\u{e4}. ]{0,20}") {
        let _ = text.parse::<Platform>();
    }
}
