//! What a function is told by its environment, parsed once when it starts.
//!
//! All problems are found before any is reported, so that one look at one message is enough. The variables and their
//! meanings are in `environment.rs`; nothing here reads the process's environment, so tests hand in a map.

use crate::environment::{self, Variable, Without};
use aws_credential_types::Credentials;
use greenlight_deployer::clock::Clock;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr as _;
use tracing_subscriber::filter::Targets;

/// The variables of a process.
pub type Variables = BTreeMap<String, String>;

/// What a function is told by its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The name or ARN of the table.
    pub table: String,
    /// The name or ARN of the bus that Greenlight's own events are sent to.
    pub bus: String,
    /// The name or ARN of the function that answers `CodeDeploy`'s lifecycle hooks.
    pub hook: Option<String>,
    /// What is logged.
    pub log: Targets,
    /// The time.
    pub clock: Clock,
    /// How AWS is reached.
    pub aws: AwsConfig,
}

/// How AWS is reached, and as whom.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// The region whose services are called.
    pub region: String,
    /// Who calls them.
    pub credentials: Credentials,
    /// The endpoint of every service that has none of its own.
    pub endpoint_url: Option<String>,
    /// The endpoints of single services, by the end of the variable's name (`ELASTIC_LOAD_BALANCING_V2`).
    pub service_endpoint_urls: BTreeMap<String, String>,
    /// The file of the only certificates that are trusted.
    pub ca_bundle: Option<PathBuf>,
}

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to read the configuration from the environment: {}", .problems.join("; "))]
pub struct ConfigError {
    /// Each problem as a phrase that names its variable.
    pub problems: Vec<String>,
}

impl Config {
    /// Reads a function's configuration.
    ///
    /// # Errors
    /// Names every variable that is missing or not understood.
    pub fn parse(variables: &Variables) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(variables);
        let table = reader.text(environment::TABLE);
        let bus = reader.text(environment::BUS);
        let hook = reader.optional(environment::HOOK);
        let log = reader.log_filter();
        let clock = reader.clock();
        let aws = reader.aws();
        reader.check_lambda();
        reader.finish(Self {
            table,
            bus,
            hook,
            log,
            clock,
            aws,
        })
    }
}

impl AwsConfig {
    /// Reads only how AWS is reached.
    ///
    /// # Errors
    /// Names every variable that is missing or not understood.
    pub fn parse(variables: &Variables) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(variables);
        let aws = reader.aws();
        reader.finish(aws)
    }
}

/// Reads values, gives a stand-in for each that is wrong, and remembers what was wrong with it.
struct Reader<'a> {
    variables: &'a Variables,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            problems: Vec::new(),
        }
    }

    /// `value`, unless there were problems.
    fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            Ok(value)
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }

    fn optional(&self, variable: Variable) -> Option<String> {
        self.variables
            .get(variable.name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    fn text(&mut self, variable: Variable) -> String {
        match (self.optional(variable), variable.without) {
            (Some(value), _) => value,
            (None, Without::Default(value)) => value.to_owned(),
            (None, Without::Refused | Without::Unused) => {
                self.problems
                    .push(format!("`{}` is not set", variable.name));
                String::new()
            }
        }
    }

    fn log_filter(&mut self) -> Targets {
        let filter = self.text(environment::LOG);
        Targets::from_str(&filter).unwrap_or_else(|_| {
            self.problems.push(format!(
                "`{}` is `{filter}`, which is neither a level such as `info` nor a list such as \
                 `info,greenlight_aws=debug`",
                environment::LOG.name
            ));
            Targets::new()
        })
    }

    fn clock(&mut self) -> Clock {
        let Some(text) = self.optional(environment::CLOCK) else {
            return Clock::System;
        };
        text.parse().unwrap_or_else(|error| {
            self.problems
                .push(format!("`{}`: {error}", environment::CLOCK.name));
            Clock::System
        })
    }

    fn aws(&mut self) -> AwsConfig {
        let region = self.text(environment::REGION);
        let credentials = Credentials::new(
            self.text(environment::ACCESS_KEY_ID),
            self.text(environment::SECRET_ACCESS_KEY),
            self.optional(environment::SESSION_TOKEN),
            None,
            "environment",
        );
        let endpoint_url = self.optional(environment::ENDPOINT_URL);
        if let Some(url) = &endpoint_url {
            self.check_endpoint(environment::ENDPOINT_URL.name, url);
        }
        AwsConfig {
            region,
            credentials,
            endpoint_url,
            service_endpoint_urls: self.service_endpoints(),
            ca_bundle: self.optional(environment::CA_BUNDLE).map(PathBuf::from),
        }
    }

    /// `lambda_runtime` reads these itself, and panics where one is missing or wrong.
    fn check_lambda(&mut self) {
        self.text(environment::RUNTIME_API);
        self.text(environment::FUNCTION_NAME);
        self.text(environment::FUNCTION_VERSION);
        let memory = self.text(environment::FUNCTION_MEMORY_SIZE);
        if !memory.is_empty() && memory.parse::<i32>().is_err() {
            self.problems.push(format!(
                "`{}` is `{memory}`, which is not a number of megabytes",
                environment::FUNCTION_MEMORY_SIZE.name
            ));
        }
    }

    fn service_endpoints(&mut self) -> BTreeMap<String, String> {
        let prefix = format!("{}_", environment::ENDPOINT_URL.name);
        let mut endpoints = BTreeMap::new();
        for (name, url) in self.variables {
            let Some(service) = name.strip_prefix(&prefix) else {
                continue;
            };
            let url = url.trim();
            if !service.is_empty() && !url.is_empty() {
                self.check_endpoint(name, url);
                endpoints.insert(service.to_owned(), url.to_owned());
            }
        }
        endpoints
    }

    fn check_endpoint(&mut self, name: &str, url: &str) {
        let authority = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let host = authority.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        if host.is_none_or(str::is_empty) || url.contains(char::is_whitespace) {
            self.problems.push(format!(
                "`{name}` is `{url}`, which is not a URL such as `http://127.0.0.1:4566`"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Variables {
        [
            ("GREENLIGHT_TABLE", "greenlight"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-nobody"),
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
            ("AWS_LAMBDA_FUNCTION_NAME", "deploy-on-push"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn with(changes: &[(&str, &str)]) -> Variables {
        let mut variables = complete();
        variables.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        variables
    }

    fn problems(variables: &Variables) -> Vec<String> {
        Config::parse(variables).unwrap_err().problems
    }

    #[test]
    fn what_lambda_sets_and_a_table_are_enough() {
        let config = Config::parse(&complete()).unwrap();
        assert_eq!(config.table, "greenlight");
        assert_eq!(config.bus, "default");
        assert_eq!(config.hook, None);
        assert_eq!(config.log.to_string(), "info");
        assert_eq!(config.aws.region, "eu-west-1");
        assert_eq!(
            config.aws.credentials.access_key_id(),
            "AKIAIOSFODNN7EXAMPLE"
        );
        assert_eq!(config.aws.credentials.session_token(), None);
        assert_eq!(config.aws.endpoint_url, None);
        assert!(config.aws.service_endpoint_urls.is_empty());
        assert_eq!(config.aws.ca_bundle, None);
    }

    #[test]
    fn endpoints_bus_filter_and_bundle_are_taken_from_the_environment() {
        let config = Config::parse(&with(&[
            ("GREENLIGHT_BUS", "deployments"),
            (
                "GREENLIGHT_HOOK",
                "CodeDeployHook_greenlight-validate-green",
            ),
            ("GREENLIGHT_LOG", "warn,greenlight_aws=debug"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
            (
                "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
                "https://localhost:9/elb",
            ),
            ("AWS_ENDPOINT_URL_ECS", " "),
            ("AWS_CA_BUNDLE", "ca.pem"),
        ]))
        .unwrap();
        assert_eq!(config.bus, "deployments");
        assert_eq!(
            config.hook.as_deref(),
            Some("CodeDeployHook_greenlight-validate-green")
        );
        assert_eq!(
            config.log.default_level(),
            Some(tracing::level_filters::LevelFilter::WARN)
        );
        assert_eq!(config.aws.credentials.session_token(), Some("token"));
        assert_eq!(
            config.aws.endpoint_url.as_deref(),
            Some("http://127.0.0.1:4566")
        );
        assert_eq!(
            config.aws.service_endpoint_urls,
            BTreeMap::from([(
                "ELASTIC_LOAD_BALANCING_V2".to_owned(),
                "https://localhost:9/elb".to_owned()
            )])
        );
        assert_eq!(config.aws.ca_bundle, Some(PathBuf::from("ca.pem")));
    }

    #[test]
    fn every_variable_without_which_a_function_cannot_start_is_named_at_once() {
        let required = environment::ALL
            .iter()
            .filter(|variable| variable.without == Without::Refused);
        let expected: Vec<String> = required
            .map(|variable| format!("`{}` is not set", variable.name))
            .collect();
        assert_eq!(problems(&Variables::new()), expected);
        assert_eq!(expected.len(), complete().len());
        assert_eq!(
            problems(&with(&[("GREENLIGHT_TABLE", "  ")])),
            ["`GREENLIGHT_TABLE` is not set"]
        );
    }

    #[test]
    fn values_that_are_not_understood_are_shown_with_what_was_expected() {
        let problems = problems(&with(&[
            ("GREENLIGHT_LOG", "loud=very"),
            ("AWS_ENDPOINT_URL", "localhost:4566"),
            ("AWS_ENDPOINT_URL_ECS", "http:///path"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "lots"),
        ]));
        assert_eq!(
            problems,
            [
                "`GREENLIGHT_LOG` is `loud=very`, which is neither a level such as `info` nor a list such as \
                 `info,greenlight_aws=debug`",
                "`AWS_ENDPOINT_URL` is `localhost:4566`, which is not a URL such as `http://127.0.0.1:4566`",
                "`AWS_ENDPOINT_URL_ECS` is `http:///path`, which is not a URL such as `http://127.0.0.1:4566`",
                "`AWS_LAMBDA_FUNCTION_MEMORY_SIZE` is `lots`, which is not a number of megabytes",
            ]
        );
    }

    #[test]
    fn secrets_are_not_shown_by_debug() {
        let config = Config::parse(&complete()).unwrap();
        assert!(!format!("{config:?}").contains("secret-of-nobody"));
    }
}
