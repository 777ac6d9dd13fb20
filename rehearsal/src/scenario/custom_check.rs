//! A function of the team's own is asked: it says that it needs more time, then that it found something, and of the
//! next image that all is well. It was told what is deployed, and where the test listener is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::both::{Found, Pair, Side};
use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::functions::Handler;

/// The targets whose gates ask it.
pub(super) const TARGETS: &str = "rehearsal/sample/gated-custom-check.yaml";

/// The team's function.
const FUNCTION: &str = "greenlight-check-smoke";

/// What is known to the team's function. Clones are the same.
#[derive(Debug, Clone, Default)]
struct SmokeTest(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The digests of images in which something is wrong.
    bad: BTreeSet<String>,
    /// What it was asked, oldest first.
    asked: Vec<Value>,
}

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let test = SmokeTest::default();
    let functions = stage.sample.account.functions();
    functions.register(FUNCTION, test.handler());
    // A target whose check asks a function that is not there is refused.
    stage.register(TARGETS).await?;

    let v1 = stage.first();
    let v2 = stage.push_to_both(&ImageSpec::healthy("v2"))?;
    test.dislikes(&v2);
    stage.until_quiet().await?;
    let records = expectations.both_turned_away(stage, &v2, &v1).await?;
    let no = Found {
        point: "test_traffic",
        check: "lambda (smoke)",
        verdict: "failed",
        words: &[
            "2 of 3 orders were taken",
            "order 3: the basket is empty",
            "\"value\":2",
            "\"failed\":1",
        ],
    };
    expectations.both_found(&records, no);
    test.was_told(stage, expectations, &v2);

    let v3 = stage.release_at_both(&ImageSpec::healthy("v3")).await?;
    let records = expectations.both_took_over(stage, &v3).await?;
    let yes = Found {
        verdict: "passed",
        words: &["3 of 3 orders were taken", "\"value\":3"],
        ..no
    };
    expectations.both_found(&records, yes);
    test.was_told(stage, expectations, &v3);
    Ok(())
}

impl SmokeTest {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dislikes(&self, images: &Pair) {
        let digests = Side::BOTH.map(|side| images.of(side).to_owned());
        self.known().bad.extend(digests);
    }

    /// What runs when the function is invoked.
    fn handler(&self) -> Handler {
        let test = self.clone();
        Arc::new(move |invocation| {
            let answer = test.answer(invocation.payload);
            async move { Ok(answer) }.boxed()
        })
    }

    /// Not yet, the first time that it is asked about an image; then it knows.
    fn answer(&self, asked: Value) -> Value {
        let mut known = self.known();
        let is_first = !known.asked.iter().any(|it| images(it) == images(&asked));
        let text = images(&asked).to_string();
        let is_bad = known.bad.iter().any(|digest| text.contains(digest));
        known.asked.push(asked);
        if is_first {
            json!({"verdict": "pending", "summary": "the orders are under way"})
        } else if is_bad {
            json!({
                "verdict": "failed", "summary": "2 of 3 orders were taken", "value": 2,
                "evidence": ["order 3: the basket is empty"],
            })
        } else {
            json!({"verdict": "passed", "summary": "3 of 3 orders were taken", "value": 3})
        }
    }

    /// Notes that it was asked of both images at least twice, and told all that it needs.
    fn was_told(&self, stage: &Stage, expectations: &mut Expectations, pair: &Pair) {
        let listeners = [stage.test_url(), stage.web_test_url()];
        for (side, listener) in Side::BOTH.into_iter().zip(listeners) {
            let asked = self.known().asked.clone();
            let of_this = |asked: &&Value| images(asked).to_string().contains(pair.of(side));
            let asked: Vec<&Value> = asked.iter().filter(of_this).collect();
            let listener = listener.trim_end_matches('/');
            let is_told = |asked: &&Value| {
                asked["target"] == side.target()
                    && asked["parameters"] == json!({"orders": 3})
                    && asked.to_string().contains(listener)
            };
            let found = asked.first().map_or(Value::Null, |first| (*first).clone());
            expectations.expect(
                &format!(
                    "{}: the function is asked again, and told images, parameters and test listener",
                    side.who()
                ),
                asked.len() >= 2 && asked.iter().all(is_told),
                format!("asked {} times: {found}", asked.len()),
            );
        }
    }
}

/// What is deployed, as the function is told.
fn images(asked: &Value) -> &Value {
    &asked["images"]
}
