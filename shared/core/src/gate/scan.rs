//! The check `scan`: whether ECR has found more in the images than is allowed (AWS-FACTS 8.4).
//!
//! Findings are counted over all images of the deployment, and over all platforms of each. What several platforms
//! of one image have in common is one finding.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Measurement;
use crate::target::check::{Ignored, ScanCheck};
use crate::text::excerpt;

/// So many findings are told of, the worst.
const TOLD: usize = 10;

/// What a scan of one image has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanFindings {
    /// `COMPLETE | ACTIVE | IN_PROGRESS | PENDING | FAILED | UNSUPPORTED_IMAGE | …`
    pub status: String,
    /// ECR's words for it.
    pub description: String,
    /// How many findings of each severity there are, by ECR's own count.
    pub counts: BTreeMap<String, u32>,
    pub findings: Vec<Finding>,
    /// There are more findings than these.
    pub is_cut: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// `CVE-2026-1234`
    pub name: String,
    /// In capitals.
    pub severity: String,
    /// Name and version of the package that has it.
    pub package: Option<String>,
    /// The version that has it no longer.
    pub fixed_in: Option<String>,
}

/// What ECR knows of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// There was a scan, or is one.
    Found(ScanFindings),
    /// There never was.
    Never,
    /// The repository does not hold the image.
    NoImage,
}

/// One image that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The image that is deployed, for people; the platforms of an index have it in common.
    pub image: String,
    /// The platform, where it is one of an index.
    pub platform: Option<String>,
    pub scan: Scan,
}

impl Scanned {
    fn name(&self) -> String {
        match &self.platform {
            Some(platform) => format!("{} ({platform})", self.image),
            None => self.image.clone(),
        }
    }
}

/// `today` is the date in UTC, by which findings are ignored or no longer.
pub fn measure_scan(check: &ScanCheck, scanned: &[Scanned], today: Date) -> Measurement {
    if scanned.is_empty() {
        return Measurement::inconclusive("no image of the green tasks is in ECR").for_good();
    }
    let counted = Counted::of(check, scanned, today);
    let over = counted.over(check);
    let told = counted.worst();
    let expired = counted.expired_in_words();
    if !over.is_empty() {
        return Measurement::failed(format!("the images have {}{expired}", over.join(", ")))
            .with_evidence(told);
    }
    if let Some(problem) = scanned.iter().find_map(without_findings) {
        return problem;
    }
    Measurement::successful(format!(
        "{} within the limits in {}{expired}",
        counted.in_words(),
        match scanned {
            [one] => one.name(),
            several => format!("{} images", several.len()),
        }
    ))
    .with_evidence(told)
}

/// Why nothing can be said of an image yet, or at all.
fn without_findings(scanned: &Scanned) -> Option<Measurement> {
    let image = scanned.name();
    let found = match &scanned.scan {
        Scan::Found(found) => found,
        Scan::Never => {
            return Some(Measurement::inconclusive(format!(
                "{image} was never scanned; enable scan on push for its repository, or enhanced scanning"
            )));
        }
        Scan::NoImage => {
            return Some(
                Measurement::error(format!("{image} is not in its repository any more")).for_good(),
            );
        }
    };
    let said = match &found.description {
        said if said.is_empty() => String::new(),
        said => format!(" ({})", excerpt(said, 200)),
    };
    let status = found.status.as_str();
    let error = |remedy: &str| {
        Measurement::error(format!("the scan of {image} is {status}{said}; {remedy}"))
    };
    Some(match status {
        "COMPLETE" | "ACTIVE" => return None,
        "IN_PROGRESS" | "PENDING" => {
            Measurement::running(format!("the scan of {image} is {status}{said}"))
        }
        "FAILED" => error("start a scan again, or push the image again"),
        "FINDINGS_UNAVAILABLE" => error("start a scan again"),
        "LIMIT_EXCEEDED" => error("ECR scans an image only so often a day; try again later"),
        "UNSUPPORTED_IMAGE" => error(
            "ECR does not know its operating system; leave out the check, or use enhanced scanning",
        )
        .for_good(),
        "SCAN_ELIGIBILITY_EXPIRED" => {
            error("push the image again, or lengthen the duration of enhanced scanning").for_good()
        }
        "IMAGE_ARCHIVED" => error("restore the image from the archive").for_good(),
        "IMAGE_SIZE_EXCEEDED" => error("make the image smaller, or leave out the check").for_good(),
        _ => error("look at it in the console of ECR"),
    })
}

/// The findings that count.
struct Counted<'a> {
    /// By severity; what was not listed but counted by ECR is in it.
    numbers: BTreeMap<&'a str, u32>,
    findings: Vec<(&'a str, &'a Finding)>,
    ignored: usize,
    expired: BTreeSet<(&'a str, Date)>,
}

impl<'a> Counted<'a> {
    fn of(check: &'a ScanCheck, scanned: &'a [Scanned], today: Date) -> Self {
        let mut counted = Self {
            numbers: BTreeMap::new(),
            findings: Vec::new(),
            ignored: 0,
            expired: BTreeSet::new(),
        };
        let mut known = BTreeSet::new();
        for Scanned { image, scan, .. } in scanned {
            let Scan::Found(found) = scan else {
                continue;
            };
            for finding in &found.findings {
                if !known.insert((image, finding)) {
                    continue;
                }
                match ignored(check, finding, today) {
                    Fate::Counts => {}
                    Fate::Ignored => {
                        counted.ignored += 1;
                        continue;
                    }
                    Fate::Expired(until) => {
                        counted.expired.insert((&finding.name, until));
                    }
                }
                counted.findings.push((image, finding));
                counted.add(&finding.severity, 1);
            }
            // What was not listed cannot be ignored either.
            if found.is_cut || found.findings.is_empty() {
                for (severity, count) in &found.counts {
                    let listed = found.findings.iter();
                    let listed = listed
                        .filter(|finding| finding.severity == *severity)
                        .count();
                    let listed = u32::try_from(listed).unwrap_or(u32::MAX);
                    counted.add(severity, count.saturating_sub(listed));
                }
            }
        }
        counted
            .findings
            .sort_by_key(|(image, finding)| (rank(&finding.severity), &finding.name, *image));
        counted
    }

    fn add(&mut self, severity: &'a str, count: u32) {
        if count > 0 {
            let number = self.numbers.entry(severity).or_default();
            *number = number.saturating_add(count);
        }
    }

    /// The severities of which there are too many findings, the worst first.
    fn over(&self, check: &ScanCheck) -> Vec<String> {
        let mut numbers: Vec<_> = self.numbers.iter().collect();
        numbers.sort_by_key(|(severity, _)| rank(severity));
        numbers
            .into_iter()
            .filter_map(|(severity, number)| {
                let is_known = ScanCheck::SEVERITIES.contains(severity);
                let limit = check.limits.get(*severity).copied();
                let limit = limit.or((!is_known).then_some(0))?;
                let strange = if is_known { "" } else { " (a severity that is not known)" };
                (*number > limit).then(|| {
                    format!("{number} findings of severity {severity}{strange}, where {limit} are allowed")
                })
            })
            .collect()
    }

    fn in_words(&self) -> String {
        let mut numbers: Vec<_> = self.numbers.iter().collect();
        numbers.sort_by_key(|(severity, _)| rank(severity));
        let numbers = numbers
            .iter()
            .map(|(severity, number)| format!("{number} {severity}"));
        let numbers = numbers.collect::<Vec<_>>().join(", ");
        let found = if numbers.is_empty() {
            "no findings".to_owned()
        } else {
            numbers
        };
        match self.ignored {
            0 => found,
            ignored => format!("{found} ({ignored} ignored)"),
        }
    }

    fn expired_in_words(&self) -> String {
        if self.expired.is_empty() {
            return String::new();
        }
        let expired = self.expired.iter().take(TOLD);
        let expired = expired.map(|(name, until)| format!("{name} (until {until})"));
        format!(
            "; not ignored any longer: {}",
            expired.collect::<Vec<_>>().join(", ")
        )
    }

    fn worst(&self) -> Vec<String> {
        let worst = self.findings.iter().take(TOLD);
        worst
            .map(|(image, finding)| {
                let package = finding.package.as_ref();
                let package = package.map_or(String::new(), |package| format!(" in {package}"));
                let fixed = finding.fixed_in.as_ref();
                let fixed = fixed.map_or(String::new(), |fixed| format!(", mended in {fixed}"));
                format!(
                    "{} {}{package}{fixed}: {image}",
                    finding.severity, finding.name
                )
            })
            .collect()
    }
}

enum Fate {
    Counts,
    Ignored,
    /// It was to be ignored until then.
    Expired(Date),
}

fn ignored(check: &ScanCheck, finding: &Finding, today: Date) -> Fate {
    let mut of_name = check.ignore.iter().filter(|it| it.id == finding.name);
    let holds = |it: &Ignored| it.until.is_none_or(|until| today <= until);
    match of_name.clone().find(|it| holds(it)) {
        Some(_) => Fate::Ignored,
        None => match of_name.find_map(|it| it.until) {
            Some(until) => Fate::Expired(until),
            None => Fate::Counts,
        },
    }
}

/// The worst first; what is not known could be anything.
fn rank(severity: &str) -> usize {
    let known = ScanCheck::SEVERITIES.iter();
    known
        .enumerate()
        .find(|(_, known)| **known == severity)
        .map_or(0, |(index, _)| index + 1)
}

#[cfg(test)]
mod tests;
