//! Scans of images, with AWS's own SDK in front of them.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::config::BehaviorVersion;
use aws_sdk_ecr::operation::describe_image_scan_findings::{
    DescribeImageScanFindingsError, DescribeImageScanFindingsOutput,
};
use aws_sdk_ecr::types::{FindingSeverity, ImageIdentifier, ScanStatus};
use aws_types::region::Region;

use super::*;
use crate::account::containers::Finding;
use crate::account::{IndexScan, Settings};

fn client(account: &Account, key: &str) -> Client {
    let config = aws_sdk_ecr::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    Client::from_conf(config.build())
}

fn open(settings: Settings) -> Account {
    let account = Account::new(settings);
    create_repository(&account, "mco/api");
    account
}

fn push(account: &Account, image: &ImageSpec) -> String {
    push_image(account, "mco/api", &["test"], image).unwrap()
}

fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

async fn find(
    account: &Account,
    digest: &str,
) -> Result<DescribeImageScanFindingsOutput, DescribeImageScanFindingsError> {
    let asked = client(account, "AKIAX").describe_image_scan_findings();
    let asked = asked.repository_name("mco/api").image_id(by_digest(digest));
    asked
        .send()
        .await
        .map_err(aws_sdk_ecr::error::SdkError::into_service_error)
}

fn status(output: &DescribeImageScanFindingsOutput) -> ScanStatus {
    output
        .image_scan_status()
        .unwrap()
        .status()
        .unwrap()
        .clone()
}

#[tokio::test(start_paused = true)]
async fn a_push_is_scanned_for_a_while_and_then_the_images_findings_are_there() {
    let account = open(Settings::for_tests());
    let before = push(&account, &ImageSpec::healthy("v0"));
    account.clock().sleep(Duration::from_secs(1)).await;
    let how = Some((Scanner::Basic, Duration::from_secs(40)));
    account.set_scan_on_push("mco/api", how).unwrap();
    let image = ImageSpec::healthy("v1").with_findings([
        Finding::new("CVE-2026-0001", "CRITICAL"),
        Finding::new("CVE-2026-0002", "LOW"),
        Finding::new("CVE-2026-0003", "LOW"),
    ]);
    let digest = push(&account, &image);
    account.clock().sleep(Duration::from_secs(39)).await;
    let got = find(&account, &digest).await.unwrap();
    assert_eq!(status(&got), ScanStatus::InProgress);
    assert!(got.image_scan_findings().is_none());
    account.clock().sleep(Duration::from_secs(1)).await;
    let got = find(&account, &digest).await.unwrap();
    assert_eq!(status(&got), ScanStatus::Complete);
    let findings = got.image_scan_findings().unwrap();
    let counts = findings.finding_severity_counts().unwrap();
    assert_eq!(counts.len(), 2);
    assert_eq!(counts[&FindingSeverity::Critical], 1);
    assert_eq!(counts[&FindingSeverity::Low], 2);
    assert_eq!(findings.findings()[0].name(), Some("CVE-2026-0001"));
    assert!(findings.enhanced_findings().is_empty());
    let completed = findings.image_scan_completed_at().unwrap().secs();
    assert_eq!(completed, account.clock().now().as_second());
    // What was there before is not scanned.
    let error = find(&account, &before).await.unwrap_err();
    assert!(error.is_scan_not_found_exception(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn inspector_finds_it_too_and_says_so_in_its_own_way() {
    let account = open(Settings::for_tests());
    let digest = push(&account, &ImageSpec::healthy("v1"));
    let found = [
        Finding::new("CVE-2026-0001", "HIGH"),
        Finding::new("CVE-2026-0002", "UNTRIAGED"),
    ];
    let scan = Scan::found(Scanner::Enhanced, found).after(Duration::from_mins(2));
    account.set_scan("mco/api", &digest, scan).unwrap();
    assert_eq!(
        status(&find(&account, &digest).await.unwrap()),
        ScanStatus::Pending
    );
    account.clock().sleep(Duration::from_mins(2)).await;
    let got = find(&account, &digest).await.unwrap();
    assert_eq!(status(&got), ScanStatus::Active);
    let findings = got.image_scan_findings().unwrap();
    assert!(findings.findings().is_empty());
    let [high, untriaged] = findings.enhanced_findings() else {
        panic!("{findings:?}");
    };
    let details = high.package_vulnerability_details().unwrap();
    assert_eq!(details.vulnerability_id(), Some("CVE-2026-0001"));
    assert_eq!(high.severity(), Some("HIGH"));
    assert_eq!(untriaged.severity(), Some("UNTRIAGED"));
    let counts = findings.finding_severity_counts().unwrap();
    assert_eq!(counts[&FindingSeverity::from("UNTRIAGED")], 1);
}

#[tokio::test(start_paused = true)]
async fn findings_come_in_pages() {
    let account = open(Settings::for_tests());
    let digest = push(&account, &ImageSpec::healthy("v1"));
    let found = (0..250).map(|number| Finding::new(&format!("CVE-2026-{number:04}"), "LOW"));
    account
        .set_scan("mco/api", &digest, Scan::found(Scanner::Basic, found))
        .unwrap();
    let asked = client(&account, "AKIAX").describe_image_scan_findings();
    let asked = asked
        .repository_name("mco/api")
        .image_id(by_digest(&digest));
    let mut pages = asked.into_paginator().send();
    let (mut names, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        let findings = page.image_scan_findings().unwrap();
        assert_eq!(
            findings.finding_severity_counts().unwrap()[&FindingSeverity::Low],
            250
        );
        sizes.push(findings.findings().len());
        names.extend(
            findings
                .findings()
                .iter()
                .map(|it| it.name().unwrap().to_owned()),
        );
    }
    assert_eq!(sizes, [100, 100, 50]);
    names.dedup();
    assert_eq!(names.len(), 250);
}

#[tokio::test(start_paused = true)]
async fn an_index_is_not_scanned_and_its_manifests_are() {
    for setting in [IndexScan::NotFound, IndexScan::Unsupported] {
        let mut settings = Settings::for_tests();
        settings.index_scan = setting;
        let account = open(settings);
        let how = Some((Scanner::Basic, Duration::ZERO));
        account.set_scan_on_push("mco/api", how).unwrap();
        let found = [Finding::new("CVE-2026-0001", "CRITICAL")];
        let image = ImageSpec::healthy("v1")
            .with_findings(found)
            .multi_platform();
        let index = push(&account, &image);
        match (setting, find(&account, &index).await) {
            (IndexScan::NotFound, Err(error)) => assert!(error.is_scan_not_found_exception()),
            (IndexScan::Unsupported, Ok(got)) => {
                assert_eq!(status(&got), ScanStatus::UnsupportedImage);
                assert!(got.image_scan_findings().is_none());
            }
            (_, other) => panic!("{setting:?}: {other:?}"),
        }
        let listed = client(&account, "AKIAX")
            .describe_images()
            .repository_name("mco/api");
        let listed = listed.send().await.unwrap();
        let digests = listed
            .image_details()
            .iter()
            .map(|it| it.image_digest().unwrap());
        let manifests: Vec<&str> = digests.filter(|digest| *digest != index).collect();
        assert_eq!(manifests.len(), 2);
        for digest in manifests {
            let got = find(&account, digest).await.unwrap();
            let findings = got.image_scan_findings().unwrap();
            assert_eq!(findings.findings().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_scan_may_end_otherwise_and_images_may_have_none() {
    let account = open(Settings::for_tests());
    let digest = push(&account, &ImageSpec::healthy("v1"));
    let error = find(&account, &digest).await.unwrap_err();
    assert!(error.is_scan_not_found_exception(), "{error:?}");
    let scan = Scan::ends_as(Scanner::Basic, "FAILED").after(Duration::from_secs(5));
    account.set_scan("mco/api", &digest, scan).unwrap();
    assert_eq!(
        status(&find(&account, &digest).await.unwrap()),
        ScanStatus::InProgress
    );
    account.clock().sleep(Duration::from_secs(5)).await;
    let got = find(&account, &digest).await.unwrap();
    assert_eq!(status(&got), ScanStatus::Failed);
    assert!(got.image_scan_findings().is_none());
    let nowhere = format!("sha256:{}", "0".repeat(64));
    let error = find(&account, &nowhere).await.unwrap_err();
    assert!(error.is_image_not_found_exception(), "{error:?}");
    assert!(
        account
            .set_scan("mco/web", &digest, Scan::found(Scanner::Basic, []))
            .is_err()
    );
    account.deny("ValidateGreen", "ecr:DescribeImageScanFindings");
    let key = account.add_caller("ValidateGreen");
    let asked = client(&account, &key).describe_image_scan_findings();
    let asked = asked
        .repository_name("mco/api")
        .image_id(by_digest(&digest));
    let denied = asked.send().await.unwrap_err().into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"));
    let calls = account
        .journal()
        .calls_of("ValidateGreen", "ecr:DescribeImageScanFindings");
    assert_eq!(calls.len(), 1);
}
