//! What a task definition wants to run on.

use serde_json::Value;

use super::TaskDefinition;
use crate::platform::WantedPlatform;
use crate::text::excerpt;

/// What a task is started on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    Fargate,
    /// Machines of the account, on EC2 or outside of AWS.
    Instances,
    /// Either.
    Unsaid,
}

impl TaskDefinition {
    /// The platform that an image has to be built for, as far as this document tells.
    pub fn wanted_platform(&self) -> WantedPlatform {
        self.wanted_platform_on(self.runs_on())
    }

    /// The same for somebody who knows from the service what its tasks are started on.
    pub fn wanted_platform_on(&self, runs_on: RunsOn) -> WantedPlatform {
        let said = |key: &str| {
            let platform = self.as_value().get("runtimePlatform");
            platform.and_then(|it| it.get(key)).and_then(Value::as_str)
        };
        let os = Part::new(said("operatingSystemFamily"), "LINUX", runs_on, os_of);
        let architecture = Part::new(said("cpuArchitecture"), "X86_64", runs_on, architecture_of);
        let because = because(&os, &architecture, runs_on);
        WantedPlatform {
            task_definition: self.family().to_owned(),
            os: os.meaning,
            architecture: architecture.meaning,
            because,
        }
    }

    /// By what the document was registered for.
    fn runs_on(&self) -> RunsOn {
        let required = self.as_value().get("requiresCompatibilities");
        let required: Vec<&str> = required
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        match required.as_slice() {
            ["FARGATE"] => RunsOn::Fargate,
            others if others.is_empty() || others.contains(&"FARGATE") => RunsOn::Unsaid,
            _ => RunsOn::Instances,
        }
    }
}

/// Operating system or processor: what is written, and what image indexes call it.
struct Part<'d> {
    written: Option<&'d str>,
    meaning: Option<String>,
}

impl<'d> Part<'d> {
    fn new(
        written: Option<&'d str>,
        default: &'static str,
        runs_on: RunsOn,
        meaning: fn(&str) -> Option<&'static str>,
    ) -> Self {
        let effective = match runs_on {
            RunsOn::Fargate => written.or(Some(default)),
            RunsOn::Instances | RunsOn::Unsaid => written,
        };
        Self {
            written,
            meaning: effective.and_then(meaning).map(str::to_owned),
        }
    }

    /// Whether something is written that is not understood.
    fn is_news(&self) -> bool {
        self.written.is_some() && self.meaning.is_none()
    }
}

fn os_of(family: &str) -> Option<&'static str> {
    match family {
        "LINUX" => Some("linux"),
        windows if windows.starts_with("WINDOWS_") => Some("windows"),
        _ => None,
    }
}

fn architecture_of(name: &str) -> Option<&'static str> {
    match name {
        "X86_64" => Some("amd64"),
        "ARM64" => Some("arm64"),
        _ => None,
    }
}

fn because(os: &Part<'_>, architecture: &Part<'_>, runs_on: RunsOn) -> String {
    let written: Vec<String> = [architecture, os]
        .into_iter()
        .filter_map(|part| part.written)
        .map(|text| excerpt(text, 60))
        .collect();
    let written = written.join(" ");
    if os.is_news() || architecture.is_news() {
        return format!("runtimePlatform {written} is not known here");
    }
    let silence = match runs_on {
        RunsOn::Fargate => "X86_64 LINUX is the default of Fargate",
        RunsOn::Instances => "it depends on the container instances",
        RunsOn::Unsaid => "it may run on container instances of any kind",
    };
    if os.written.is_some() && architecture.written.is_some() {
        format!("runtimePlatform {written}")
    } else if written.is_empty() {
        format!("no runtimePlatform; {silence}")
    } else {
        format!("runtimePlatform {written}; otherwise {silence}")
    }
}
