//! The page: HTML that is made by [`maud`], which escapes whatever comes from outside.
//!
//! It has no script, no link to anything outside, and no `<use>`: CloudWatch would take them out. Its colours are its own
//! (`cwdb-no-default-styles`), so that what is tested here is what is seen there.

mod button;
mod by_hand;
mod gates;
mod overview;
mod style;
mod target;
mod timeline;

use maud::{Markup, html};
use serde_json::json;

use crate::{
    act::Outcome,
    form::Form,
    limits,
    screen::{Screen, Theme},
    standing::{Standing, Tone},
    time::Times,
};
use button::Button;

/// What is the same on each page of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    /// The function that the buttons call: this one, as it was called.
    pub(crate) endpoint: &'a str,
    pub(crate) screen: &'a Screen,
    pub(crate) times: Times,
    pub(crate) form: &'a Form,
}

impl Page<'_> {
    /// The whole widget.
    pub(crate) fn framed(&self, content: &Markup) -> Markup {
        let theme = match self.screen.theme {
            Theme::Light => "gl-light",
            Theme::Dark => "gl-dark",
        };
        html! {
            (style::of(self.screen.theme))
            div class={ "gl cwdb-no-default-styles " (theme) } {
                div class=[self.screen.is_narrow().then_some("gl-narrow")] { (content) }
            }
        }
    }

    /// With a button to the overview behind it.
    pub(crate) fn with_way_back(&self, content: &Markup) -> Markup {
        html! {
            (content)
            p { (self.button(&Button::view("All targets", json!({})))) }
        }
    }

    /// A time, and how long ago that is.
    fn when(&self, at: jiff::Timestamp) -> Markup {
        html! {
            time datetime=(at) title=(self.times.local(at)) { (self.times.relative(at)) }
        }
    }
}

/// What came of what somebody asked for.
pub(crate) fn notice(outcome: &Outcome) -> Markup {
    let role = match outcome.tone {
        Tone::Bad | Tone::Warning => "alert",
        _ => "status",
    };
    html! {
        p class={ "gl-notice " (outcome.tone.class()) } role=(role) {
            span aria-hidden="true" { (outcome.tone.sign()) " " }
            (greenlight_core::excerpt(&outcome.text, 3 * limits::SENTENCE))
        }
    }
}

/// A word in its colour, with a sign.
fn mark(tone: Tone, word: &str) -> Markup {
    html! {
        span class={ "gl-mark " (tone.class()) } {
            span aria-hidden="true" { (tone.sign()) " " }
            (word)
        }
    }
}

fn standing(standing: &Standing) -> Markup {
    html! {
        (mark(standing.tone, standing.word))
        @if let Some(text) = &standing.text {
            div class="gl-why" { (limits::sentence(text)) }
        }
    }
}
