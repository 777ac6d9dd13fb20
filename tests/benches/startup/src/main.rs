//! How long Greenlight's functions take to start, beside a function that does nothing and the same job in boto3.
//!
//! `cargo run -p greenlight-startup [-- --rounds N]` builds the functions as they are released, measures them in turn,
//! and ends with status 1 where a limit is missed. What is measured and why is in `docs/startup.md`.

mod fake_http;
mod measure;
mod process;
mod programs;
mod report;
mod statistics;
mod subject;

use programs::{BOTO3, DO_NOTHING};
use report::{Limit, Report};
use statistics::Series;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use subject::Subject;

/// The processor time until the first TLS greeting, in milliseconds.
const CPU: Limit = Limit::AtMost(8.0);
/// How many times as long as the do-nothing function's the first answer may take.
const TIMES_DO_NOTHING: Limit = Limit::AtMost(4.0);
/// How many times as fast as boto3's the first answer must be.
const TIMES_BOTO3: Limit = Limit::AtLeast(40.0);
/// The most memory, in MiB.
const MEMORY: Limit = Limit::AtMost(16.0);
/// The size of the zip file, in MiB.
const ZIP: Limit = Limit::AtMost(8.0);
const ROUNDS: usize = 31;

fn main() -> ExitCode {
    match rounds().and_then(bench) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn rounds() -> Result<usize, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => Ok(ROUNDS),
        ["--rounds", number] => Ok(number.parse()?),
        _ => Err("usage: startup [--rounds N]".into()),
    }
}

/// One program and what was measured of it.
struct Measured {
    subject: Subject,
    cpu: Series,
    wall: Series,
    memory: Series,
    calls: usize,
}

/// Measures everything and prints it; whether all limits hold.
fn bench(rounds: usize) -> Result<bool, Box<dyn Error>> {
    let mut subjects = programs::build()?;
    match programs::boto3() {
        Ok(subject) => subjects.push(subject),
        Err(reason) => println!("skipped: boto3 ({reason}); its limit is not checked"),
    }
    let mut all: Vec<Measured> = subjects.into_iter().map(Measured::new).collect();
    for _ in 0..rounds {
        for measured in &mut all {
            measured.start()?;
        }
    }
    let report = report(&all)?;
    println!("start-up of the functions: median of {rounds} starts in turn (least–greatest)");
    println!("{}", report.text());
    Ok(report.holds())
}

impl Measured {
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            cpu: Series::default(),
            wall: Series::default(),
            memory: Series::default(),
            calls: 0,
        }
    }

    fn start(&mut self) -> Result<(), Box<dyn Error>> {
        let answer = measure::answer(&self.subject)?;
        self.wall.push(milliseconds(answer.wall));
        self.calls = answer.calls;
        let mut memory = answer.memory;
        if self.subject.name != DO_NOTHING {
            let greeting = measure::greeting(&self.subject)?;
            self.cpu.push(milliseconds(greeting.cpu));
            memory = memory.max(greeting.memory);
        }
        self.memory.push(mebibytes(memory));
        Ok(())
    }

    fn is_ours(&self) -> bool {
        ![DO_NOTHING, BOTO3].contains(&self.subject.name)
    }

    fn limit(&self, limit: Limit) -> Limit {
        if self.is_ours() { limit } else { Limit::None }
    }
}

fn report(all: &[Measured]) -> Result<Report, Box<dyn Error>> {
    let wall_of = |name| {
        all.iter()
            .find(|measured| measured.subject.name == name)
            .and_then(|it| it.wall.median())
    };
    let mut report = Report::default();
    for it in all {
        report.median(
            "CPU to the first TLS greeting",
            it.subject.name,
            &it.cpu,
            "ms",
            it.limit(CPU),
        );
    }
    for it in all {
        let whose = format!("{} ({} calls)", it.subject.name, it.calls);
        report.median(
            "start to first answer, with its calls of AWS",
            &whose,
            &it.wall,
            "ms",
            Limit::None,
        );
    }
    let ours = || all.iter().filter(|measured| measured.is_ours());
    for it in ours() {
        if let (Some(wall), Some(nothing)) = (it.wall.median(), wall_of(DO_NOTHING)) {
            let what = "first answer, as long as do-nothing's";
            report.figure(
                what,
                it.subject.name,
                wall / nothing,
                "times",
                TIMES_DO_NOTHING,
            );
        }
    }
    for it in ours() {
        if let (Some(wall), Some(python)) = (it.wall.median(), wall_of(BOTO3)) {
            let what = "first answer, as fast as boto3's";
            report.figure(what, it.subject.name, python / wall, "times", TIMES_BOTO3);
        }
    }
    for it in all {
        report.median(
            "peak memory",
            it.subject.name,
            &it.memory,
            "MiB",
            it.limit(MEMORY),
        );
    }
    for it in all.iter().filter(|it| it.subject.name != BOTO3) {
        let size = mebibytes(programs::zip_size(&it.subject.program)?);
        report.figure("zip file", it.subject.name, size, "MiB", it.limit(ZIP));
    }
    Ok(report)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
