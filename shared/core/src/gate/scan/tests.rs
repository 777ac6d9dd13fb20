//! What the findings of ECR mean, by the limits of a check.

use super::*;
use crate::gate::Phase;

const TODAY: Date = jiff::civil::date(2026, 11, 22);

fn finding(name: &str, severity: &str) -> Finding {
    Finding {
        name: name.to_owned(),
        severity: severity.to_owned(),
        package: Some("openssl 1.1".to_owned()),
        fixed_in: None,
    }
}

fn scan(status: &str, findings: &[Finding]) -> Scan {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.severity.clone()).or_default() += 1;
    }
    Scan::Found(ScanFindings {
        status: status.to_owned(),
        counts,
        findings: findings.to_vec(),
        ..ScanFindings::default()
    })
}

fn of(image: &str, platform: Option<&str>, scan: Scan) -> Scanned {
    Scanned {
        image: image.to_owned(),
        platform: platform.map(str::to_owned),
        scan,
    }
}

fn check(limits: &[(&str, u32)], ignore: &[(&str, Option<Date>)]) -> ScanCheck {
    let limits = limits.iter();
    let ignore = ignore.iter().map(|(id, until)| Ignored {
        id: (*id).to_owned(),
        until: *until,
        reason: None,
    });
    ScanCheck {
        limits: limits
            .map(|(severity, limit)| ((*severity).to_owned(), *limit))
            .collect(),
        ignore: ignore.collect(),
    }
}

fn expect(check: &ScanCheck, scanned: &[Scanned], phase: Phase, summary: &str) -> Measurement {
    let found = measure_scan(check, scanned, TODAY);
    assert!(
        found.summary.contains(summary),
        "{} has not: {summary}",
        found.summary
    );
    assert_eq!(found.phase, phase, "{summary}");
    found
}

#[test]
fn findings_are_counted_by_severity_against_their_limits() {
    let two = [finding("CVE-1", "CRITICAL"), finding("CVE-2", "HIGH")];
    let image = [of("api", None, scan("COMPLETE", &two))];
    let usual = ScanCheck::default();
    let failed = expect(
        &usual,
        &image,
        Phase::Failed,
        "the images have 1 findings of severity CRITICAL, where 0 are allowed",
    );
    assert_eq!(
        failed.evidence,
        [
            "CRITICAL CVE-1 in openssl 1.1: api",
            "HIGH CVE-2 in openssl 1.1: api"
        ]
    );
    assert!(!failed.is_final);
    let lenient = check(&[("CRITICAL", 1), ("HIGH", 0)], &[]);
    expect(
        &lenient,
        &image,
        Phase::Failed,
        "1 findings of severity HIGH, where 0",
    );
    let more = check(&[("CRITICAL", 1), ("HIGH", 1)], &[]);
    expect(
        &more,
        &image,
        Phase::Successful,
        "1 CRITICAL, 1 HIGH within the limits in api",
    );
    // What has no limit may be there.
    expect(
        &check(&[], &[]),
        &image,
        Phase::Successful,
        "1 CRITICAL, 1 HIGH",
    );
    let none = [of("api", None, scan("ACTIVE", &[]))];
    expect(
        &usual,
        &none,
        Phase::Successful,
        "no findings within the limits in api",
    );
}

#[test]
fn platforms_of_an_image_share_their_findings_and_images_do_not() {
    let found = || scan("COMPLETE", &[finding("CVE-1", "HIGH")]);
    let image = [
        of("api", Some("linux/amd64"), found()),
        of("api", Some("linux/arm64"), found()),
    ];
    let one = check(&[("HIGH", 1)], &[]);
    expect(&one, &image, Phase::Successful, "1 HIGH");
    let two = [of("api", None, found()), of("router", None, found())];
    expect(
        &one,
        &two,
        Phase::Failed,
        "2 findings of severity HIGH, where 1",
    );
}

#[test]
fn a_severity_that_nobody_knows_counts_unless_it_has_a_limit_and_untriaged_is_known() {
    let image = [of(
        "api",
        None,
        scan("ACTIVE", &[finding("CVE-1", "APOCALYPTIC")]),
    )];
    let usual = ScanCheck::default();
    expect(
        &usual,
        &image,
        Phase::Failed,
        "1 findings of severity APOCALYPTIC (a severity that is not known), where 0",
    );
    let listed = check(&[("APOCALYPTIC", 1)], &[]);
    expect(&listed, &image, Phase::Successful, "1 APOCALYPTIC");
    let untriaged = [of(
        "api",
        None,
        scan("ACTIVE", &[finding("CVE-1", "UNTRIAGED")]),
    )];
    expect(&usual, &untriaged, Phase::Successful, "1 UNTRIAGED");
}

#[test]
fn what_is_ignored_counts_again_on_the_day_after_its_last_one() {
    let image = [of(
        "api",
        None,
        scan("COMPLETE", &[finding("CVE-1", "CRITICAL")]),
    )];
    let yesterday = TODAY.yesterday().unwrap();
    for until in [None, Some(TODAY)] {
        let ignoring = check(&[("CRITICAL", 0)], &[("CVE-1", until)]);
        expect(
            &ignoring,
            &image,
            Phase::Successful,
            "no findings (1 ignored)",
        );
    }
    let expired = check(&[("CRITICAL", 0)], &[("CVE-1", Some(yesterday))]);
    expect(
        &expired,
        &image,
        Phase::Failed,
        "1 findings of severity CRITICAL, where 0 are allowed; not ignored any longer: CVE-1 (until 2026-11-21)",
    );
    let renewed = [("CVE-1", Some(yesterday)), ("CVE-1", Some(TODAY))];
    expect(
        &check(&[("CRITICAL", 0)], &renewed),
        &image,
        Phase::Successful,
        "1 ignored",
    );
}

#[test]
fn findings_that_are_counted_but_not_listed_count() {
    let mut found = ScanFindings {
        status: "COMPLETE".to_owned(),
        counts: BTreeMap::from([("CRITICAL".to_owned(), 3)]),
        findings: vec![finding("CVE-1", "CRITICAL")],
        ..ScanFindings::default()
    };
    let ignoring = check(&[("CRITICAL", 0)], &[("CVE-1", None)]);
    let image = |found: &ScanFindings| [of("api", None, Scan::Found(found.clone()))];
    expect(&ignoring, &image(&found), Phase::Successful, "1 ignored");
    found.is_cut = true;
    expect(
        &ignoring,
        &image(&found),
        Phase::Failed,
        "2 findings of severity CRITICAL",
    );
    found.is_cut = false;
    found.findings.clear();
    expect(
        &ignoring,
        &image(&found),
        Phase::Failed,
        "3 findings of severity CRITICAL",
    );
}

#[test]
fn each_status_of_a_scan_means_something() {
    for (status, phase, is_final, summary) in [
        ("COMPLETE", Phase::Successful, false, "no findings"),
        ("ACTIVE", Phase::Successful, false, "no findings"),
        (
            "IN_PROGRESS",
            Phase::Running,
            false,
            "the scan of api (linux/arm64) is IN_PROGRESS",
        ),
        ("PENDING", Phase::Running, false, "is PENDING"),
        ("FAILED", Phase::Error, false, "start a scan again"),
        (
            "FINDINGS_UNAVAILABLE",
            Phase::Error,
            false,
            "start a scan again",
        ),
        ("LIMIT_EXCEEDED", Phase::Error, false, "only so often a day"),
        (
            "UNSUPPORTED_IMAGE",
            Phase::Error,
            true,
            "does not know its operating system",
        ),
        (
            "SCAN_ELIGIBILITY_EXPIRED",
            Phase::Error,
            true,
            "push the image again",
        ),
        ("IMAGE_ARCHIVED", Phase::Error, true, "restore the image"),
        (
            "IMAGE_SIZE_EXCEEDED",
            Phase::Error,
            true,
            "make the image smaller",
        ),
        ("", Phase::Error, false, "look at it in the console"),
        (
            "NEW_STATUS",
            Phase::Error,
            false,
            "is NEW_STATUS; look at it",
        ),
    ] {
        let image = [of("api", Some("linux/arm64"), scan(status, &[]))];
        let found = expect(&ScanCheck::default(), &image, phase, summary);
        assert_eq!(found.is_final, is_final, "{status}");
    }
    let usual = ScanCheck::default();
    let never = [of("api", None, Scan::Never)];
    let found = expect(&usual, &never, Phase::Inconclusive, "enable scan on push");
    assert!(!found.is_final);
    let gone = expect(
        &usual,
        &[of("api", None, Scan::NoImage)],
        Phase::Error,
        "not in its repository",
    );
    assert!(gone.is_final);
    assert!(expect(&usual, &[], Phase::Inconclusive, "no image").is_final);
}

#[test]
fn too_many_findings_in_one_image_decide_while_another_is_being_scanned() {
    let images = [
        of("router", None, scan("IN_PROGRESS", &[])),
        of(
            "api",
            None,
            scan("COMPLETE", &[finding("CVE-1", "CRITICAL")]),
        ),
    ];
    expect(&ScanCheck::default(), &images, Phase::Failed, "CRITICAL");
}

#[test]
fn the_evidence_are_the_ten_worst_findings() {
    let mut findings: Vec<_> = (10..40)
        .map(|n| finding(&format!("CVE-{n}"), "LOW"))
        .collect();
    findings.push(finding("CVE-50", "CRITICAL"));
    let image = [of("api", None, scan("COMPLETE", &findings))];
    let found = measure_scan(&ScanCheck::default(), &image, TODAY);
    assert_eq!(found.evidence.len(), TOLD);
    assert!(
        found.evidence[0].starts_with("CRITICAL CVE-50"),
        "{:?}",
        found.evidence
    );
    assert!(
        found.evidence[1].starts_with("LOW CVE-10"),
        "{:?}",
        found.evidence
    );
}
