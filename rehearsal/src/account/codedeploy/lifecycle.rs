//! The lifecycle events of an ECS deployment, in order (AWS-FACTS 5.3), and how far each is.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::epoch;

/// A lifecycle event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    BeforeInstall,
    Install,
    AfterInstall,
    AllowTestTraffic,
    AfterAllowTestTraffic,
    BeforeAllowTraffic,
    AllowTraffic,
    AfterAllowTraffic,
}

impl Event {
    const ALL: [Self; 8] = [
        Self::BeforeInstall,
        Self::Install,
        Self::AfterInstall,
        Self::AllowTestTraffic,
        Self::AfterAllowTestTraffic,
        Self::BeforeAllowTraffic,
        Self::AllowTraffic,
        Self::AfterAllowTraffic,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BeforeInstall => "BeforeInstall",
            Self::Install => "Install",
            Self::AfterInstall => "AfterInstall",
            Self::AllowTestTraffic => "AllowTestTraffic",
            Self::AfterAllowTestTraffic => "AfterAllowTestTraffic",
            Self::BeforeAllowTraffic => "BeforeAllowTraffic",
            Self::AllowTraffic => "AllowTraffic",
            Self::AfterAllowTraffic => "AfterAllowTraffic",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    pub(super) fn takes_a_hook(self) -> bool {
        !matches!(
            self,
            Self::Install | Self::AllowTestTraffic | Self::AllowTraffic
        )
    }

    /// A deployment without a test listener does not even list these (AWS-FACTS 5.3).
    fn needs_a_test_listener(self) -> bool {
        matches!(self, Self::AllowTestTraffic | Self::AfterAllowTestTraffic)
    }
}

/// How far a lifecycle event is (AWS-FACTS 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineStatus {
    Pending,
    InProgress,
    Succeeded,
    Failed,
    Skipped,
}

impl LineStatus {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        }
    }
}

/// One line of a deployment's lifecycle.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) event: Event,
    pub(super) status: LineStatus,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    /// Why it failed.
    message: Option<String>,
}

/// The lifecycle of one deployment.
#[derive(Debug, Clone)]
pub(super) struct Lifecycle(Vec<Line>);

impl Lifecycle {
    pub(super) fn new(test_listener: bool) -> Self {
        let events = Event::ALL
            .into_iter()
            .filter(|event| test_listener || !event.needs_a_test_listener());
        let pending = |event| Line {
            event,
            status: LineStatus::Pending,
            start: None,
            end: None,
            message: None,
        };
        Self(events.map(pending).collect())
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.0
    }

    pub(super) fn start(&mut self, event: Event, now: Timestamp) {
        for line in self.0.iter_mut().filter(|line| line.event == event) {
            line.status = LineStatus::InProgress;
            line.start = Some(now);
        }
    }

    pub(super) fn succeed(&mut self, event: Event, now: Timestamp) {
        for line in self.0.iter_mut().filter(|line| line.event == event) {
            line.status = LineStatus::Succeeded;
            line.end = Some(now);
        }
    }

    /// The deployment ends here: what is under way has failed, what is to come is skipped.
    ///
    /// Returns the event that failed.
    pub(super) fn end(&mut self, message: &str, now: Timestamp) -> Option<Event> {
        let mut failed = None;
        for line in &mut self.0 {
            match line.status {
                LineStatus::InProgress => {
                    line.status = LineStatus::Failed;
                    line.end = Some(now);
                    line.message = Some(message.to_owned());
                    failed = Some(line.event);
                }
                LineStatus::Pending => line.status = LineStatus::Skipped,
                LineStatus::Succeeded | LineStatus::Failed | LineStatus::Skipped => {}
            }
        }
        failed
    }

    /// As `lifecycleEvents` of a target.
    pub(super) fn to_json(&self) -> Value {
        self.0.iter().map(Line::to_json).collect()
    }
}

impl Line {
    fn to_json(&self) -> Value {
        let mut line = json!({"lifecycleEventName": self.event.name()});
        if let Some(message) = &self.message {
            line["diagnostics"] = json!({"errorCode": "UnknownError", "scriptName": "", "message": message, "logTail": ""});
        }
        if let Some(start) = self.start {
            line["startTime"] = epoch(start);
        }
        if let Some(end) = self.end {
            line["endTime"] = epoch(end);
        }
        line["status"] = self.status.name().into();
        line
    }
}
