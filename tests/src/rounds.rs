//! Rounds of `reconcile`, in an account whose events are lost and whose schedules rest.

use rehearsal::account::{
    events::{Disturbance, Pattern},
    functions::FunctionError,
};
use rehearsal::scenario::sample::PIPELINE;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::world::{RECONCILE, World};

/// Longer than anything takes here.
const ROUNDS: usize = 12 * 60;

/// From now on no event of a deployment's course arrives.
pub fn lose_events(world: &World) {
    let patterns = [
        json!({"source": ["aws.codedeploy", "aws.ecs"]}),
        json!({"source": ["aws.codepipeline"], "detail": {"pipeline": [PIPELINE]}}),
    ];
    for pattern in patterns {
        let pattern = Pattern::parse(&pattern).unwrap();
        let events = world.sample.account.events();
        events.disturb(pattern, Disturbance::Drop);
    }
}

/// A minute passes, and with it a round.
pub async fn round(world: &World) -> Result<Value, FunctionError> {
    sleep(Duration::from_mins(1)).await;
    let minute = include_str!("../../events/schedule/minute.json");
    let minute = serde_json::from_str(minute).unwrap();
    world.invoke(RECONCILE, minute).await
}

/// So many rounds, each of which has to succeed. Gives what was repaired: target, repair, text.
pub async fn rounds(world: &World, count: usize) -> Vec<Value> {
    let mut repaired = Vec::new();
    for _ in 0..count {
        let mut answer = round(world).await.unwrap();
        assert_eq!(answer["failed"], json!([]), "{answer}");
        if let Value::Array(more) = answer["repaired"].take() {
            repaired.extend(more);
        }
    }
    repaired
}

/// Rounds until nothing is under way or waits, and a quarter of an hour more, in which each service is looked at.
/// Rounds may fail. Gives how many there were.
pub async fn until_settled(world: &World) -> usize {
    let mut settled = 0;
    for count in 0..ROUNDS {
        let _ = round(world).await;
        let state = world.target().await.state;
        let rests = state.active.is_none() && state.queued.is_none() && state.rollback.is_none();
        settled = if rests { settled + 1 } else { 0 };
        if settled > 15 {
            return count;
        }
    }
    panic!("not settled: {:?}", world.target().await.state);
}
