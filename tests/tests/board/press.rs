//! A person at the board: sees the HTML that comes back, fills in fields, and presses buttons.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::world::{BOARD, World};
use rehearsal::account::functions::FunctionError;
use scraper::{ElementRef, Html, Selector};
use serde_json::{Value, json};

/// What a person sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) html: String,
    document: Html,
}

/// A sample event.
pub(crate) fn sample(name: &str) -> Value {
    let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Shows the board with these parameters.
pub(crate) async fn see(world: &World, parameters: Value) -> Seen {
    see_on(world, parameters, json!({})).await
}

/// The same, with other values in the context.
pub(crate) async fn see_on(world: &World, parameters: Value, context: Value) -> Seen {
    let mut event = sample("widget/overview");
    for (into, more) in [("", parameters), ("widgetContext", context)] {
        let into = if into.is_empty() {
            &mut event
        } else {
            &mut event[into]
        };
        for (key, value) in more.as_object().unwrap() {
            into[key] = value.clone();
        }
    }
    Seen::of(&given(world, event).await.unwrap())
}

/// What the function gives.
pub(crate) async fn given(world: &World, event: Value) -> Result<Value, FunctionError> {
    world.invoke(BOARD, event).await
}

/// Presses a button of a page with these fields filled in.
pub(crate) async fn press(world: &World, seen: &Seen, label: &str, fields: Value) -> Seen {
    let parameters = seen
        .button(label)
        .unwrap_or_else(|| panic!("no button {label}: {}", seen.html));
    see_on(world, parameters, json!({"forms": {"all": fields}})).await
}

impl Seen {
    pub(crate) fn of(given: &Value) -> Self {
        let html = given.as_str().unwrap().to_owned();
        let document = Html::parse_fragment(&html);
        Self { html, document }
    }

    /// The texts of what a selector finds, with single spaces.
    pub(crate) fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.document.select(&selector).map(text).collect()
    }

    /// The text of the only one.
    pub(crate) fn one(&self, selector: &str) -> String {
        let found = self.all(selector);
        let [only] = &found[..] else {
            panic!("{selector}: {found:?}");
        };
        only.clone()
    }

    /// How many there are.
    pub(crate) fn count(&self, selector: &str) -> usize {
        self.all(selector).len()
    }

    /// What a button sends: the content of the action right behind it.
    pub(crate) fn button(&self, label: &str) -> Option<Value> {
        let selector = Selector::parse("button + cwdb-action").unwrap();
        self.document.select(&selector).find_map(|action| {
            let before = action.prev_siblings().find_map(ElementRef::wrap)?;
            let is_it = text(before) == label && before.value().name() == "button";
            is_it.then(|| {
                assert_eq!(action.attr("action"), Some("call"));
                assert!(
                    action
                        .attr("endpoint")
                        .unwrap()
                        .starts_with("arn:aws:lambda:")
                );
                let inner: String = action.text().collect();
                serde_json::from_str(&inner).unwrap()
            })
        })
    }

    /// What is asked before a button does something.
    pub(crate) fn confirmation(&self, label: &str) -> Option<String> {
        let selector = Selector::parse("cwdb-action[confirmation]").unwrap();
        let mut actions = self.document.select(&selector);
        let action = actions.find(|action| {
            let before = action.prev_siblings().find_map(ElementRef::wrap);
            before.is_some_and(|before| text(before) == label)
        });
        action?.attr("confirmation").map(str::to_owned)
    }

    /// Every element, by name and class, in order.
    pub(crate) fn elements(&self) -> Vec<String> {
        elements(&self.document)
    }
}

/// The same of any HTML.
pub(crate) fn elements(document: &Html) -> Vec<String> {
    let all = document
        .root_element()
        .descendants()
        .filter_map(ElementRef::wrap);
    all.map(|it| {
        let mut attributes: Vec<_> = it
            .value()
            .attrs()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        attributes.sort();
        format!("{} {}", it.value().name(), attributes.join(" "))
    })
    .collect()
}

fn text(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
