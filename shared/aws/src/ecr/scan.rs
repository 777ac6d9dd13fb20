//! What ECR has found in an image: basic and enhanced scanning (AWS-FACTS 8.4).

use std::collections::BTreeMap;

use aws_sdk_ecr::{
    operation::describe_image_scan_findings::DescribeImageScanFindingsOutput,
    types::{self, ImageIdentifier},
};
use greenlight_core::{
    gate::{Finding, Scan, ScanFindings},
    image::{Digest, RepositoryUri},
};

use super::resource;
use crate::{AwsError, Clients, error::failed};

/// `DescribeImageScanFindings` gives so many at once.
const FINDINGS_PER_PAGE: i32 = 1000;
/// Of one image, so many pages and findings are looked at.
const PAGES_LIMIT: usize = 20;
const FINDINGS_LIMIT: usize = 5000;
/// Of a name, so many characters are kept.
const NAME_LIMIT: usize = 200;

/// What ECR has found in the image `digest`, which is no index: findings belong to the images in it.
pub async fn scan_findings(
    clients: &Clients,
    repository: &RepositoryUri,
    digest: &Digest,
) -> Result<Scan, AwsError> {
    let ecr = clients.ecr_in(repository.registry.region());
    let image = ImageIdentifier::builder().image_digest(digest.as_str());
    let ask = ecr
        .describe_image_scan_findings()
        .registry_id(repository.registry.account())
        .repository_name(repository.name.as_str())
        .image_id(image.build())
        .max_results(FINDINGS_PER_PAGE);
    let mut found = ScanFindings::default();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = ask
            .clone()
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "ecr:DescribeImageScanFindings",
                resource(repository),
            ));
        let page = match page {
            Ok(page) => page,
            Err(error) if error.is("ScanNotFoundException") => return Ok(Scan::Never),
            Err(error) if error.is("ImageNotFoundException") => return Ok(Scan::NoImage),
            Err(error) => return Err(error),
        };
        add(&mut found, &page);
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() || found.findings.len() >= FINDINGS_LIMIT {
            break;
        }
    }
    found.is_cut = next_token.is_some() || found.findings.len() > FINDINGS_LIMIT;
    found.findings.truncate(FINDINGS_LIMIT);
    Ok(Scan::Found(found))
}

fn add(found: &mut ScanFindings, page: &DescribeImageScanFindingsOutput) {
    let status = page.image_scan_status();
    if let Some(status) = status.and_then(types::ImageScanStatus::status) {
        status.as_str().clone_into(&mut found.status);
    }
    if let Some(description) = status.and_then(types::ImageScanStatus::description) {
        found.description = cut(description);
    }
    let Some(findings) = page.image_scan_findings() else {
        return;
    };
    // Each page tells the same sums.
    if let Some(counts) = findings.finding_severity_counts() {
        let counts = counts.iter();
        found.counts = counts
            .map(|(severity, count)| {
                let severity = severity.as_str().to_ascii_uppercase();
                (severity, u32::try_from(*count).unwrap_or(0))
            })
            .collect::<BTreeMap<_, _>>();
    }
    found.findings.extend(findings.findings().iter().map(basic));
    found.findings.extend(
        findings
            .enhanced_findings()
            .iter()
            // What Inspector has closed or somebody has suppressed there does not count.
            .filter(|finding| finding.status().is_none_or(|status| status == "ACTIVE"))
            .map(enhanced),
    );
}

fn basic(finding: &types::ImageScanFinding) -> Finding {
    let attribute = |key: &str| {
        let mut attributes = finding.attributes().iter();
        attributes
            .find(|attribute| attribute.key() == key)
            .and_then(|attribute| attribute.value())
    };
    let severity = finding.severity();
    Finding {
        name: cut(finding.name().unwrap_or("a finding without a name")),
        severity: severity
            .map_or("UNDEFINED", types::FindingSeverity::as_str)
            .to_ascii_uppercase(),
        package: package(attribute("package_name"), attribute("package_version")),
        fixed_in: None,
    }
}

fn enhanced(finding: &types::EnhancedImageScanFinding) -> Finding {
    let details = finding.package_vulnerability_details();
    let packages = details.map(types::PackageVulnerabilityDetails::vulnerable_packages);
    let vulnerable = packages.and_then(<[_]>::first);
    let name = details
        .and_then(types::PackageVulnerabilityDetails::vulnerability_id)
        .or(finding.title());
    Finding {
        name: cut(name.unwrap_or("a finding without a name")),
        severity: finding
            .severity()
            .unwrap_or("UNDEFINED")
            .to_ascii_uppercase(),
        package: vulnerable.and_then(|it| package(it.name(), it.version())),
        fixed_in: vulnerable.and_then(|it| it.fixed_in_version()).map(cut),
    }
}

fn package(name: Option<&str>, version: Option<&str>) -> Option<String> {
    Some(match (name?, version) {
        (name, Some(version)) => cut(&format!("{name} {version}")),
        (name, None) => cut(name),
    })
}

fn cut(text: &str) -> String {
    text.chars().take(NAME_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    fn look(aws: &Scripted) -> Result<Scan, AwsError> {
        let repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mco/api"
            .parse()
            .unwrap();
        let digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        run(scan_findings(&aws.clients(), &repository, &digest))
    }

    fn found(scan: Scan) -> ScanFindings {
        match scan {
            Scan::Found(found) => found,
            other => panic!("{other:?}"),
        }
    }

    fn finding(name: &str, severity: &str, package: Option<&str>, fixed: Option<&str>) -> Finding {
        Finding {
            name: name.to_owned(),
            severity: severity.to_owned(),
            package: package.map(str::to_owned),
            fixed_in: fixed.map(str::to_owned),
        }
    }

    #[test]
    fn the_findings_of_basic_scanning_are_read_page_by_page() {
        let aws = Scripted::default();
        let page = |name: &str, next: Value| {
            json!({
                "imageScanStatus": {"status": "COMPLETE", "description": "done"},
                "imageScanFindings": {
                    "findingSeverityCounts": {"CRITICAL": 1, "HIGH": 1},
                    "findings": [{"name": name, "severity": "CRITICAL", "attributes": [
                        {"key": "package_version", "value": "1.1"},
                        {"key": "package_name", "value": "openssl"},
                    ]}],
                },
                "nextToken": next,
            })
        };
        aws.answer_json(&page("CVE-1", json!("more")));
        aws.answer_json(&page("CVE-2", Value::Null));
        let found = found(look(&aws).unwrap());
        assert_eq!(found.status, "COMPLETE");
        assert_eq!(found.counts["CRITICAL"], 1);
        let package = Some("openssl 1.1");
        assert_eq!(
            found.findings,
            [
                finding("CVE-1", "CRITICAL", package, None),
                finding("CVE-2", "CRITICAL", package, None),
            ]
        );
        assert!(!found.is_cut);
        let sent = aws.sent();
        assert!(sent[0].uri.contains("us-east-1"), "{}", sent[0].uri);
        assert_eq!(sent[0].json()["maxResults"], 1000);
        assert_eq!(sent[1].json()["nextToken"], "more");
    }

    #[test]
    fn of_enhanced_scanning_what_is_closed_or_suppressed_does_not_count() {
        let aws = Scripted::default();
        let finding_of = |name: &str, status: &str| {
            json!({
                "status": status, "severity": "Untriaged", "title": "a title",
                "packageVulnerabilityDetails": {"vulnerabilityId": name, "vulnerablePackages": [
                    {"name": "zlib", "version": "1.2", "fixedInVersion": "1.3"},
                ]},
            })
        };
        aws.answer_json(&json!({
            "imageScanStatus": {"status": "ACTIVE"},
            "imageScanFindings": {"enhancedFindings": [
                finding_of("CVE-1", "ACTIVE"), finding_of("CVE-2", "SUPPRESSED"),
                {"severity": "HIGH", "title": "of code"},
            ]},
        }));
        assert_eq!(
            found(look(&aws).unwrap()).findings,
            [
                finding("CVE-1", "UNTRIAGED", Some("zlib 1.2"), Some("1.3")),
                finding("of code", "HIGH", None, None),
            ]
        );
    }

    #[test]
    fn an_image_that_was_never_scanned_and_one_that_is_not_there_are_no_errors() {
        for (code, expected) in [
            ("ScanNotFoundException", Scan::Never),
            ("ImageNotFoundException", Scan::NoImage),
        ] {
            let aws = Scripted::default();
            aws.refuse(code, "no");
            assert_eq!(look(&aws).unwrap(), expected);
        }
        let aws = Scripted::default();
        aws.refuse("RepositoryNotFoundException", "no");
        assert_eq!(look(&aws).unwrap_err().kind, Kind::NotFound);
    }

    #[test]
    fn more_findings_than_anybody_reads_are_cut_and_said_to_be() {
        let aws = Scripted::default();
        let findings = vec![json!({"name": "CVE-1", "severity": "LOW"}); 1000];
        for _ in 0..5 {
            aws.answer_json(&json!({
                "imageScanStatus": {"status": "COMPLETE"},
                "imageScanFindings": {"findings": findings}, "nextToken": "more",
            }));
        }
        let found = found(look(&aws).unwrap());
        assert_eq!((found.findings.len(), found.is_cut), (FINDINGS_LIMIT, true));
    }
}
