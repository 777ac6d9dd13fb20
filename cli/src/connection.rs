//! The way to an installation of Greenlight, from the environment and the arguments.

use greenlight_aws::Clients;
use greenlight_aws::table::Table;
use greenlight_deployer::Deployer;
use greenlight_deployer::clock::{Clock, NoClock};
use greenlight_deployer::probe::Probe;
use greenlight_runtime::aws::sdk_config;
use greenlight_runtime::config::{AwsConfig, ConfigError, Variables};
use greenlight_runtime::environment;
use greenlight_runtime::http::{TrustError, shared_client};

use crate::arguments::Place;

const DEFAULT_TABLE: &str = "greenlight";
const DEFAULT_BUS: &str = "default";

/// Why there is no way to an installation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("it is not known which AWS account and region to ask")]
    Environment(#[source] ConfigError),
    #[error("the certificates to trust could not be read")]
    Trust(#[source] TrustError),
    #[error("`{}` is not understood", environment::CLOCK.name)]
    Clock(#[source] NoClock),
}

/// The deployer of the installation that `place` and the process's environment name.
pub(crate) fn open(place: &Place) -> Result<Deployer, ConnectionError> {
    with(place, variables())
}

/// The URLs of the dead-letter queues, as far as the environment names them.
#[derive(Debug, Default)]
pub(crate) struct DeadLetters {
    pub(crate) push: Option<String>,
    pub(crate) functions: Option<String>,
}

/// The dead-letter queues that the process's environment names.
pub(crate) fn dead_letters() -> DeadLetters {
    let variables = variables();
    DeadLetters {
        push: set(&variables, environment::PUSH_DEAD_LETTERS.name),
        functions: set(&variables, environment::FUNCTION_DEAD_LETTERS.name),
    }
}

/// The name of whoever is logged in, as far as the environment tells.
pub(crate) fn user() -> String {
    let variables = variables();
    let named = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| set(&variables, name));
    named.unwrap_or_else(|| "unknown".to_owned())
}

fn variables() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// A variable that is set, and not to nothing.
fn set(variables: &Variables, name: &str) -> Option<String> {
    let value = variables.get(name)?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn with(place: &Place, mut variables: Variables) -> Result<Deployer, ConnectionError> {
    let region = place.region.clone().or_else(|| {
        // The AWS CLI's variable counts where the one of the SDKs is not set.
        let set = variables
            .get(environment::REGION.name)
            .is_some_and(|region| !region.is_empty());
        if set {
            None
        } else {
            variables.get("AWS_DEFAULT_REGION").cloned()
        }
    });
    if let Some(region) = region {
        variables.insert(environment::REGION.name.to_owned(), region);
    }
    let table = place
        .table
        .clone()
        .or_else(|| set(&variables, environment::TABLE.name))
        .unwrap_or_else(|| DEFAULT_TABLE.to_owned());
    let clock = match set(&variables, environment::CLOCK.name) {
        Some(text) => text.parse().map_err(ConnectionError::Clock)?,
        None => Clock::System,
    };
    let config = AwsConfig::parse(&variables).map_err(ConnectionError::Environment)?;
    let http = shared_client(&config).map_err(ConnectionError::Trust)?;
    let clients = Clients::new(&sdk_config(&config, http));
    Ok(Deployer {
        table: Table::new(clients.clone(), table),
        clients,
        bus: set(&variables, environment::BUS.name).unwrap_or_else(|| DEFAULT_BUS.to_owned()),
        hook_function: set(&variables, environment::HOOK.name),
        probe: Probe::new(),
        clock,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region_of(place: &Place, variables: &[(&str, &str)]) -> Result<String, String> {
        let mut all: Variables = [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ]
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        all.remove("AWS_CA_BUNDLE");
        let deployer = with(place, all).map_err(|error| greenlight_aws::chain(&error))?;
        let region = deployer
            .clients
            .ecs
            .config()
            .region()
            .map(ToString::to_string);
        Ok(region.unwrap_or_default())
    }

    fn place(region: Option<&str>) -> Place {
        Place {
            table: None,
            region: region.map(str::to_owned),
        }
    }

    #[test]
    fn an_argument_counts_before_the_environment() {
        let both = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-2"),
        ];
        assert_eq!(
            region_of(&place(Some("us-east-1")), &both),
            Ok("us-east-1".into())
        );
        assert_eq!(region_of(&place(None), &both), Ok("eu-west-1".into()));
        assert_eq!(region_of(&place(None), &both[1..]), Ok("eu-west-2".into()));
    }

    #[test]
    fn what_is_missing_is_named() {
        let message =
            with(&place(None), Variables::new()).map_err(|error| greenlight_aws::chain(&error));
        let message = message.unwrap_err();
        for variable in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert!(message.contains(variable), "{message}");
        }
    }
}
