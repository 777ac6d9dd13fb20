//! docs/cost.md: what a push and an idle month cost. What is counted is counted here, in the simulated account; prices
//! and what nobody has measured stand at the top, and on the page.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod units;

use std::fmt::Write as _;

use greenlight_tests::world::{PIPELINE_ACTION, RECONCILE, VALIDATE_GREEN, World};
use rehearsal::account::{containers::ImageSpec, journal::Call};
use rehearsal::scenario::sample::Stand;
use serde_json::Value;
use tokio::time::{Duration, sleep};

use crate::snippets::blocks::root;
use units::Units;

/// List prices of us-east-1 in dollars: what, for how many, how much.
const PRICES: [(&str, f64, f64); 10] = [
    ("Lambda, requests", 1e6, 0.20),
    ("Lambda, GB-seconds on arm64", 1e6, 13.3334),
    ("DynamoDB on demand, write request units", 1e6, 0.625),
    ("DynamoDB on demand, read request units", 1e6, 0.125),
    ("EventBridge, events of our own", 1e6, 1.00),
    ("SQS, requests", 1e6, 0.40),
    ("CloudWatch Logs, GB taken in", 1.0, 0.50),
    ("CloudWatch, alarms for a month", 1.0, 0.10),
    ("CloudWatch, dashboards for a month", 1.0, 3.00),
    ("KMS, keys for a month", 1.0, 1.00),
];

/// Not measured: what an invocation takes besides what is counted here, a cold start and slower answers of AWS.
const EXTRA: Duration = Duration::from_millis(500);
/// Not measured: what an invocation logs, with Lambda's own lines, in bytes.
const LOGGED: f64 = 2048.0;
/// Not measured: Lambda's pollers ask an idle queue, five of them every 20 seconds.
const POLLS: f64 = 5.0 * 3.0;
/// template.yaml
const MEMORY_GB: f64 = 0.25;
/// Of 30 days.
const MINUTES: f64 = 43_200.0;

/// What was used.
#[derive(Debug, Clone, Copy, Default)]
struct Usage {
    invocations: f64,
    /// By the account's clock, on which every call takes 10 ms, in begun seconds.
    ran: f64,
    units: Units,
    events: f64,
    messages: f64,
    calls: f64,
}

impl Usage {
    /// What is paid for so often, in the order of the prices.
    fn amounts(&self) -> [f64; 7] {
        let seconds = self.ran + EXTRA.as_secs_f64() * self.invocations;
        [
            self.invocations,
            seconds * MEMORY_GB,
            self.units.writes,
            self.units.reads,
            self.events,
            self.messages,
            self.invocations * LOGGED / 1e9,
        ]
    }

    fn dollars(&self, times: f64) -> f64 {
        let amounts = self.amounts().into_iter().zip(PRICES);
        amounts
            .map(|(amount, (_, per, price))| amount * times / per * price)
            .sum()
    }
}

/// What the functions have used since they had made so many calls and run so long.
struct Meter<'a> {
    world: &'a World,
    calls: usize,
    ran: (usize, Duration),
}

impl<'a> Meter<'a> {
    fn start(world: &'a World) -> Self {
        let calls = world.sample.account.journal().calls().len();
        Self {
            world,
            calls,
            ran: ran(world),
        }
    }

    async fn read(self) -> Usage {
        let world = self.world;
        let mut calls = world.sample.account.journal().calls().split_off(self.calls);
        let functions = &world.sample.template.functions;
        calls.retain(|call| functions.iter().any(|it| it.logical_id == call.caller));
        let items = units::items(world).await;
        let entries = |call: &&Call| call.operation == "PutEvents";
        let entries = calls.iter().filter(entries);
        let entries = entries.map(|call| call.request["Entries"].as_array().map_or(0, Vec::len));
        let (times, total) = ran(world);
        Usage {
            invocations: float(times - self.ran.0),
            ran: total.checked_sub(self.ran.1).unwrap().as_secs_f64().ceil(),
            units: calls.iter().map(|call| Units::of(call, &items)).sum(),
            events: float(entries.sum()),
            messages: 0.0,
            calls: float(calls.len()),
        }
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

fn ran(world: &World) -> (usize, Duration) {
    let functions = world.sample.template.functions.iter();
    let ran = functions.map(|it| world.sample.account.functions().ran(&it.name));
    ran.fold((0, Duration::ZERO), |(times, total), ran| {
        (times + ran.times, total + ran.total)
    })
}

/// A push that succeeds, from the event to the record.
async fn push(stand: Stand) -> Usage {
    let world = World::open_stand(stand).await;
    let meter = Meter::start(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(v2));
    // EventBridge sends one message, Lambda receives and deletes it.
    Usage {
        messages: 3.0,
        ..meter.read().await
    }
}

/// A quarter of an hour in which nothing happens, with one target.
async fn idle() -> Usage {
    let world = World::open().await;
    let minute: Value =
        serde_json::from_str(include_str!("../../../events/schedule/minute.json")).unwrap();
    let meter = Meter::start(&world);
    for _ in 0..15 {
        sleep(Duration::from_mins(1)).await;
        for function in [RECONCILE, VALIDATE_GREEN, PIPELINE_ACTION] {
            world.invoke(function, minute.clone()).await.unwrap();
        }
    }
    meter.read().await
}

/// How many resources of a type the template has.
fn resources(kind: &str) -> f64 {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    float(template.matches(&format!("\n    Type: {kind}\n")).count())
}

/// The part of the page that is written here.
async fn part() -> String {
    let ways = [
        (
            "by `codedeploy`, with a gate",
            push(Stand::CodeDeploy).await,
        ),
        ("by `rolling`, with a gate", push(Stand::Rolling).await),
    ];
    let mut part = String::new();
    part += "### One push\n\n| | invocations | seconds that they ran | calls of AWS | write units | read units | events | 1,000 pushes |\n|---|---|---|---|---|---|---|---|\n";
    for (way, usage) in &ways {
        let Usage {
            invocations,
            ran,
            units,
            events,
            calls,
            ..
        } = usage;
        let dollars = usage.dollars(1000.0);
        let _ = writeln!(
            part,
            "| {way} | {invocations} | {ran} | {calls} | {} | {} | {events} | ${dollars:.2} |",
            units.writes, units.reads
        );
    }
    let quarter = idle().await;
    let quarters = MINUTES / 15.0;
    let polled = Usage {
        messages: POLLS * MINUTES,
        ..Usage::default()
    };
    let [alarms, dashboards, keys] = [
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::KMS::Key",
    ]
    .map(resources);
    let price = |name: &str| PRICES.iter().find(|it| it.0.contains(name)).unwrap().2;
    let monthly = [
        (
            format!(
                "{:.0} invocations by schedules, with their calls",
                quarter.invocations * quarters
            ),
            quarter.dollars(quarters),
        ),
        (
            format!(
                "{:.0} requests of Lambda to the empty queue",
                POLLS * MINUTES
            ),
            polled.dollars(1.0),
        ),
        (format!("{alarms} alarms"), alarms * price("alarms")),
        (
            format!("{dashboards} dashboard"),
            dashboards * price("dashboards"),
        ),
        (format!("{keys} key of KMS"), keys * price("keys")),
    ];
    part += "\n### A month in which nothing is pushed\n\n| | |\n|---|---|\n";
    for (what, dollars) in &monthly {
        let _ = writeln!(part, "| {what} | ${dollars:.2} |");
    }
    let sum: f64 = monthly.iter().map(|(_, dollars)| dollars).sum();
    let _ = writeln!(part, "| together | ${sum:.2} |");
    part += "\n### The prices\n\n| | for | dollars |\n|---|---|---|\n";
    for (what, per, price) in PRICES {
        let _ = writeln!(part, "| {what} | {per} | {price} |");
    }
    part
}

#[tokio::test(start_paused = true)]
async fn the_page_has_what_was_counted() {
    let part = part().await;
    let path = root().join("docs/cost.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- counted -->\n").unwrap();
    let (_, behind) = rest.split_once("<!-- /counted -->\n").unwrap();
    let wanted = format!("{before}<!-- counted -->\n\n{part}\n<!-- /counted -->\n{behind}");
    if std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
        std::fs::write(path, &wanted).unwrap();
        return;
    }
    assert_eq!(
        page, wanted,
        "docs/cost.md is stale. hint: run this test once with GREENLIGHT_WRITE_DOCS=1"
    );
}
