//! Image scanning: how the scan of an image goes, and the call `DescribeImageScanFindings` (AWS-FACTS 8.4).
//!
//! A scan is either told by the scenario, or begun by a push to a repository that scans on push; then it finds
//! what is in the image's [`ImageSpec`]. Images are scanned, indexes are not.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::describe_images::resolve;
use super::operations::ImageId;
use super::repository::Repository;
use super::{Account, Asked, Members, RepositoryId, ServiceError, State, epoch, manifest};
use crate::account::IndexScan;
use crate::account::containers::Finding;

/// Which scanner looks at images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scanner {
    /// ECR's own: its scan is over when it is `COMPLETE`.
    Basic,
    /// Amazon Inspector, which goes on for ever: its findings are there when the scan is `ACTIVE`.
    Enhanced,
}

/// The scan of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Who scans.
    pub scanner: Scanner,
    /// The statuses that it goes through, and how long each lasts.
    pub before: Vec<(&'static str, Duration)>,
    /// The status in which it ends: there are findings if that is `COMPLETE` or `ACTIVE`.
    pub status: &'static str,
    /// What is found.
    pub findings: Vec<Finding>,
}

/// A scan, and when it began.
#[derive(Debug)]
pub(super) struct Begun {
    scan: Scan,
    at: Timestamp,
}

/// What a repository does with an image that is pushed.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnPush {
    scanner: Scanner,
    takes: Duration,
    /// Images that were there before are not scanned.
    since: Timestamp,
}

/// A scan as it is at a moment.
struct Seen {
    scanner: Scanner,
    status: &'static str,
    /// Since when it has that status.
    since: Timestamp,
    findings: Vec<Finding>,
}

impl Scanner {
    /// The status of a scan whose findings are there.
    const fn final_status(self) -> &'static str {
        match self {
            Self::Basic => "COMPLETE",
            Self::Enhanced => "ACTIVE",
        }
    }

    /// The status of one that is under way.
    const fn status_before(self) -> &'static str {
        match self {
            Self::Basic => "IN_PROGRESS",
            Self::Enhanced => "PENDING",
        }
    }
}

impl Scan {
    /// A scan that is over and has found these.
    pub fn found(scanner: Scanner, findings: impl IntoIterator<Item = Finding>) -> Self {
        Self {
            scanner,
            before: Vec::new(),
            status: scanner.final_status(),
            findings: findings.into_iter().collect(),
        }
    }

    /// A scan that ends in another status, such as `FAILED` or `UNSUPPORTED_IMAGE`, and finds nothing.
    pub fn ends_as(scanner: Scanner, status: &'static str) -> Self {
        Self {
            status,
            ..Self::found(scanner, [])
        }
    }

    /// The same scan, which takes so long from now on.
    #[must_use]
    pub fn after(mut self, takes: Duration) -> Self {
        self.before = vec![(self.scanner.status_before(), takes)];
        self
    }
}

impl Account {
    /// Says how the scan of an image goes; it begins now. What is scanned of an index are its manifests.
    pub fn set_scan(&self, repository: &str, digest: &str, scan: Scan) -> Result<(), ServiceError> {
        let id = RepositoryId::of(self, repository);
        let at = self.clock().now();
        let mut state = self.state();
        let repository = state.ecr.repository_mut(&id)?;
        let begun = Begun { scan, at };
        repository.scans.insert(digest.to_owned(), begun);
        Ok(())
    }

    /// Lets a repository scan what is pushed to it from now on, which takes so long; `None` lets it not.
    pub fn set_scan_on_push(
        &self,
        repository: &str,
        how: Option<(Scanner, Duration)>,
    ) -> Result<(), ServiceError> {
        let id = RepositoryId::of(self, repository);
        let since = self.clock().now();
        let mut state = self.state();
        let on_push = how.map(|(scanner, takes)| OnPush {
            scanner,
            takes,
            since,
        });
        state.ecr.repository_mut(&id)?.scan_on_push = on_push;
        Ok(())
    }
}

pub(super) fn describe_findings(
    account: &Account,
    asked: &Asked,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    input.only(&[
        "registryId",
        "repositoryName",
        "imageId",
        "nextToken",
        "maxResults",
    ])?;
    let id = asked.repository(account, input)?;
    let missing = || ServiceError::validation("Missing required member: imageId");
    let asked_id = input.get("imageId").ok_or_else(missing)?;
    let image_id = ImageId::read(asked_id)?;
    let invalid = |message: &str| ServiceError::new("InvalidParameterException", message);
    let size = match input.optional_integer("maxResults")? {
        None => 100,
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=1000).contains(size))
            .ok_or_else(|| invalid("maxResults must be between 1 and 1000"))?,
    };
    let start: usize = match input.optional_string("nextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("Invalid nextToken"))?,
    };
    let now = account.clock().now();
    let state = account.state();
    let repository = state.ecr.repository(&id)?;
    let digest = resolve(repository, asked_id)?;
    let is_index = repository
        .images
        .get(&digest)
        .is_some_and(|image| manifest::is_index(&image.media_type));
    let seen = if is_index && account.settings().index_scan == IndexScan::Unsupported {
        Some(Seen {
            scanner: Scanner::Basic,
            status: "UNSUPPORTED_IMAGE",
            since: now,
            findings: Vec::new(),
        })
    } else if is_index {
        None
    } else {
        seen(&state.ecr, repository, &digest, now)
    };
    let seen = seen.ok_or_else(|| no_scan(&id, &image_id))?;
    let mut described = image_id.to_json();
    described["imageDigest"] = digest.as_str().into();
    let mut output = json!({
        "registryId": id.registry.account_id,
        "repositoryName": id.name,
        "imageId": described,
        "imageScanStatus": {"status": seen.status, "description": description(seen.status)},
    });
    if seen.status == seen.scanner.final_status() {
        output["imageScanFindings"] = seen.page(&id, &digest, start, size);
        if start.saturating_add(size) < seen.findings.len() {
            output["nextToken"] = (start + size).to_string().into();
        }
    }
    Ok(output)
}

fn no_scan(id: &RepositoryId, image_id: &ImageId<'_>) -> ServiceError {
    let quoted =
        |part: Option<&str>| part.map_or_else(|| "'null'".to_owned(), |part| format!("'{part}'"));
    let message = format!(
        "Image scan does not exist for the image with '{{imageDigest:{}, imageTag:{}}}' in the repository with name '{}' \
         in the registry with id '{}'",
        quoted(image_id.digest),
        quoted(image_id.tag),
        id.name,
        id.registry.account_id
    );
    ServiceError::new("ScanNotFoundException", message)
}

/// How the scan of an image is now, if there is one.
fn seen(ecr: &State, repository: &Repository, digest: &str, now: Timestamp) -> Option<Seen> {
    let (scan, begun_at) = match (repository.scans.get(digest), repository.scan_on_push) {
        (Some(begun), _) => (begun.scan.clone(), begun.at),
        (None, Some(on_push)) => {
            let image = repository.images.get(digest)?;
            if image.pushed_at < on_push.since {
                return None;
            }
            let configuration = manifest::read(&image.manifest)?.configuration?;
            let findings = &ecr.configurations.get(&configuration)?.image.findings;
            let scan = Scan::found(on_push.scanner, findings.iter().cloned());
            (scan.after(on_push.takes), image.pushed_at)
        }
        (None, None) => return None,
    };
    let mut since = begun_at;
    for (status, lasts) in &scan.before {
        let lasts = SignedDuration::try_from(*lasts).unwrap_or(SignedDuration::MAX);
        let end = since.checked_add(lasts).unwrap_or(Timestamp::MAX);
        if now < end {
            return Some(Seen {
                scanner: scan.scanner,
                status,
                since,
                findings: Vec::new(),
            });
        }
        since = end;
    }
    Some(Seen {
        scanner: scan.scanner,
        status: scan.status,
        since,
        findings: scan.findings,
    })
}

fn description(status: &str) -> &'static str {
    match status {
        "COMPLETE" => "The scan was completed successfully.",
        "ACTIVE" => "Continuous scan is selected for image.",
        "IN_PROGRESS" => "The scan is in progress.",
        "PENDING" => "The image is waiting to be scanned.",
        "UNSUPPORTED_IMAGE" => {
            "UnsupportedImageError: The operating system or media type is not supported."
        }
        _ => "The scan has no findings to show.",
    }
}

impl Seen {
    /// `imageScanFindings`: the counts of all findings, and a page of these.
    fn page(&self, id: &RepositoryId, digest: &str, start: usize, size: usize) -> Value {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(&finding.severity).or_default() += 1;
        }
        let page = self.findings.iter().skip(start).take(size);
        let mut findings = json!({
            "imageScanCompletedAt": epoch(self.since),
            "vulnerabilitySourceUpdatedAt": epoch(self.since),
            "findingSeverityCounts": counts,
        });
        match self.scanner {
            Scanner::Basic => findings["findings"] = page.map(basic).collect(),
            Scanner::Enhanced => {
                findings["enhancedFindings"] = page
                    .map(|finding| enhanced(finding, id, digest, self.since))
                    .collect();
            }
        }
        findings
    }
}

fn basic(finding: &Finding) -> Value {
    let (package, version) = &finding.package;
    json!({
        "name": finding.name,
        "description": format!("{package} {version} has the vulnerability {}", finding.name),
        "uri": format!("https://www.cve.org/CVERecord?id={}", finding.name),
        "severity": finding.severity,
        "attributes": [
            {"key": "package_name", "value": package},
            {"key": "package_version", "value": version},
        ],
    })
}

fn enhanced(finding: &Finding, id: &RepositoryId, digest: &str, at: Timestamp) -> Value {
    let (package, version) = &finding.package;
    let account_id = &id.registry.account_id;
    let region = &id.registry.region;
    json!({
        "awsAccountId": account_id,
        "description": format!("{package} {version} has the vulnerability {}", finding.name),
        "findingArn": format!("arn:aws:inspector2:{region}:{account_id}:finding/{}", finding.name),
        "firstObservedAt": epoch(at),
        "lastObservedAt": epoch(at),
        "updatedAt": epoch(at),
        "severity": finding.severity,
        "status": "ACTIVE",
        "title": format!("{} - {package}", finding.name),
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": "YES",
        "packageVulnerabilityDetails": {
            "vulnerabilityId": finding.name,
            "source": "NVD",
            "sourceUrl": format!("https://nvd.nist.gov/vuln/detail/{}", finding.name),
            "vulnerablePackages": [{"name": package, "version": version}],
        },
        "resources": [{
            "id": format!("{}/{digest}", id.arn()),
            "type": "AWS_ECR_CONTAINER_IMAGE",
        }],
    })
}
