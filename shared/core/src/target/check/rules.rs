//! How often and how long a check is measured, and how much may go wrong.

use std::time::Duration;

use super::CheckKind;

/// The rules by which measurements become a check's verdict; applied in `crate::gate`, and told in
/// `docs/gates.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The pause between two measurements.
    pub interval: Duration,
    /// The pause before the first one.
    pub initial_delay: Duration,
    /// So many measurements are made; otherwise as many as it takes.
    pub count: Option<u32>,
    /// How long the whole check may take, the delay included.
    pub timeout: Duration,
    /// So many measurements may fail; without a limit, as many as there is time for.
    pub failure_limit: Option<u32>,
    /// So many measurements may be errors; without a limit, as many as there is time for.
    pub error_limit: Option<u32>,
    /// It has passed after so many good measurements in a row. Where `count` is given and this is not,
    /// only the count and the limits decide.
    pub consecutive_success: Option<u32>,
    /// What it means that there is nothing to be measured.
    pub on_no_data: OnNoData,
    /// It is measured and reported, and does not count.
    pub dry_run: bool,
}

/// What it means that there is nothing to be measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnNoData {
    /// The measurement has failed.
    Fail,
    /// It is as good as a success.
    Pass,
    /// Neither: a check of which nothing else is known in the end is inconclusive, and does not pass.
    #[default]
    Inconclusive,
}

impl OnNoData {
    pub const ALL: [Self; 3] = [Self::Fail, Self::Pass, Self::Inconclusive];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl Rules {
    pub const MAX_COUNT: u32 = 1000;
    pub const MAX_LIMIT: u32 = 1000;
    pub const MIN_INTERVAL: Duration = Duration::from_millis(100);
    pub const MAX_INTERVAL: Duration = Duration::from_hours(1);
    /// A stage of an ECS deployment may take a day (AWS-FACTS 7.5), and an answer has to be given before that.
    pub const MAX_TIMEOUT: Duration = Duration::from_hours(23);

    /// The rules of a check that says nothing of them.
    pub const fn usual(kind: &CheckKind) -> Self {
        let waiting = Self {
            interval: Duration::from_secs(3),
            initial_delay: Duration::ZERO,
            count: None,
            timeout: Duration::from_mins(5),
            failure_limit: Some(0),
            error_limit: None,
            consecutive_success: None,
            on_no_data: OnNoData::Inconclusive,
            dry_run: false,
        };
        match kind {
            CheckKind::Tasks | CheckKind::Digest | CheckKind::Targets => waiting,
            CheckKind::Http(http) if http.load.is_some() => Self {
                interval: Duration::from_secs(10),
                timeout: Duration::from_mins(10),
                ..waiting
            },
            // A service may need a while until it answers.
            CheckKind::Http(_) => Self {
                interval: Duration::from_secs(2),
                timeout: Duration::from_mins(2),
                failure_limit: None,
                consecutive_success: Some(3),
                ..waiting
            },
            CheckKind::Alarms(_) => Self {
                interval: Duration::from_secs(30),
                ..waiting
            },
            // CloudWatch's data points are a minute apart and a little late.
            CheckKind::Metric(_) => Self {
                interval: Duration::from_mins(1),
                timeout: Duration::from_mins(10),
                ..waiting
            },
            CheckKind::Scan(_) | CheckKind::Task(_) => Self {
                interval: Duration::from_secs(10),
                timeout: Duration::from_mins(10),
                ..waiting
            },
            CheckKind::Lambda(_) => Self {
                interval: Duration::from_secs(10),
                ..waiting
            },
            CheckKind::Approval(_) => Self {
                interval: Duration::from_secs(30),
                timeout: Duration::from_mins(30),
                ..waiting
            },
        }
    }

    /// The same, where a document says these two. A count alone takes the place of the usual wish for some in
    /// a row; and since a check that makes them all would pass with one good one among them, each has to be
    /// good unless the limits say something else.
    #[must_use]
    pub const fn counting(self, count: Option<u32>, consecutive_success: Option<u32>) -> Self {
        match (count, consecutive_success) {
            (None, None) => self,
            (Some(_), None) => Self {
                count,
                consecutive_success: None,
                failure_limit: Some(0),
                error_limit: Some(0),
                ..self
            },
            (_, Some(_)) => Self {
                count,
                consecutive_success,
                ..self
            },
        }
    }

    /// How many good measurements in a row are wanted: one, unless something else is said.
    pub const fn wanted_in_a_row(&self) -> u32 {
        match self.consecutive_success {
            Some(wanted) => wanted,
            None => 1,
        }
    }

    /// For a report, in words.
    pub fn in_words(&self) -> String {
        let write = crate::duration::write;
        let mut words = Vec::new();
        if self.initial_delay > Duration::ZERO {
            words.push(format!("after {}", write(self.initial_delay)));
        }
        words.push(match self.count {
            Some(count) => format!("{count} times, every {}", write(self.interval)),
            None => format!("every {}", write(self.interval)),
        });
        if let Some(wanted) = self.consecutive_success {
            words.push(format!("until {wanted} in a row are good"));
        }
        words.push(format!("for {} at most", write(self.timeout)));
        let allowed = |limit: Option<u32>, what: &str| match limit {
            Some(limit) => format!("{limit} {what} allowed"),
            None => format!("any {what} allowed"),
        };
        words.push(allowed(self.failure_limit, "failures"));
        words.push(allowed(self.error_limit, "errors"));
        words.join(", ")
    }

    /// How many measurements have to be made before it can pass.
    pub const fn fewest(&self) -> u32 {
        match (self.count, self.consecutive_success) {
            (Some(count), None) => count,
            (_, Some(wanted)) => wanted,
            (None, None) => 1,
        }
    }
}
