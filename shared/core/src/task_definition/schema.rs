//! What is known about the lists of a task definition: which of them have no order, and which are
//! the same whether empty or absent.
//!
//! A place is written like `containerDefinitions[].environment`. What is not named here is a field
//! that nobody knew, or a list whose order counts: it is compared as it stands. Taking two documents
//! for different costs a revision, taking them for the same would deploy nothing.

use serde_json::{Map, Value};

/// How the elements of a list without order are told apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unordered {
    /// By these members, as far as an element has them.
    By(&'static [&'static str]),
    /// By all they are.
    Whole,
}

use Unordered::{By, Whole};

const UNORDERED: &[(&str, Unordered)] = &[
    ("containerDefinitions", By(&["name"])),
    ("containerDefinitions[].dependsOn", By(&["containerName"])),
    (ENVIRONMENT, By(&["name"])),
    ("containerDefinitions[].extraHosts", By(&["hostname"])),
    (
        "containerDefinitions[].linuxParameters.capabilities.add",
        Whole,
    ),
    (
        "containerDefinitions[].linuxParameters.capabilities.drop",
        Whole,
    ),
    (
        "containerDefinitions[].logConfiguration.secretOptions",
        By(&["name"]),
    ),
    ("containerDefinitions[].mountPoints", By(&["containerPath"])),
    (
        "containerDefinitions[].portMappings",
        By(&["containerPort", "containerPortRange", "protocol"]),
    ),
    ("containerDefinitions[].resourceRequirements", By(&["type"])),
    (
        "containerDefinitions[].restartPolicy.ignoredExitCodes",
        Whole,
    ),
    ("containerDefinitions[].secrets", By(&["name"])),
    ("containerDefinitions[].systemControls", By(&["namespace"])),
    ("containerDefinitions[].ulimits", By(&["name"])),
    (
        "containerDefinitions[].volumesFrom",
        By(&["sourceContainer"]),
    ),
    ("inferenceAccelerators", By(&["deviceName"])),
    ("placementConstraints", Whole),
    ("proxyConfiguration.properties", By(&["name"])),
    ("requiresCompatibilities", Whole),
    ("tags", By(&["key"])),
    ("volumes", By(&["name"])),
];

/// Besides the lists above: ECS adds some of these empty, and takes the others for absent.
const EMPTY_IS_ABSENT: &[&str] = &[
    "containerDefinitions[].command",
    "containerDefinitions[].credentialSpecs",
    "containerDefinitions[].dnsSearchDomains",
    "containerDefinitions[].dnsServers",
    "containerDefinitions[].dockerLabels",
    "containerDefinitions[].dockerSecurityOptions",
    "containerDefinitions[].entryPoint",
    "containerDefinitions[].environmentFiles",
    "containerDefinitions[].firelensConfiguration.options",
    "containerDefinitions[].linuxParameters",
    "containerDefinitions[].linuxParameters.capabilities",
    "containerDefinitions[].linuxParameters.devices",
    "containerDefinitions[].linuxParameters.tmpfs",
    "containerDefinitions[].links",
    LOG_OPTIONS,
    "volumes[].dockerVolumeConfiguration.driverOpts",
    "volumes[].dockerVolumeConfiguration.labels",
    "volumes[].host",
];

const ENVIRONMENT: &str = "containerDefinitions[].environment";
const ENVIRONMENT_VARIABLE: &str = "containerDefinitions[].environment[]";
const LOG_OPTIONS: &str = "containerDefinitions[].logConfiguration.options";

/// How the elements of the list at this place are told apart, if their order does not matter.
pub(super) fn unordered(place: &str) -> Option<Unordered> {
    let found = UNORDERED.iter().find(|(list, _)| *list == place)?;
    Some(found.1)
}

/// Whether nothing in this place is the same as no such place.
pub(super) fn is_absent_if_empty(place: &str) -> bool {
    EMPTY_IS_ABSENT.contains(&place) || unordered(place).is_some()
}

impl Unordered {
    /// What an element is called among the elements of its list.
    pub(super) fn label(self, element: &Value) -> String {
        let keys = match self {
            Whole => &[],
            By(keys) => keys,
        };
        let parts: Vec<String> = keys
            .iter()
            .filter_map(|key| element.get(key))
            .map(|part| {
                part.as_str()
                    .map_or_else(|| part.to_string(), str::to_owned)
            })
            .collect();
        if parts.is_empty() {
            element.to_string()
        } else {
            parts.join("/")
        }
    }

    /// Whether this member is part of what an element is called.
    pub(super) fn is_key(self, member: &str) -> bool {
        matches!(self, By(keys) if keys.contains(&member))
    }
}

/// Whether the value of this member must not be shown: that of an environment variable or of a log
/// driver's option whose name tells that it is secret.
pub(super) fn is_secret(place: &str, object: &Map<String, Value>, member: &str) -> bool {
    let name = match place {
        ENVIRONMENT_VARIABLE if member == "value" => object.get("name").and_then(Value::as_str),
        LOG_OPTIONS => Some(member),
        _ => None,
    };
    let name = name.unwrap_or_default().to_ascii_uppercase();
    ["PASSWORD", "SECRET", "TOKEN", "KEY"]
        .iter()
        .any(|word| name.contains(word))
}
