//! Whether an image can run where a task definition wants to run it: operating system and processor.
//!
//! What an image is built for comes from its index or its configuration; what is wanted comes from
//! [`TaskDefinition::wanted_platform`](crate::task_definition::TaskDefinition::wanted_platform).
//! What cannot be told is said to be unknown, never guessed. AWS-FACTS 1.3.

mod image;

use std::fmt;
use std::str::FromStr;

pub use image::{ImageManifest, Offered};

use crate::text::excerpt;

/// What an image is built for, in the words of image indexes: `linux/amd64`, `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
    pub variant: Option<String>,
}

crate::text::serialised_as_text!(Platform);

/// Why a text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a platform (such as `linux/amd64` or `linux/arm64/v8`)")]
pub struct InvalidPlatform {
    text: String,
}

impl Platform {
    /// A platform of these names, with the architecture as image indexes call it.
    fn of(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let architecture = architecture.to_ascii_lowercase();
        Self {
            os: os.to_ascii_lowercase(),
            architecture: match architecture.as_str() {
                "x86_64" | "x86-64" => "amd64".to_owned(),
                "aarch64" => "arm64".to_owned(),
                _ => architecture,
            },
            variant: variant
                .filter(|variant| !variant.is_empty())
                .map(str::to_ascii_lowercase),
        }
    }

    /// Attestations have a place in an index as if they were images, for this platform.
    fn is_of_no_image(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |part: &&str| {
            let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            !part.is_empty() && part.len() <= 64 && part.bytes().all(is_allowed)
        };
        let parts: Vec<&str> = text.split('/').take(4).collect();
        match parts.as_slice() {
            [os, architecture, variant @ ..] if variant.len() <= 1 && parts.iter().all(is_word) => {
                Ok(Self::of(os, architecture, variant.first().copied()))
            }
            _ => Err(InvalidPlatform {
                text: excerpt(text, 120),
            }),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// What a task definition wants, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPlatform {
    /// The family of the task definition, for messages.
    pub task_definition: String,
    /// In the words of image indexes; `None` if it depends on the machine.
    pub os: Option<String>,
    /// In the words of image indexes; `None` if it depends on the machine.
    pub architecture: Option<String>,
    /// What says so, or why it cannot be told.
    pub because: String,
}

impl fmt::Display for WantedPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "any".to_owned());
        write!(f, "{}/{}", part(&self.os), part(&self.architecture))
    }
}

/// Whether an image can run where it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    Fits,
    DoesNotFit {
        reason: String,
    },
    /// It may fit: nothing that is known speaks against it.
    Unknown {
        reason: String,
    },
}

/// Whether an image that offers these platforms can run where it is wanted.
pub fn fits(wanted: &WantedPlatform, offered: &Offered) -> Fit {
    let suits = |part: Option<&String>, has: &str| part.is_none_or(|part| part == has);
    let suits = |platform: &Platform| {
        suits(wanted.os.as_ref(), &platform.os)
            && suits(wanted.architecture.as_ref(), &platform.architecture)
    };
    let platforms = offered.platforms();
    if !platforms.iter().any(suits) {
        if offered.is_complete() {
            return Fit::DoesNotFit {
                reason: mismatch(wanted, platforms),
            };
        }
        return Fit::Unknown {
            reason: "the image does not say what it is built for".to_owned(),
        };
    }
    if wanted.os.is_some() && wanted.architecture.is_some() {
        return Fit::Fits;
    }
    Fit::Unknown {
        reason: format!(
            "task definition `{}` does not say what it runs on: {}",
            wanted.task_definition, wanted.because
        ),
    }
}

fn mismatch(wanted: &WantedPlatform, platforms: &[Platform]) -> String {
    // An index may hold hundreds; a message does not.
    const SHOWN: usize = 8;
    let mut names: Vec<String> = platforms
        .iter()
        .take(SHOWN)
        .map(|platform| excerpt(&platform.to_string(), 60))
        .collect();
    if platforms.len() > SHOWN {
        names.push(format!("{} others", platforms.len() - SHOWN));
    }
    let last = names.pop().unwrap_or_default();
    let offered = if names.is_empty() {
        last
    } else {
        format!("{} and {last}", names.join(", "))
    };
    format!(
        "the image is for {offered}, but task definition `{}` wants {wanted} ({})",
        wanted.task_definition, wanted.because
    )
}

#[cfg(test)]
mod tests;
