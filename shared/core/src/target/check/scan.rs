//! The check of an image's vulnerabilities, as ECR has found them.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// See [`super::CheckKind::Scan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanCheck {
    /// Severity, in capitals, and how many findings of it there may be. A severity that is not named
    /// has no limit, unless ECR's model does not know it: of such none may be there.
    pub limits: BTreeMap<String, u32>,
    /// Findings that do not count.
    pub ignore: Vec<Ignored>,
}

/// A finding that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Its name: `CVE-2026-1234`.
    pub id: String,
    /// The last day on which it does not count, in UTC.
    pub until: Option<Date>,
    /// Why it does not.
    pub reason: Option<String>,
}

impl ScanCheck {
    /// The severities that ECR knows, the worst first (AWS-FACTS 8.4). `UNTRIAGED` is Inspector's.
    pub const SEVERITIES: [&str; 7] = [
        "CRITICAL",
        "HIGH",
        "MEDIUM",
        "LOW",
        "INFORMATIONAL",
        "UNDEFINED",
        "UNTRIAGED",
    ];
    pub const MAX_IGNORED: usize = 200;
}

/// No critical finding.
impl Default for ScanCheck {
    fn default() -> Self {
        Self {
            limits: BTreeMap::from([("CRITICAL".to_owned(), 0)]),
            ignore: Vec::new(),
        }
    }
}
