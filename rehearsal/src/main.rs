//! `cargo rehearse`: plays scenarios in a simulated AWS account on this machine.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum as _};
use rehearsal::account::Settings;
use rehearsal::account::journal::Tone;
use rehearsal::at_once::AtOnce;
use rehearsal::board::Dashboard;
use rehearsal::build::build;
use rehearsal::permissions;
use rehearsal::report::Report;
use rehearsal::scenario::sample::{REPOSITORY, Stand, TAG, template};
use rehearsal::scenario::{Opening, Scenario, Stage};
use rehearsal::timeline::Timeline;
use rehearsal::wire;
use serde_json::json;

/// Plays a scenario in a simulated AWS account on this machine, with the real functions.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are switches on a command line"
)]
#[command(name = "cargo rehearse", bin_name = "cargo rehearse", version)]
#[command(after_help = "Exit status: 0 if everything ended as it should, 1 if not, 2 usage.")]
struct Arguments {
    /// What is played; `ship` unless told otherwise.
    scenario: Option<Scenario>,
    /// Play all scenarios.
    #[arg(long, conflicts_with_all = ["scenario", "serve"])]
    all: bool,
    /// How many of all scenarios are played at the same time: each is a process of its own, and prints when it has ended.
    #[arg(long, value_name = "N", requires = "all", value_parser = clap::value_parser!(u8).range(1..=16))]
    jobs: Option<u8>,
    /// List the scenarios.
    #[arg(long, conflicts_with_all = ["scenario", "all", "serve"])]
    list: bool,
    /// Print one JSON document instead of the timeline.
    #[arg(long)]
    json: bool,
    /// How many times faster than real time the account's clock runs. Functions run in real time.
    #[arg(long, value_name = "N", value_parser = speed)]
    speed: Option<f64>,
    /// Keep the account open until Ctrl-C, and print how to reach it. Without a scenario, play none.
    #[arg(long, conflicts_with = "json")]
    serve: bool,
    /// The port of the board's page, with `--serve`; any free one unless told otherwise.
    #[arg(long, value_name = "N", requires = "serve", default_value_t = 0)]
    port: u16,
    /// Write every AWS request and answer to a file, one JSON object a line, credentials redacted.
    #[arg(long, value_name = "FILE")]
    wire: Option<PathBuf>,
    /// Compare what template.yaml allows with what all tests and rehearsals have used, as they wrote it into a folder
    /// (`GREENLIGHT_PERMISSIONS_USED`).
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scenario", "all", "serve", "list"])]
    permissions: Option<PathBuf>,
    /// Where the functions are, if they are built.
    #[arg(long, hide = true, value_name = "DIR")]
    binaries: Option<PathBuf>,
}

/// The speed of an account that is only kept open.
const SERVING_SPEED: f64 = 20.0;

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("must be a number from 0.01 to 1000".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for scenario in Scenario::value_variants() {
            println!("{:<22} {}", scenario.name(), scenario.summary());
        }
        return ExitCode::SUCCESS;
    }
    let done = match &arguments.permissions {
        Some(folder) => compare_permissions(folder),
        None => rehearse(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Says what is allowed for nothing.
fn compare_permissions(folder: &Path) -> Result<bool, Box<dyn std::error::Error>> {
    let template = template(&Settings::for_tests())?;
    let (used, processes) = permissions::used(folder)?;
    let complaints = permissions::complaints(&template, &used, permissions::EXCEPTIONS);
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!(
        "{} permissions were used by {processes} processes; {} complaints",
        used.len(),
        complaints.len()
    );
    if !complaints.is_empty() {
        println!(
            "Where only a part of the tests and rehearsals was run, some of them are no faults. A permission that is \
             needed in none of them is taken from template.yaml, or explained in rehearsal/src/permissions.rs."
        );
    }
    Ok(complaints.is_empty())
}

fn rehearse(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    // Asked before anything is built: cargo may put another file in the place of this one.
    let program = std::env::current_exe()?;
    let binaries = match &arguments.binaries {
        Some(built) => built.clone(),
        None => build()?,
    };
    if let Some(jobs) = arguments.jobs.filter(|jobs| *jobs > 1) {
        return rehearse_at_once(arguments, &program, &binaries, jobs.into());
    }
    let mut wire = arguments
        .wire
        .as_deref()
        .map(File::create)
        .transpose()?
        .map(BufWriter::new);
    if arguments.serve && arguments.scenario.is_none() {
        let speed = arguments.speed.unwrap_or(SERVING_SPEED);
        return tokio::runtime::Runtime::new()?.block_on(async {
            let stage = Stage::open(&binaries, Opening::at(Stand::CodeDeploy, speed)).await?;
            serve(&stage, arguments.port).await?;
            record(wire.as_mut(), &stage)?;
            Ok(true)
        });
    }
    let scenarios = if arguments.all {
        Scenario::value_variants().to_vec()
    } else {
        vec![arguments.scenario.unwrap_or(Scenario::Ship)]
    };
    let mut reports = Vec::new();
    for scenario in scenarios {
        // A runtime of its own ends with everything that a scenario started, processes included.
        let runtime = tokio::runtime::Runtime::new()?;
        reports.push(runtime.block_on(play(arguments, scenario, &binaries, wire.as_mut()))?);
    }
    let ok = reports.iter().all(|report| report.ok);
    if arguments.json {
        let document = match &reports[..] {
            [report] if !arguments.all => serde_json::to_value(report)?,
            reports => json!({"ok": ok, "scenarios": reports}),
        };
        println!("{document:#}");
    } else if arguments.all {
        let ended = reports.iter();
        sum_up(ended.map(|report| (report.ok, report.scenario.as_str(), report.seconds)));
    }
    Ok(ok)
}

/// All of them, several at the same time.
fn rehearse_at_once(
    arguments: &Arguments,
    program: &Path,
    binaries: &Path,
    jobs: usize,
) -> Result<bool, Box<dyn std::error::Error>> {
    let speed = arguments
        .speed
        .map(|speed| format!("--speed={speed}").into());
    let at_once = AtOnce {
        program,
        binaries,
        arguments: speed.as_slice(),
        jobs,
        json: arguments.json,
        wire: arguments.wire.as_deref(),
    };
    let names: Vec<String> = Scenario::value_variants()
        .iter()
        .map(|scenario| scenario.name())
        .collect();
    let played = at_once.play(&names)?;
    let ok = played.iter().all(|it| it.ok);
    if arguments.json {
        let reports: Vec<_> = played.into_iter().map(|it| it.report).collect();
        println!("{:#}", json!({"ok": ok, "scenarios": reports}));
    } else {
        let ended = played.iter();
        sum_up(ended.map(|it| (it.ok, it.name.as_str(), it.seconds)));
    }
    Ok(ok)
}

/// A line for each that was played.
fn sum_up<'a>(played: impl Iterator<Item = (bool, &'a str, f64)>) {
    let timeline = Timeline::new(jiff::Timestamp::now(), false);
    timeline.heading("\nall scenarios");
    for (ok, name, seconds) in played {
        let (tone, mark) = if ok {
            (Tone::Good, "✔")
        } else {
            (Tone::Bad, "✘")
        };
        timeline.sentence(tone, &format!("{mark} {name:<22} {seconds:>4.0} s"));
    }
}

async fn play(
    arguments: &Arguments,
    scenario: Scenario,
    binaries: &Path,
    wire: Option<&mut BufWriter<File>>,
) -> Result<Report, Box<dyn std::error::Error>> {
    let speed = arguments.speed.unwrap_or(scenario.speed());
    let (mut report, stage) = scenario.rehearse(binaries, speed, arguments.json).await;
    report.conclude();
    let timeline = stage.as_ref().map_or_else(
        || Timeline::new(jiff::Timestamp::now(), arguments.json),
        |it| it.timeline,
    );
    report.print(timeline, stage.as_ref()).await;
    if let Some(stage) = &stage {
        if arguments.serve {
            serve(stage, arguments.port).await?;
        }
        record(wire, stage)?;
    }
    Ok(report)
}

/// Says how to reach the account, and waits for Ctrl-C.
async fn serve(stage: &Stage, port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let sample = &stage.sample;
    let board = sample.template.function(Dashboard::function());
    let board = board.map(|board| Dashboard::open(&sample.account, &board.name, port));
    let dashboard = board.transpose()?;
    let tags = stage.push_others()?;
    stage.until_quiet().await?;
    println!(
        "\nThe account stays open. Endpoint, credentials and table, for the AWS CLI and `greenlight`:\n"
    );
    for (name, value) in stage.environment() {
        println!("  export {name}={value}");
    }
    println!("\nThe load balancer: {}", stage.production_url());
    println!(
        "\nThe repository {REPOSITORY} also has {}. Deploy one of them:\n",
        tags.map(|it| format!("`{it}`")).join(", ")
    );
    println!(
        "  MANIFEST=$(aws ecr batch-get-image --repository-name {REPOSITORY} --image-ids imageTag={} \\",
        tags[0]
    );
    println!("    --query 'images[].imageManifest' --output text)");
    println!(
        "  aws ecr put-image --repository-name {REPOSITORY} --image-tag {TAG} --image-manifest \"$MANIFEST\""
    );
    if let Some(dashboard) = &dashboard {
        println!(
            "\nThe board, as a CloudWatch dashboard shows it: {}",
            dashboard.url()
        );
    }
    println!("\nCtrl-C ends it.\n");
    Ok(tokio::signal::ctrl_c().await?)
}

fn record(wire: Option<&mut BufWriter<File>>, stage: &Stage) -> std::io::Result<()> {
    match wire {
        Some(file) => wire::write(&stage.sample.account.journal().calls(), file),
        None => Ok(()),
    }
}
