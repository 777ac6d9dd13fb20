//! What an image is built for, from its manifest or its configuration.

use serde_json::Value;

use super::Platform;
use crate::image::Digest;

/// An index of more images than this is not one that anybody built.
const MOST_PLATFORMS: usize = 1000;

/// The platforms that an image offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    platforms: Vec<Platform>,
    is_complete: bool,
}

impl Offered {
    pub fn platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// Whether these are all that it offers: every part of the image says what it is for.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The platform of one image, from its configuration: the blob that its manifest names.
    pub fn by_config(config: &Value) -> Self {
        let platform = platform(config);
        Self {
            is_complete: platform.is_some(),
            platforms: platform.into_iter().collect(),
        }
    }

    fn by_index(children: &[Value]) -> Self {
        let mut platforms = Vec::new();
        let mut is_complete = children.len() <= MOST_PLATFORMS;
        for child in children.iter().take(MOST_PLATFORMS) {
            match child.get("platform").and_then(platform) {
                Some(platform) if platform.is_of_no_image() => {}
                Some(platform) => {
                    if !platforms.contains(&platform) {
                        platforms.push(platform);
                    }
                }
                None if is_attestation(child) => {}
                None => is_complete = false,
            }
        }
        Self {
            is_complete: is_complete && !platforms.is_empty(),
            platforms,
        }
    }
}

/// What a manifest tells about the platforms of its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageManifest {
    /// It is an index, which says it for each of its images.
    Index(Offered),
    /// It is that of one image, whose configuration says it: [`Offered::by_config`].
    Image { config: Digest },
    /// It is neither, so it cannot be told.
    Other,
}

impl ImageManifest {
    /// Reads a manifest of whatever kind.
    pub fn parse(manifest: &Value) -> Self {
        if let Some(children) = manifest.get("manifests").and_then(Value::as_array) {
            return Self::Index(Offered::by_index(children));
        }
        let config = manifest.pointer("/config/digest").and_then(Value::as_str);
        match config.and_then(|digest| digest.parse().ok()) {
            Some(config) => Self::Image { config },
            None => Self::Other,
        }
    }
}

/// `os`, `architecture` and `variant`: an index and a configuration call them the same.
fn platform(object: &Value) -> Option<Platform> {
    let text = |key: &str| {
        let text = object.get(key).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    Some(Platform::of(
        text("os")?,
        text("architecture")?,
        text("variant"),
    ))
}

fn is_attestation(child: &Value) -> bool {
    let annotations = child.get("annotations");
    annotations.is_some_and(|it| it.get("vnd.docker.reference.type").is_some())
}
