//! Credentials appear nowhere: everything that a scenario has put out is searched for them.
//!
//! What functions and the command line tool print is searched as it is printed, before anything is left out, and
//! noted in the journal; here the rest is: journal, timeline, wire file and report.

use super::expectations::Expectation;
use super::stage::Stage;
use crate::account::journal::Entry;
use crate::report::Report;
use crate::timeline::Line;
use crate::{secrets, wire};

/// That no credential is anywhere in what a scenario has put out.
pub(super) fn appear_nowhere(stage: &Stage, report: &Report) -> Expectation {
    let found = found(stage, report);
    Expectation {
        name: "no credential is logged, printed or written down".to_owned(),
        met: found.is_empty(),
        found: if found.is_empty() {
            "none is".to_owned()
        } else {
            found.join("; ")
        },
    }
}

fn found(stage: &Stage, report: &Report) -> Vec<String> {
    let journal = stage.sample.account.journal();
    let mut found = Vec::new();
    let mut search = |place: &str, text: &str| {
        if let Some(mark) = secrets::in_text(text) {
            found.push(format!("{place}: {mark}…"));
        }
    };
    for entry in journal.entries(0) {
        match &entry {
            Entry::Call(call) => {
                let place = format!("the journal's {}:{}", call.service, call.operation);
                search(&place, &call.request.to_string());
                search(&place, &call.response.to_string());
            }
            // These name what was found elsewhere.
            Entry::Happening(it) if it.service == secrets::SERVICE => {
                search(&it.text, &it.text);
                continue;
            }
            Entry::Happening(it) => search("a happening", &it.text),
        }
        for line in Line::of(&entry) {
            search("the timeline", &line.text);
        }
    }
    let mut lines = Vec::new();
    match wire::write(&journal.calls(), &mut lines) {
        Ok(()) => search("the wire file", &String::from_utf8_lossy(&lines)),
        Err(error) => found.push(format!("the wire file cannot be written: {error}")),
    }
    match serde_json::to_string(report) {
        Ok(text) => {
            if let Some(mark) = secrets::in_text(&text) {
                found.push(format!("the report: {mark}…"));
            }
        }
        Err(error) => found.push(format!("the report cannot be written: {error}")),
    }
    found.dedup();
    found
}
