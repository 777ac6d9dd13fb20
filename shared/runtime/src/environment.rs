//! Every environment variable that a function reads: its name, what it means, and what happens without it.
//!
//! `docs/environment.md` is written from this list, and a test fails where the page is stale. What the values become
//! is in `config.rs`.

use std::fmt::Write as _;

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is for, as a sentence.
    pub meaning: &'static str,
    /// What happens where it is not set.
    pub without: Without,
}

/// What happens where a variable is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// The function refuses to start.
    Refused,
    /// This value is used.
    Default(&'static str),
    /// The feature is not used.
    Unused,
}

/// The `DynamoDB` table.
pub const TABLE: Variable = Variable {
    name: "GREENLIGHT_TABLE",
    meaning: "The name or ARN of the DynamoDB table that holds targets, deployments and records.",
    without: Without::Refused,
};

/// The event bus.
pub const BUS: Variable = Variable {
    name: "GREENLIGHT_BUS",
    meaning: "The name or ARN of the EventBridge bus that Greenlight's own events are sent to.",
    without: Without::Default("default"),
};

/// The function behind a gate.
pub const HOOK: Variable = Variable {
    name: "GREENLIGHT_HOOK",
    meaning: "The name or ARN of the function `validate-green`, which is written into the AppSpec of a target that \
              has gates.",
    without: Without::Unused,
};

/// The queue of pushes that were given up on.
pub const PUSH_DEAD_LETTERS: Variable = Variable {
    name: "GREENLIGHT_PUSH_DEAD_LETTERS",
    meaning: "For `greenlight replay`: the URL of the queue of pushes that were given up on, the stack's output \
              `PushDeadLetterQueueUrl`.",
    without: Without::Unused,
};

/// The queue of everything else that was given up on.
pub const FUNCTION_DEAD_LETTERS: Variable = Variable {
    name: "GREENLIGHT_FUNCTION_DEAD_LETTERS",
    meaning: "For `greenlight replay`: the URL of the queue of other events that were given up on, the stack's output \
              `FunctionDeadLetterQueueUrl`.",
    without: Without::Unused,
};

/// The log filter.
pub const LOG: Variable = Variable {
    name: "GREENLIGHT_LOG",
    meaning: "What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), or a list such as \
              `info,greenlight_aws=debug`.",
    without: Without::Default("info"),
};

/// The clock of a rehearsal.
pub const CLOCK: Variable = Variable {
    name: "GREENLIGHT_CLOCK",
    meaning: "For rehearsals: how many times as fast the time runs, and since when (`20@2026-11-25T10:00:00Z`).",
    without: Without::Unused,
};

/// The AWS region.
pub const REGION: Variable = Variable {
    name: "AWS_REGION",
    meaning: "The region whose services are called. Lambda sets it.",
    without: Without::Refused,
};

/// The first half of the credentials.
pub const ACCESS_KEY_ID: Variable = Variable {
    name: "AWS_ACCESS_KEY_ID",
    meaning: "The access key of the function's role. Lambda sets it.",
    without: Without::Refused,
};

/// The second half of the credentials.
pub const SECRET_ACCESS_KEY: Variable = Variable {
    name: "AWS_SECRET_ACCESS_KEY",
    meaning: "The secret key of the function's role. Lambda sets it.",
    without: Without::Refused,
};

/// The session of temporary credentials.
pub const SESSION_TOKEN: Variable = Variable {
    name: "AWS_SESSION_TOKEN",
    meaning: "The session token of the function's role. Lambda sets it.",
    without: Without::Unused,
};

/// One endpoint for every service.
pub const ENDPOINT_URL: Variable = Variable {
    name: "AWS_ENDPOINT_URL",
    meaning: "An endpoint that is called instead of every service's own, such as the rehearsal's.",
    without: Without::Unused,
};

/// The prefix of the variables that name one service's endpoint.
pub const SERVICE_ENDPOINT_URL: Variable = Variable {
    name: "AWS_ENDPOINT_URL_<SERVICE>",
    meaning: "The same for one service, before `AWS_ENDPOINT_URL`: `AWS_ENDPOINT_URL_ECS`, \
              `AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2`.",
    without: Without::Unused,
};

/// A file of certificates.
pub const CA_BUNDLE: Variable = Variable {
    name: "AWS_CA_BUNDLE",
    meaning: "A file of certificates in PEM form, which alone are trusted, as the AWS CLI does.",
    without: Without::Unused,
};

/// Where Lambda's runtime listens.
pub const RUNTIME_API: Variable = Variable {
    name: "AWS_LAMBDA_RUNTIME_API",
    meaning: "Where the function asks for its events. Lambda sets it.",
    without: Without::Refused,
};

/// The function's name.
pub const FUNCTION_NAME: Variable = Variable {
    name: "AWS_LAMBDA_FUNCTION_NAME",
    meaning: "The name of the function. Lambda sets it.",
    without: Without::Refused,
};

/// The function's version.
pub const FUNCTION_VERSION: Variable = Variable {
    name: "AWS_LAMBDA_FUNCTION_VERSION",
    meaning: "The version of the function. Lambda sets it.",
    without: Without::Refused,
};

/// The function's memory.
pub const FUNCTION_MEMORY_SIZE: Variable = Variable {
    name: "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    meaning: "The memory of the function in MB. Lambda sets it.",
    without: Without::Refused,
};

/// All of them, in the order in which they are documented.
pub const ALL: [Variable; 18] = [
    TABLE,
    BUS,
    HOOK,
    PUSH_DEAD_LETTERS,
    FUNCTION_DEAD_LETTERS,
    LOG,
    CLOCK,
    REGION,
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    ENDPOINT_URL,
    SERVICE_ENDPOINT_URL,
    CA_BUNDLE,
    RUNTIME_API,
    FUNCTION_NAME,
    FUNCTION_VERSION,
    FUNCTION_MEMORY_SIZE,
];

/// The page `docs/environment.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Environment of the functions\n\n\
         Written from `shared/runtime/src/environment.rs`; a test fails where this page is stale.\n\n\
         | variable | meaning | without it |\n|---|---|---|\n",
    );
    for variable in ALL {
        let without = match variable.without {
            Without::Refused => "the function refuses to start".to_owned(),
            Without::Default(value) => format!("`{value}`"),
            Without::Unused => "not used".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {without} |",
            variable.name, variable.meaning
        );
    }
    page.push_str(
        "\nAn empty value counts as not set. Everything that is wrong is reported at once, when the function starts, \
         as an error of the initialisation (`Config.Invalid`) that Lambda shows and logs.\n",
    );
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_of_environment_variables_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/environment.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        if std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
            std::fs::write(path, super::reference()).unwrap();
        } else {
            assert!(
                written == super::reference(),
                "docs/environment.md is stale. hint: run this test once with GREENLIGHT_WRITE_DOCS=1"
            );
        }
    }
}
