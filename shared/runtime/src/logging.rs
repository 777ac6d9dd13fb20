//! Logs: one JSON object a line on standard output, in the form that Lambda and its log queries read.
//!
//! Every line has `timestamp`, `level` and `message`; the fields of the event and of the spans around it lie beside
//! them, flat. What is logged under which name is in `docs/logging.md`. There is no colour and no text form: the
//! rehearsal reads these lines and shows them to people.

mod json;

pub use greenlight_aws::chain;

use std::sync::Once;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry};

/// Sends what passes the filter to standard output, and panics with it. Only the first call counts.
pub fn init(filter: Targets) {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        // lambda_runtime logs every error and panic of a handler in `Debug` form; they are logged here already.
        let filter = filter.with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
        // At `TRACE` it logs whole events, and a job of CodePipeline holds live credentials.
        let filter = filter.with_target("lambda_runtime::layers::api_response", LevelFilter::DEBUG);
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
