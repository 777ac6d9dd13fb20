//! Logs: one JSON object a line on standard output, in the form that Lambda and its log queries read.
//!
//! Every line has `timestamp`, `level` and `message`; the fields of the event and of the spans around it lie beside
//! them, flat. What is logged under which name is in `docs/logging.md`. There is no colour and no text form: the
//! rehearsal reads these lines and shows them to people.

mod json;

pub use greenlight_aws::chain;

use greenlight_core::figures::LOG_TARGET;

use std::sync::Once;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry};

/// Where `lambda_runtime` logs whole events, at `TRACE`.
const EVENTS: &str = "lambda_runtime::layers::api_response";

/// The filter without whole events: a job of CodePipeline holds live credentials.
fn without_events(filter: Targets) -> Targets {
    if filter.would_enable(EVENTS, &Level::TRACE) {
        filter.with_target(EVENTS, LevelFilter::DEBUG)
    } else {
        filter
    }
}

/// Sends what passes the filter to standard output, and panics with it. Only the first call counts.
pub fn init(filter: Targets) {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        // lambda_runtime logs every error and panic of a handler in `Debug` form; they are logged here already.
        let filter = filter.with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
        // Figures are no messages: they are there at every level.
        let filter = without_events(filter).with_target(LOG_TARGET, LevelFilter::INFO);
        let lines = json::Lines::new(std::io::stdout).with_filter(filter);
        // Somebody else's subscriber may be installed already, in which case theirs stays.
        let _ = tracing::subscriber::set_global_default(Registry::default().with(lines));
        std::panic::set_hook(Box::new(|panic| {
            let message = panic
                .payload_as_str()
                .unwrap_or("a panic without a message");
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            tracing::error!(place, "panicked: {message}");
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_kept_out_and_nothing_is_let_in_for_it() {
        for (filter, debug) in [
            ("trace", true),
            ("debug", true),
            ("info", false),
            ("off", false),
        ] {
            let filter = without_events(filter.parse().unwrap());
            assert!(!filter.would_enable(EVENTS, &Level::TRACE));
            assert_eq!(filter.would_enable(EVENTS, &Level::DEBUG), debug);
        }
    }
}
