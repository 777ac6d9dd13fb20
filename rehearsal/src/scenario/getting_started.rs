//! A reader of docs/getting-started.md: the targets on the page are registered, and its commands are typed in their
//! order. What the page cannot know is what `docker push` brings: here it is the next image of the repository.

use std::collections::BTreeMap;

use super::expectations::Expectations;
use super::sample::{REPOSITORY, TARGET, WORKER_REPOSITORY, WORKER_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError, machine};
use crate::account::containers::ImageSpec;
use crate::build::workspace;

/// The page.
const PAGE: &str = "docs/getting-started.md";
/// What stands before the part that is played: the stack is there.
const FROM: &str = "\n## 2. ";
/// How the page calls the file of its targets.
const FILE: &str = "targets.yaml";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let page =
        std::fs::read_to_string(workspace().join(PAGE)).map_err(machine("cannot read the page"))?;
    let (_, page) = page.split_once(FROM).unwrap_or_default();
    let folder = tempfile::tempdir().map_err(machine("cannot make a folder"))?;
    let file = folder.path().join(FILE);
    let targets = blocks(page, "yaml").next().unwrap_or_default();
    std::fs::write(&file, targets).map_err(machine("cannot write the targets"))?;
    let file = file.to_string_lossy();

    let mut pushed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut typed = 0;
    for line in blocks(page, "sh").flat_map(str::lines) {
        let words = words(line);
        match &words[..] {
            ["greenlight", arguments @ ..] => {
                let arguments = arguments
                    .iter()
                    .map(|it| if *it == FILE { &file } else { *it });
                stage.typed(&arguments.collect::<Vec<_>>()).await?;
                stage.until_quiet().await?;
                typed += 1;
            }
            ["docker", "push", image] => {
                let named = image
                    .split_once('/')
                    .and_then(|(_, rest)| rest.split_once(':'));
                let (repository, tag) = named.unwrap_or_default();
                let before = pushed.entry(repository.to_owned()).or_default();
                let next = ImageSpec::healthy(&format!("v{}", before.len() + 2));
                let digest = stage.sample.push_to(repository, tag, &next)?;
                stage.until_quiet().await?;
                before.push(digest);
            }
            _ => expectations.expect("the page has only commands that can be played", false, line),
        }
    }
    expectations.expect("the page has commands", typed > 10, typed);
    let taken_of = |repository: &str| pushed.get(repository).cloned().unwrap_or_default();
    let (worker, api) = (taken_of(WORKER_REPOSITORY), taken_of(REPOSITORY));
    let counts = (worker.len(), api.len());
    expectations.equal("a push to the worker, and two to the API", &counts, &(1, 2));
    expectations.equal(
        "what was pushed is live at the worker",
        &stage.sample.live_worker_digest().as_ref(),
        &worker.first(),
    );
    expectations.equal(
        "the API has gone back from the second to the first",
        &stage.sample.live_digest().as_ref(),
        &api.first(),
    );
    let recorded = stage.current().await?;
    expectations.equal("and the record says so", &recorded.as_ref(), &api.first());
    for (target, expected) in [
        (WORKER_TARGET, &["adopted", "push"][..]),
        (TARGET, &["adopted", "push", "push", "rollback"][..]),
    ] {
        let mut history = stage.history_at(target).await?;
        history.reverse();
        let found: Vec<_> = history
            .iter()
            .map(|it| (text(&it["origin"]["kind"]), text(&it["status"])))
            .collect();
        let expected = expected
            .iter()
            .map(|kind| ((*kind).to_owned(), "succeeded".to_owned()));
        expectations.equal(
            &format!("the history of {target} has it all"),
            &found,
            &expected.collect(),
        );
    }
    Ok(())
}

/// The blocks of a page that are of this kind.
fn blocks<'a>(page: &'a str, kind: &str) -> impl Iterator<Item = &'a str> {
    let fence = format!("\n```{kind}\n");
    let mut rest = page;
    std::iter::from_fn(move || {
        let (_, begun) = rest.split_once(&fence)?;
        let (block, behind) = begun.split_once("\n```")?;
        rest = behind;
        Some(block)
    })
}

/// The words of a command, some of them in quotes.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (number, piece) in line.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(piece);
        } else {
            words.extend(piece.split_whitespace());
        }
    }
    words
}
