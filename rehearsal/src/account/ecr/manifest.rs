//! Manifests, configurations and indexes: real documents, named by their SHA-256.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::account::containers::ImageSpec;
use crate::account::hex;

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The digest of a document.
pub(super) fn digest(document: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(document.as_bytes())))
}

/// One platform's image: its manifest, and what it refers to.
pub(super) struct PlatformImage {
    pub(super) manifest: String,
    pub(super) configuration: String,
    pub(super) layers: Vec<String>,
}

/// What a build of the image for one platform pushes.
pub(super) fn build(image: &ImageSpec, architecture: &str) -> PlatformImage {
    let layers = [
        digest("the base image"),
        digest(&format!("{image:?} {architecture}")),
    ];
    let configuration = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {
            "ExposedPorts": {"8080/tcp": {}},
            // Two images that behave differently must not have the same digest.
            "Cmd": ["/app", "--behaviour", format!("{:?} {:?}", image.behaviour, image.commands)],
            "Labels": {"org.opencontainers.image.version": image.version},
        },
        "rootfs": {"type": "layers", "diff_ids": layers},
    })
    .to_string();
    let layer =
        |digest: &String| json!({"mediaType": OCI_LAYER, "digest": digest, "size": 3_145_728});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": digest(&configuration), "size": configuration.len()},
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    });
    PlatformImage {
        manifest: pretty(&manifest),
        configuration,
        layers: layers.to_vec(),
    }
}

/// The index over the manifests of several platforms.
pub(super) fn index(platforms: &[(&str, &PlatformImage)]) -> String {
    let entry = |(architecture, image): &(&str, &PlatformImage)| {
        json!({
            "mediaType": OCI_MANIFEST,
            "digest": digest(&image.manifest),
            "size": image.manifest.len(),
            "platform": {"architecture": architecture, "os": "linux"},
        })
    };
    let manifests: Vec<Value> = platforms.iter().map(entry).collect();
    pretty(&json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}))
}

/// Indented as Docker does, so that whoever re-serialises a manifest gets another digest and is found out.
fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_else(|_| document.to_string())
}

/// What a pushed manifest says.
pub(super) struct Contents {
    pub(super) media_type: Option<String>,
    pub(super) artifact_media_type: Option<String>,
    /// The manifests that an index refers to.
    pub(super) children: Vec<String>,
    /// The layers and the configuration that a manifest refers to.
    pub(super) blobs: Vec<String>,
    pub(super) configuration: Option<String>,
    pub(super) size: i64,
}

/// Reads a manifest; `None` if it is not a JSON object.
pub(super) fn read(manifest: &str) -> Option<Contents> {
    let document: Value = serde_json::from_str(manifest).ok()?;
    document.as_object()?;
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let list = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let config = document.get("config");
    let configuration = config.and_then(|config| text(config, "digest"));
    let layers = list("layers");
    let sizes = layers
        .iter()
        .chain(config)
        .filter_map(|part| part.get("size").and_then(Value::as_i64));
    Some(Contents {
        media_type: text(&document, "mediaType"),
        artifact_media_type: config.and_then(|config| text(config, "mediaType")),
        children: list("manifests")
            .iter()
            .filter_map(|child| text(child, "digest"))
            .collect(),
        blobs: layers
            .iter()
            .filter_map(|layer| text(layer, "digest"))
            .chain(configuration.clone())
            .collect(),
        configuration,
        size: sizes.fold(0, i64::saturating_add),
    })
}

/// Whether a media type is that of an index.
pub(super) fn is_index(media_type: &str) -> bool {
    media_type == OCI_INDEX || media_type == DOCKER_LIST
}

/// The manifest that a platform's machine takes from an index.
pub(super) fn platform_child(index: &str, architecture: &str) -> Option<String> {
    let index: Value = serde_json::from_str(index).ok()?;
    let children = index.get("manifests")?.as_array()?;
    let child = children.iter().find(|child| {
        child
            .pointer("/platform/architecture")
            .and_then(Value::as_str)
            == Some(architecture)
    })?;
    child.get("digest")?.as_str().map(ToOwned::to_owned)
}
