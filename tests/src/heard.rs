//! What is logged while a test runs.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use tracing::{Event, Level, Metadata, Subscriber, field::Field, subscriber::DefaultGuard};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
};

/// The lines that are logged on this thread at the usual level: a field after the other, as `name=value`.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// Listens until the guard is dropped.
    pub fn listen() -> (Self, DefaultGuard) {
        let heard = Self::default();
        let subscriber = Registry::default().with(heard.clone());
        (heard, tracing::subscriber::set_default(subscriber))
    }

    /// What was logged so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = String::new();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            let _ = write!(line, "{field}={value:?} ");
        });
        self.0.lock().unwrap().push(line);
    }
}
