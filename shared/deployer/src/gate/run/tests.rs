//! A run that is broken off and carried on, in virtual time.

use std::time::Duration;

use greenlight_core::target::check::CheckKind;
use tokio::time::Instant;

use super::*;

const ONE_CALL: SignedDuration = SignedDuration::from_mins(1);
/// What a function has left.
const FUNCTION: SignedDuration = SignedDuration::from_mins(14);
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Two checks, of five minutes each.
fn checks() -> [Check; 2] {
    [
        Check::usual(CheckKind::Tasks),
        Check::usual(CheckKind::Digest),
    ]
}

fn clock() -> Clock {
    Clock::starting_at("2026-11-22T10:00:00Z".parse().unwrap())
}

fn one_call(clock: &Clock) -> Time {
    Time {
        call: clock.now() + ONE_CALL,
        end: clock.now() + FUNCTION,
        gate: Timestamp::MAX,
        whose: "nobody waits",
        goes_on: Some(AGAIN_AFTER),
    }
}

/// Tasks that are there after so long, and a digest that is right at once.
struct Late {
    origin: Instant,
    tasks_after: Duration,
    /// When each measurement was made, from the beginning.
    measured: Vec<Duration>,
}

impl Late {
    fn by(tasks_after: Duration) -> Self {
        Self {
            origin: Instant::now(),
            tasks_after,
            measured: Vec::new(),
        }
    }
}

impl Measure for Late {
    async fn measure(&mut self, check: &Check, _: &Progress) -> Measurement {
        self.measured.push(self.origin.elapsed());
        let is_there = match check.kind {
            CheckKind::Tasks => self.origin.elapsed() >= self.tasks_after,
            _ => true,
        };
        if is_there {
            Measurement::successful("as it should be")
        } else {
            Measurement::pending("0 of 1 green tasks run")
        }
    }
}

/// Calls as a hook does, until there is a verdict; with the number of calls.
async fn called(checks: &[Check], tasks: &mut Late) -> (Vec<CheckReport>, u32) {
    let clock = clock();
    let mut carried: Option<String> = None;
    for call in 1.. {
        let began = Instant::now();
        let earlier = carried.map(|text| serde_json::from_str(&text).unwrap());
        match run(&clock, checks, one_call(&clock), earlier, tasks).await {
            Ran::Over(reports) => return (reports, call),
            Ran::BrokenOff {
                unfinished,
                summary,
            } => {
                assert!(summary.starts_with("check `tasks` goes on: "), "{summary}");
                assert!(SignedDuration::try_from(began.elapsed()).unwrap() <= ONE_CALL);
                carried = Some(serde_json::to_string(&unfinished).unwrap());
            }
        }
        clock.sleep(AGAIN_AFTER).await;
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
    let (reports, calls) = called(&checks(), &mut Late::by(Duration::ZERO)).await;
    assert_eq!(
        verdicts(&reports),
        [("tasks", Verdict::Passed), ("digest", Verdict::Passed)]
    );
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_waits_is_carried_on_by_later_calls() {
    let mut tasks = Late::by(Duration::from_secs(200));
    let (reports, calls) = called(&checks(), &mut tasks).await;
    assert_eq!(
        verdicts(&reports),
        [("tasks", Verdict::Passed), ("digest", Verdict::Passed)]
    );
    assert_eq!(calls, 3);
    assert!(tasks.measured.len() > 40, "{}", tasks.measured.len());
}

#[tokio::test(start_paused = true)]
async fn no_measurement_is_lost_between_two_calls() {
    let mut check = Check::usual(CheckKind::Digest);
    check.rules.count = Some(40);
    let mut tasks = Late::by(Duration::ZERO);
    let clock = clock();
    let mut carried = None;
    let mut calls = 0;
    let checks = [check];
    let report = loop {
        calls += 1;
        match run(
            &clock,
            &checks,
            one_call(&clock),
            carried.take(),
            &mut tasks,
        )
        .await
        {
            Ran::Over(mut reports) => break reports.remove(0),
            Ran::BrokenOff { unfinished, .. } => carried = Some(*unfinished),
        }
    };
    assert!(calls > 1, "{calls}");
    assert_eq!(
        (report.verdict, report.counts.successful),
        (Verdict::Passed, 40)
    );
    assert_eq!(tasks.measured.len(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_check_lasts_no_longer_for_being_carried_on() {
    let mut tasks = Late::by(Duration::from_hours(1));
    let (reports, calls) = called(&checks(), &mut tasks).await;
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Failed)]);
    assert_eq!(reports[0].summary, "not in time: 0 of 1 green tasks run");
    assert!(calls <= 5, "{calls}");
    let lasted = tasks.origin.elapsed();
    assert!(lasted <= Duration::from_secs(5 * 60 + 30 + 3), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_is_not_waited_for_and_is_kept_to() {
    let mut check = Check::usual(CheckKind::Tasks);
    check.rules.interval = Duration::from_mins(5);
    check.rules.initial_delay = Duration::from_mins(2);
    check.rules.timeout = Duration::from_mins(40);
    let mut tasks = Late::by(Duration::from_mins(15));
    let (reports, _) = called(&[check], &mut tasks).await;
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Passed)]);
    let minutes: Vec<u64> = tasks.measured.iter().map(|at| at.as_secs() / 60).collect();
    assert_eq!(minutes, [2, 7, 12, 17]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_carries_on_waits_however_long_the_pause() {
    let mut check = Check::usual(CheckKind::Tasks);
    check.rules.interval = Duration::from_mins(3);
    let clock = clock();
    let time = Time {
        goes_on: None,
        ..one_call(&clock)
    };
    let mut tasks = Late::by(Duration::from_mins(3));
    let Ran::Over(reports) = run(&clock, &[check], time, None, &mut tasks).await else {
        panic!("nobody carries it on");
    };
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Passed)]);
}

#[tokio::test(start_paused = true)]
async fn there_is_a_verdict_when_the_time_of_the_gate_is_over() {
    let (clock, checks) = (clock(), checks());
    let mut tasks = Late::by(Duration::from_hours(1));
    let time = Time {
        gate: clock.now() + SignedDuration::from_secs(100),
        call: Timestamp::MAX,
        ..one_call(&clock)
    };
    let Ran::Over(reports) = run(&clock, &checks, time, None, &mut tasks).await else {
        panic!("the gate's time is over");
    };
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Failed)]);
    assert_eq!(tasks.origin.elapsed(), Duration::from_secs(100));
}

#[tokio::test(start_paused = true)]
async fn a_check_for_which_no_time_is_left_fails_closed() {
    let (clock, checks) = (clock(), checks());
    let mut tasks = Late::by(Duration::from_secs(99));
    let time = Time {
        gate: clock.now() + SignedDuration::from_secs(99),
        call: Timestamp::MAX,
        end: Timestamp::MAX,
        whose: "CodeDeploy waits an hour for the hook",
        goes_on: None,
    };
    let Ran::Over(reports) = run(&clock, &checks, time, None, &mut tasks).await else {
        panic!("the gate's time is over");
    };
    assert_eq!(
        verdicts(&reports),
        [("tasks", Verdict::Passed), ("digest", Verdict::Error)]
    );
    assert_eq!(
        reports[1].summary,
        "there is no time left: CodeDeploy waits an hour for the hook, and nothing had been measured"
    );
}

#[tokio::test(start_paused = true)]
async fn something_is_measured_in_each_call_however_little_time_there_is() {
    let (clock, checks) = (clock(), checks());
    let mut tasks = Late::by(Duration::ZERO);
    let time = Time {
        call: clock.now(),
        ..one_call(&clock)
    };
    let Ran::BrokenOff {
        unfinished,
        summary,
    } = run(&clock, &checks, time, None, &mut tasks).await
    else {
        panic!("there is no time for the second check");
    };
    assert_eq!(verdicts(&unfinished.reports), [("tasks", Verdict::Passed)]);
    assert_eq!(summary, "check `digest` goes on: its turn has come");
}

/// A load of 100 seconds, which takes just that.
struct Load;

impl Measure for Load {
    async fn measure(&mut self, _: &Check, _: &Progress) -> Measurement {
        tokio::time::sleep(Duration::from_secs(100)).await;
        Measurement::successful("60 of 60 requests")
    }
}

fn load_twice() -> Check {
    let document = serde_json::json!({
        "name": "api", "images": [{"container": "api", "repository": "mco/api", "tags": ["live"]}],
        "service": {"cluster": "mco", "name": "api"}, "deploy": {"native": {}},
        "gates": {"before_traffic": [{"http": {
            "path": "/", "load": {"requests": 2000, "rate": 20}, "count": 2, "timeout": "20m",
        }}]},
    });
    let target = greenlight_core::target::parse(&document).unwrap().remove(0);
    target.gates.iter().next().unwrap().1[0].clone()
}

#[tokio::test(start_paused = true)]
async fn a_measurement_that_takes_longer_than_one_call_is_not_cut_off() {
    let (clock, check) = (clock(), load_twice());
    let time = one_call(&clock);
    let Ran::BrokenOff { unfinished, .. } =
        run(&clock, std::slice::from_ref(&check), time, None, &mut Load).await
    else {
        panic!("the second is for the next call");
    };
    let (checks, time) = ([check], one_call(&clock));
    let ran = run(&clock, &checks, time, Some(*unfinished), &mut Load).await;
    let Ran::Over(reports) = ran else {
        panic!("both are made");
    };
    assert_eq!(
        (reports[0].verdict, reports[0].counts.successful),
        (Verdict::Passed, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_measurement_for_which_the_function_has_no_time_is_left_to_the_next_one() {
    let (clock, check) = (clock(), load_twice());
    let time = Time {
        call: clock.now() + SignedDuration::from_secs(200),
        end: clock.now() + SignedDuration::from_secs(200),
        ..one_call(&clock)
    };
    let ran = run(&clock, &[check], time, None, &mut Load).await;
    let Ran::BrokenOff { summary, .. } = ran else {
        panic!("the second does not fit any more");
    };
    assert_eq!(summary, "check `http` goes on: 60 of 60 requests");
}

/// A server that never answers.
struct Silent;

impl Measure for Silent {
    async fn measure(&mut self, _: &Check, _: &Progress) -> Measurement {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_measurement_that_never_ends_is_an_error() {
    let (clock, checks) = (clock(), checks());
    let time = Time {
        goes_on: None,
        call: Timestamp::MAX,
        ..one_call(&clock)
    };
    let Ran::Over(reports) = run(&clock, &checks, time, None, &mut Silent).await else {
        panic!("nobody carries it on");
    };
    assert_eq!(verdicts(&reports), [("tasks", Verdict::Error)]);
    assert!(
        reports[0].summary.contains("was not measured within"),
        "{}",
        reports[0].summary
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_only_tried_ends_nothing() {
    let mut checks = checks();
    checks[0].rules.dry_run = true;
    checks[0].rules.timeout = Duration::from_secs(10);
    let clock = clock();
    let mut tasks = Late::by(Duration::from_hours(1));
    let Ran::Over(reports) = run(&clock, &checks, one_call(&clock), None, &mut tasks).await else {
        panic!("there is time enough");
    };
    assert_eq!(
        verdicts(&reports),
        [("tasks", Verdict::Failed), ("digest", Verdict::Passed)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_gate_whose_checks_were_changed_meanwhile_begins_anew() {
    let (clock, mut checks) = (clock(), checks());
    let mut tasks = Late::by(Duration::from_mins(2));
    let Ran::BrokenOff { unfinished, .. } =
        run(&clock, &checks, one_call(&clock), None, &mut tasks).await
    else {
        panic!("the tasks are not there yet");
    };
    checks[0].rules.timeout = Duration::from_mins(4);
    clock.sleep(SignedDuration::from_mins(2)).await;
    let Ran::Over(reports) = run(
        &clock,
        &checks,
        one_call(&clock),
        Some(*unfinished),
        &mut tasks,
    )
    .await
    else {
        panic!("all is well");
    };
    assert_eq!(reports[0].started_at, reports[1].started_at);
}
