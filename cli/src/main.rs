//! The command line tool `greenlight`.
//!
//! It reads arguments and files, lets `greenlight-deployer` do what is to be done, and prints what
//! came of it. It decides nothing about deployments and calls no AWS service itself. Each command
//! is a module of [`commands`].

mod arguments;
mod columns;
mod commands;
mod connection;
mod document;
mod failure;
mod paint;
mod since;
mod strict;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::Arguments;
use commands::Outcome;

fn main() -> ExitCode {
    paint::decide(std::env::args_os().skip(1));
    let arguments = Arguments::of_process();
    let json = arguments.json;
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(tokio) => show(&tokio.block_on(commands::run(arguments)), json),
        Err(error) => {
            eprintln!("error: tokio could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what came of a command: what was done on stdout, what went wrong on stderr.
fn show(outcome: &Outcome, json: bool) -> ExitCode {
    let mut written = Ok(());
    if let Some(output) = &outcome.output {
        let text = if json {
            format!("{:#}\n", output.json)
        } else {
            output.text.clone()
        };
        let mut stdout = std::io::stdout().lock();
        written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }
    if let Some(failure) = &outcome.failure {
        // Whoever does not listen has the status.
        let _ = write!(
            anstream::stderr(),
            "{}",
            paint::labelled(&failure.message())
        );
        return ExitCode::from(failure.status());
    }
    let done = if outcome.says_no {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    };
    match written {
        Ok(()) => done,
        // Whoever read it had read enough, such as `head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => done,
        Err(error) => {
            eprintln!("error: the output could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
