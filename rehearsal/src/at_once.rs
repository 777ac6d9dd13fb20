//! Several scenarios at the same time, each in a process of its own: what one prints comes whole when it has ended.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::Value;

/// How they are played.
#[derive(Debug)]
pub struct AtOnce<'a> {
    /// This very program.
    pub program: &'a Path,
    /// Where the functions are.
    pub binaries: &'a Path,
    /// What each is told besides.
    pub arguments: &'a [OsString],
    /// So many at a time.
    pub jobs: usize,
    /// Whether each gives one JSON document.
    pub json: bool,
    /// Where the wire is written to, of one after the other.
    pub wire: Option<&'a Path>,
}

/// What came of one.
#[derive(Debug, Clone)]
pub struct Played {
    /// The scenario.
    pub name: String,
    /// Whether everything ended as it should.
    pub ok: bool,
    /// How long it took.
    pub seconds: f64,
    /// Its report, where JSON is wanted.
    pub report: Value,
}

impl AtOnce<'_> {
    /// Plays them all; what came of them is in their order.
    pub fn play(&self, scenarios: &[String]) -> io::Result<Vec<Played>> {
        let waiting = Mutex::new((0..scenarios.len()).collect::<VecDeque<_>>());
        let ended = Mutex::new(Vec::new());
        let next = || lock(&waiting).pop_front();
        thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    while let Some(number) = next() {
                        let played = self.play_one(&scenarios[number]);
                        lock(&ended).push((number, played));
                    }
                });
            }
        });
        let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
        ended.sort_by_key(|(number, _)| *number);
        let played = ended.into_iter().map(|(_, played)| played);
        let played = played.collect::<io::Result<Vec<_>>>()?;
        self.join_wires(scenarios)?;
        Ok(played)
    }

    fn play_one(&self, name: &str) -> io::Result<Played> {
        let began = Instant::now();
        let mut command = Command::new(self.program);
        command.arg(name).arg("--binaries").arg(self.binaries);
        command.args(self.arguments).stderr(Stdio::inherit());
        if self.json {
            command.arg("--json");
        }
        if let Some(wire) = self.wire {
            command.arg("--wire").arg(part_of(wire, name));
        }
        let output = command.output()?;
        let mut report = Value::Null;
        if self.json {
            report = serde_json::from_slice(&output.stdout).unwrap_or_default();
        } else {
            io::stdout().lock().write_all(&output.stdout)?;
        }
        Ok(Played {
            name: name.to_owned(),
            ok: output.status.success(),
            seconds: began.elapsed().as_secs_f64(),
            report,
        })
    }

    fn join_wires(&self, scenarios: &[String]) -> io::Result<()> {
        let Some(wire) = self.wire else { return Ok(()) };
        let mut whole = File::create(wire)?;
        for name in scenarios {
            let part = part_of(wire, name);
            // One that could not begin has written nothing.
            if let Ok(mut written) = File::open(&part) {
                io::copy(&mut written, &mut whole)?;
                std::fs::remove_file(&part)?;
            }
        }
        Ok(())
    }
}

fn part_of(wire: &Path, scenario: &str) -> PathBuf {
    let mut part = wire.as_os_str().to_owned();
    part.push(".");
    part.push(scenario);
    part.into()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
