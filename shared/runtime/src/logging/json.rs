//! Turns events into lines of JSON, with the fields of the spans around them.

use greenlight_core::figures::LOG_TARGET;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::fmt;
use std::io::Write as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Names that belong to the line and not to an event; a field of such a name is written with an underscore after it.
const OWN: [&str; 2] = ["timestamp", "level"];

/// The field of an event of [`LOG_TARGET`] that is the line.
const LINE: &str = "line";

/// Writes each event as one line.
#[derive(Debug)]
pub(super) struct Lines<W> {
    writer: W,
}

impl<W> Lines<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut said = Fields::default();
        event.record(&mut said);

        if event.metadata().target() == LOG_TARGET {
            // CloudWatch takes figures only from a line that holds nothing before and after them.
            if let Some(Value::String(line)) = said.0.get(LINE) {
                self.write(line);
            }
            return;
        }
        let mut line = Map::new();
        line.insert(
            "timestamp".to_owned(),
            format!("{:.3}", Timestamp::now()).into(),
        );
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert(
            "message".to_owned(),
            said.0.shift_remove("message").unwrap_or_default(),
        );
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.extend(fields.0.clone());
            }
        }
        line.extend(said.0);

        self.write(&Value::Object(line).to_string());
    }
}

impl<W: for<'a> MakeWriter<'a>> Lines<W> {
    fn write(&self, line: &str) {
        let mut bytes = line.as_bytes().to_vec();
        bytes.push(b'\n');
        // There is nowhere to say that nothing can be said.
        let _ = self.writer.make_writer().write_all(&bytes);
    }
}

/// The fields of an event or a span.
#[derive(Debug, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        let mut name = field.name().to_owned();
        if OWN.contains(&name.as_str()) {
            name.push('_');
        }
        self.0.insert(name, value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::Registry;
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(filter: &str, act: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let filter: Targets = filter.parse().unwrap();
        let lines = Lines::new(move || writer.clone()).with_filter(filter);
        tracing::subscriber::with_default(Registry::default().with(lines), act);
        let bytes = written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_has_time_level_message_and_the_fields_of_the_event_and_its_spans_side_by_side() {
        let lines = lines("info", || {
            let _invocation = tracing::info_span!(
                "invocation",
                request_id = "r-1",
                deployment = tracing::field::Empty
            )
            .entered();
            let target = tracing::info_span!("target", target = "api-test");
            let _target = target.enter();
            tracing::Span::current().record("target", "api-prod");
            tracing::warn!(
                attempts = 3,
                refused = true,
                "image `{}` is gone",
                "mco/api"
            );
        });
        let [line] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        let mut line = line.as_object().unwrap().clone();
        let timestamp = line.shift_remove("timestamp").unwrap();
        let timestamp = timestamp.as_str().unwrap();
        assert!(
            timestamp.parse::<Timestamp>().is_ok() && timestamp.ends_with('Z'),
            "{timestamp}"
        );
        assert_eq!(timestamp.len(), "2026-11-22T10:00:00.000Z".len());
        assert_eq!(
            Value::Object(line),
            serde_json::json!({
                "level": "WARN", "message": "image `mco/api` is gone",
                "request_id": "r-1", "target": "api-prod", "attempts": 3, "refused": true,
            })
        );
    }

    #[test]
    fn figures_are_written_as_they_are_whatever_the_spans_around_them_say() {
        let lines = lines("info", || {
            let _invocation = tracing::info_span!("invocation", request_id = "r-1").entered();
            let line = serde_json::json!({"_aws": {"Timestamp": 1}, "Started": 1.0}).to_string();
            tracing::info!(target: LOG_TARGET, line);
        });
        assert_eq!(
            lines,
            [serde_json::json!({"_aws": {"Timestamp": 1}, "Started": 1.0})]
        );
    }

    #[test]
    fn a_field_cannot_overwrite_the_lines_own() {
        let lines = lines("info", || {
            tracing::info!(timestamp = 1, level = "none", "here");
        });
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["level_"], "none");
        assert_eq!(lines[0]["timestamp_"], 1);
    }

    #[test]
    fn a_message_of_several_lines_stays_on_one() {
        let lines = lines("info", || tracing::info!("first\nsecond \"quoted\""));
        assert_eq!(lines[0]["message"], "first\nsecond \"quoted\"");
    }

    #[test]
    fn the_filter_takes_a_level_for_each_crate() {
        let lines = lines("warn,greenlight_aws=debug", || {
            tracing::info!(target: "greenlight_core", "left out");
            tracing::debug!(target: "greenlight_aws::ecs", "kept");
            tracing::warn!(target: "hyper", "kept");
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
}
