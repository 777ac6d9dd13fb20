//! A run that is broken off and carried on, in virtual time.

use greenlight_core::{
    gate::{CALL_AGAIN_AFTER, EcsHook, HookDetails},
    target::check::{DigestCheck, TasksCheck},
};
use serde_json::Value;
use tokio::time::Instant;

use super::*;

const ONE_CALL: Duration = Duration::from_mins(1);

fn hook() -> EcsHook {
    let sample = include_str!("../../../../../events/hook/ecs-native-post-scale-up.json");
    EcsHook::parse(&serde_json::from_str::<Value>(sample).unwrap()).unwrap()
}

/// Two checks, of five minutes each.
fn checks() -> [Check; 2] {
    [
        Check::Tasks(TasksCheck::default()),
        Check::Digest(DigestCheck::default()),
    ]
}

fn clock() -> Clock {
    Clock::starting_at("2026-11-22T10:00:00Z".parse().unwrap())
}

/// Tasks that are there after so long, and a digest that is right at once.
struct Late {
    origin: Instant,
    tasks_after: Duration,
}

impl Late {
    fn by(tasks_after: Duration) -> Self {
        Self {
            origin: Instant::now(),
            tasks_after,
        }
    }
}

impl Measure for Late {
    async fn measure(&mut self, check: &Check) -> Measurement {
        let is_there = match check {
            Check::Tasks(_) => self.origin.elapsed() >= self.tasks_after,
            _ => true,
        };
        if is_there {
            Measurement::Good("as it should be".to_owned())
        } else {
            Measurement::NotYet("0 of 1 green tasks run".to_owned())
        }
    }
}

/// Calls as ECS does, until there is a verdict; with the number of calls.
async fn called(tasks_after: Duration) -> (Vec<CheckReport>, u32) {
    let (clock, checks) = (clock(), checks());
    let mut tasks = Late::by(tasks_after);
    let names: Vec<&str> = checks.iter().map(Check::name).collect();
    let mut details = HookDetails::default();
    for call in 1.. {
        let now = clock.now();
        let began = Instant::now();
        let earlier = details.unfinished(&hook(), &names, now);
        assert_eq!(earlier.is_some(), call > 1);
        let time = Time::OneCall(now + ONE_CALL);
        match run(&clock, &checks, time, earlier, &mut tasks).await {
            Ran::Over(reports) => return (reports, call),
            Ran::BrokenOff {
                checks,
                running,
                summary,
            } => {
                assert_eq!(summary, "check `tasks` goes on: 0 of 1 green tasks run");
                assert!(began.elapsed() <= ONE_CALL);
                let again_at = clock.now() + CALL_AGAIN_AFTER;
                let unfinished = Unfinished::at(&hook(), now, again_at, checks, *running);
                let carried = serde_json::to_value(unfinished).unwrap();
                let payload = serde_json::json!({"hookDetails": details.with(carried)});
                details = HookDetails::of(&payload);
            }
        }
        sleep(Duration::try_from(CALL_AGAIN_AFTER).unwrap()).await;
    }
    unreachable!()
}

fn verdicts(reports: &[CheckReport]) -> Vec<(&str, Verdict)> {
    let told = reports.iter();
    told.map(|report| (report.check.as_str(), report.verdict))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_has_its_verdict_at_once_is_called_once() {
    let (reports, calls) = called(Duration::ZERO).await;
    assert_eq!(
        verdicts(&reports),
        [("tasks", Verdict::Passed), ("digest", Verdict::Passed)]
    );
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_waits_is_carried_on_by_later_calls() {
    let (reports, calls) = called(Duration::from_secs(200)).await;
    assert_eq!(
        verdicts(&reports),
        [("tasks", Verdict::Passed), ("digest", Verdict::Passed)]
    );
    assert_eq!(calls, 3);
    assert!(reports[0].measurements > 40, "{reports:?}");
}

#[tokio::test(start_paused = true)]
async fn a_check_lasts_no_longer_for_being_carried_on() {
    let origin = Instant::now();
    let (reports, calls) = called(Duration::from_hours(1)).await;
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Failed)]);
    assert_eq!(reports[0].summary, "not in time: 0 of 1 green tasks run");
    assert!(calls <= 5, "{calls}");
    let lasted = origin.elapsed();
    assert!(lasted <= Duration::from_secs(5 * 60 + 30 + 3), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_whole_run_ends_with_a_verdict_when_its_time_does() {
    let (clock, checks) = (clock(), checks());
    let mut tasks = Late::by(Duration::from_hours(1));
    let time = Time::Whole(clock.now() + SignedDuration::from_secs(100));
    let Ran::Over(reports) = run(&clock, &checks, time, None, &mut tasks).await else {
        panic!("a whole run is never broken off");
    };
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Failed)]);
    assert_eq!(tasks.origin.elapsed(), Duration::from_secs(100));
}

#[tokio::test(start_paused = true)]
async fn something_is_measured_in_each_call_however_little_time_there_is() {
    let (clock, checks) = (clock(), checks());
    let mut tasks = Late::by(Duration::ZERO);
    let time = Time::OneCall(clock.now());
    let Ran::BrokenOff {
        checks: passed,
        summary,
        ..
    } = run(&clock, &checks, time, None, &mut tasks).await
    else {
        panic!("there is no time for the second check");
    };
    assert_eq!(verdicts(&passed), [("tasks", Verdict::Passed)]);
    assert_eq!(summary, "check `digest` goes on: its turn has come");
}
