//! Random histories of pushes, failures, going back, holds, windows, crashes, hands and lost events: they all end in the truth.
//!
//! What may happen is in [`Deed`]; what has to hold in the end in [`History::check`]. A history is made from a seed, so that
//! one that fails can be played again: the message names it.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use fastrand::Rng;
use greenlight_core::record::{DeploymentRecord, Origin, Status};
use greenlight_tests::{
    by_hand::{deploy_by_hand, update_by_hand},
    wire::Fault,
    world::{World, targets_in},
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr,
        events::{Disturbance, Pattern},
    },
    scenario::sample::Stand,
};
use serde_json::json;
use tokio::time::{Duration, sleep};

/// So many deeds make a history.
const DEEDS: usize = 14;

/// What may happen.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Push,
    PushBad,
    /// The tag is given to an image that was pushed before.
    TagAgain,
    RollBack,
    Hold,
    HoldForMinutes,
    Release,
    /// A window is closed, and opens by itself.
    Freeze,
    /// Somebody deploys past Greenlight.
    ByHand,
    LoseEvents,
    EventsComeAgain,
    /// A function dies at one of its next calls, or loses the answer.
    Crash,
    Wait,
}

const WHAT_MAY_HAPPEN: [Deed; 19] = [
    Deed::Push,
    Deed::Push,
    Deed::Push,
    Deed::PushBad,
    Deed::PushBad,
    Deed::TagAgain,
    Deed::RollBack,
    Deed::RollBack,
    Deed::Hold,
    Deed::HoldForMinutes,
    Deed::Release,
    Deed::Freeze,
    Deed::ByHand,
    Deed::LoseEvents,
    Deed::EventsComeAgain,
    Deed::Crash,
    Deed::Crash,
    Deed::Wait,
    Deed::Wait,
];

struct History {
    rng: Rng,
    stand: Stand,
    world: World,
    pushed: Vec<String>,
    told: Vec<String>,
}

impl History {
    async fn begin(seed: u64, stand: Stand) -> Self {
        let world = World::open_stand(stand).await;
        world.sample.account.events().resume_schedules();
        let pushed = vec![world.sample.v1.clone()];
        Self {
            rng: Rng::with_seed(seed),
            stand,
            world,
            pushed,
            told: Vec::new(),
        }
    }

    async fn go_on(&mut self) {
        let deed = WHAT_MAY_HAPPEN[self.rng.usize(..WHAT_MAY_HAPPEN.len())];
        self.told.push(format!("{deed:?}"));
        match deed {
            Deed::Push | Deed::PushBad => {
                let version = format!("v{}", self.pushed.len() + 1);
                let spec = match (deed, self.stand) {
                    (Deed::Push, _) => ImageSpec::healthy(&version),
                    // ECS waits for ever for tasks that never become healthy; the gate does not.
                    (_, Stand::BlueGreen) => ImageSpec::answers_500(&version),
                    _ => ImageSpec::crashes(&version, 1),
                };
                self.pushed.push(self.world.sample.push(&spec).unwrap());
            }
            Deed::TagAgain => {
                let digest = self.some_image();
                if self.world.sample.tagged().as_ref() != Some(&digest) {
                    self.world.sample.tag(&digest).unwrap();
                }
            }
            Deed::RollBack => {
                let target = self.world.target().await;
                let operator = &self.world.operator;
                // There may be nothing to go back to, or AWS may say no just now.
                let back = Box::pin(operator.roll_back(target, None, "ada", Some("errors"))).await;
                self.told.push(match back {
                    Ok(back) => format!("({})", back.explanation),
                    Err(error) => format!("({error})"),
                });
            }
            Deed::Hold => self.hold(None).await,
            Deed::HoldForMinutes => {
                let minutes = self.rng.i64(1..20);
                let until =
                    self.world.operator.clock.now() + jiff::SignedDuration::from_mins(minutes);
                self.hold(Some(until)).await;
            }
            Deed::Release => self.release().await,
            Deed::Freeze => self.freeze().await,
            Deed::ByHand => self.by_hand().await,
            Deed::LoseEvents => {
                let sources = ["aws.ecr", "aws.codedeploy", "aws.ecs"];
                let source = sources[self.rng.usize(..sources.len())];
                let pattern = Pattern::parse(&json!({"source": [source]})).unwrap();
                self.told.push(source.to_owned());
                let events = self.world.sample.account.events();
                events.disturb(pattern, Disturbance::Drop);
            }
            Deed::EventsComeAgain => self.world.sample.account.events().calm(),
            Deed::Crash => {
                let faults = [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost];
                let fault = faults[self.rng.usize(..faults.len())];
                let wires = [&self.world.push_wire, &self.world.record_wire];
                let number = self.rng.usize(..25);
                wires[self.rng.usize(..wires.len())].inject(number, fault);
            }
            Deed::Wait => {}
        }
        let seconds = self.rng.u64(1..400);
        sleep(Duration::from_secs(seconds)).await;
    }

    fn some_image(&mut self) -> String {
        let index = self.rng.usize(..self.pushed.len());
        self.pushed[index].clone()
    }

    async fn hold(&self, until: Option<jiff::Timestamp>) {
        let target = self.world.target().await;
        let operator = &self.world.operator;
        let held = operator.hold(target, "ada", Some("a look"), until).await;
        held.unwrap();
    }

    async fn release(&self) {
        let target = self.world.target().await;
        let operator = &self.world.operator;
        Box::pin(operator.release(target, "ada", None))
            .await
            .unwrap();
    }

    /// Applies the target with a window that is closed for some minutes.
    async fn freeze(&mut self) {
        let minutes = self.rng.i64(1..40);
        let opens = self.world.operator.clock.now() + jiff::SignedDuration::from_mins(minutes);
        let opens = opens.strftime("%Y-%m-%dT%H:%M");
        let document = format!(
            "{}    windows: [{{deny: {{from: \"2020-01-01\", to: \"{opens}\"}}, reason: a freeze}}]\n",
            self.stand.targets()
        );
        for target in targets_in(&document) {
            self.world.operator.apply(&target).await.unwrap();
        }
    }

    /// Deploys an image that is good, as long as nobody else deploys: AWS allows one at a time.
    async fn by_hand(&mut self) {
        let state = self.world.target().await.state;
        if state.active.is_some() || !self.world.sample.active_deployments().is_empty() {
            return;
        }
        let version = format!("hand{}", self.pushed.len());
        let account = &self.world.sample.account;
        let spec = ImageSpec::healthy(&version);
        let digest = ecr::push_image(account, "mco/api", &["by-hand"], &spec).unwrap();
        let settings = account.settings();
        let image = format!(
            "{}.dkr.ecr.{}.amazonaws.com/mco/api@{digest}",
            settings.account_id, settings.region
        );
        let change = |definition: &mut serde_json::Value| {
            definition["containerDefinitions"][0]["image"] = json!(image);
        };
        match self.stand {
            Stand::CodeDeploy => deploy_by_hand(account, None, change).await,
            _ => update_by_hand(account, change).await,
        };
    }

    /// Nothing disturbs any more, and what was held goes on.
    async fn end(&mut self) {
        self.world.sample.account.events().calm();
        if self.world.target().await.state.hold.is_some() {
            self.release().await;
        }
        // CodeDeploy gives up on tasks that never become healthy after an hour, and there may be three of them in a row.
        for _ in 0..8 {
            sleep(Duration::from_mins(61)).await;
            self.world.quiet().await;
            let state = self.world.target().await.state;
            if state.active.is_none() && state.queued.is_none() && state.rollback.is_none() {
                break;
            }
        }
        // Whatever was there to be found has been looked for since.
        sleep(Duration::from_mins(40)).await;
        self.world.quiet().await;
    }

    async fn check(&self) {
        let world = &self.world;
        let state = world.target().await.state;
        let story = format!("{:?}: {}", self.stand, self.told.join(", "));
        assert!(
            state.active.is_none() && state.queued.is_none() && state.rollback.is_none(),
            "something waits for ever: {:?} {:?} {:?}\n{story}",
            state.active,
            state.queued,
            state.rollback
        );
        let current = state.current.as_ref().unwrap();
        assert_eq!(
            Some(current.candidate.digest.to_string()),
            world.sample.live_digest(),
            "the record says {current:?}\n{story}"
        );
        let mut records = world.history().await;
        records.reverse();
        for record in &records {
            assert!(record.status.is_final(), "{record:?}\n{story}");
        }
        let pushed: Vec<&DeploymentRecord> = records
            .iter()
            .filter(|record| record.origin.is_push() && record.started_at.is_some())
            .collect();
        // The order never goes backwards without a person.
        let mut in_order = pushed.clone();
        in_order.sort_by_key(|record| record.started_at);
        for pair in in_order.windows(2) {
            assert!(
                pair[0].candidate.ordered_at <= pair[1].candidate.ordered_at,
                "{pair:?}\n{story}"
            );
        }
        // What failed, or was rolled away from, does not come back by itself.
        for digest in &state.rejected {
            let is_of_it = |record: &&DeploymentRecord| record.candidate.digest == *digest;
            let failures = records.iter().filter(is_of_it);
            let failed_at = failures
                .filter(|record| record.status == Status::Failed)
                .filter_map(|record| record.concluded_at)
                .max();
            let ids: Vec<String> = records
                .iter()
                .filter(is_of_it)
                .map(|record| record.id.to_string())
                .collect();
            let left_at = records
                .iter()
                .filter(|record| {
                    matches!(&record.origin, Origin::Rollback { of, by: Some(_) } if ids.contains(of))
                })
                .map(|record| record.requested_at)
                .max();
            let since = failed_at.max(left_at);
            for record in pushed.iter().filter(|record| is_of_it(record)) {
                assert!(
                    since.is_none_or(|since| record.started_at.unwrap() <= since),
                    "{digest} came back: {record:?}\n{story}"
                );
            }
        }
    }
}

async fn play(stand: Stand, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut history = History::begin(seed, stand).await;
        history.told.push(format!("seed {seed}"));
        for _ in 0..DEEDS {
            history.go_on().await;
        }
        history.end().await;
        history.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn any_history_of_codedeploy_ends_in_the_truth() {
    Box::pin(play(Stand::CodeDeploy, 0..6)).await;
}

#[tokio::test(start_paused = true)]
async fn any_history_of_a_rolling_service_ends_in_the_truth() {
    Box::pin(play(Stand::Rolling, 100..106)).await;
}

#[tokio::test(start_paused = true)]
async fn any_history_of_ecs_blue_green_ends_in_the_truth() {
    Box::pin(play(Stand::BlueGreen, 200..206)).await;
}
