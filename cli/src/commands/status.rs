//! `greenlight status`: what is live, what is being deployed, what waits.

mod outside;

use greenlight_aws::table::{BadTarget, StoredTarget};
use greenlight_core::deployment::{Active, Closure, Current, Hold, Phase, Rule};
use greenlight_core::gate::Approval;
use greenlight_core::record::Origin;
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::progress::Progress;
use greenlight_deployer::progress::approval::awaiting;
use greenlight_deployer::progress::watch::waits;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Output, image, origin, registered, time};
use crate::columns::{Cell, Columns};
use crate::failure::Failure;
use crate::paint::Tone;

/// A line for each target.
pub(super) async fn all(deployer: &Deployer) -> Result<Output, Failure> {
    let targets = deployer.targets().await?;
    let understood: Vec<&StoredTarget> = targets.iter().flatten().collect();
    let progress = deployer.progress_of(&understood).await;
    Ok(overview(&targets, &progress, deployer.clock.now()))
}

/// `progress` is that of each target that is understood.
fn overview(
    targets: &[Result<StoredTarget, BadTarget>],
    progress: &[Option<Progress>],
    now: Timestamp,
) -> Output {
    let mut progress = progress.iter();
    let mut columns =
        Columns::headed(["TARGET", "LIVE", "DIGEST", "SINCE", "DEPLOYING", "WAITING"]);
    let mut json = Vec::new();
    for target in targets {
        match target {
            Ok(stored) => {
                let progress = progress.next().and_then(Option::as_ref);
                columns.row(line(stored, progress, now));
                let asked = progress.map(|progress| progress.asked.as_slice());
                json.push(document(stored, progress, asked.unwrap_or_default(), now));
            }
            Err(bad) => {
                let [a, b, c, d] = [(); 4].map(|()| "-".to_owned().into());
                columns.row([
                    Cell::from(bad.name.clone()),
                    Cell::toned("not understood: apply it again", Some(Tone::Bad)),
                    a,
                    b,
                    c,
                    d,
                ]);
                json.push(json!({"target": bad.name, "problems": bad.problems}));
            }
        }
    }
    let text = if targets.is_empty() {
        "no targets are registered\n".to_owned()
    } else {
        columns.text()
    };
    Output {
        text,
        json: json!({"targets": json}),
    }
}

fn line(stored: &StoredTarget, progress: Option<&Progress>, now: Timestamp) -> [Cell; 6] {
    let state = &stored.state;
    let none = || "-".to_owned();
    let (live, digest, since) = match &state.current {
        Some(current) => (
            live_name(current),
            image::digests(&current.candidate),
            time(current.since),
        ),
        None => ("nothing known".to_owned(), none(), none()),
    };
    let deploying = state
        .active
        .as_ref()
        .map_or_else(none, |active| deploying(active, progress));
    let queued = state.queued.as_ref();
    let queued = queued.map(|queued| image::digests(&queued.candidate));
    let closed = stored.closed(now).map(|closed| kept_by(&closed).to_owned());
    let waiting = match (queued, closed) {
        (Some(digests), Some(kept_by)) => format!("{digests}: {kept_by}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => none(),
    };
    let is_asked = progress.is_some_and(|progress| progress.awaiting.is_some());
    let busy = if is_asked {
        Tone::Attention
    } else {
        Tone::Busy
    };
    let closed = stored.closed(now).map(|_| Tone::Attention);
    [
        stored.target.name.to_string().into(),
        Cell::toned(live, Some(tone_of_live(state.current.as_ref()))),
        digest.into(),
        since.into(),
        Cell::toned(deploying, state.active.as_ref().map(|_| busy)),
        Cell::toned(waiting, closed),
    ]
}

fn tone_of_live(current: Option<&Current>) -> Tone {
    match current {
        Some(Current { drift: None, .. }) => Tone::Good,
        Some(_) => Tone::Attention,
        None => Tone::Faint,
    }
}

/// What a line of a target's details says of its state.
fn tone_of_detail(what: &str, current: Option<&Current>) -> Option<Tone> {
    match what {
        "live" => Some(tone_of_live(current)),
        "deploying" | "progress" | "waiting" => Some(Tone::Busy),
        "drift" | "awaiting" | "hold" | "line" | "window" => Some(Tone::Attention),
        "going back" | "rejected" => Some(Tone::Bad),
        _ => None,
    }
}

/// What is live, and that it has drifted. What is not of the target's repositories has no digest here: the
/// one beside it is what the record said.
fn live_name(current: &Current) -> String {
    let name = image::name(&current.candidate);
    match &current.drift {
        None => name,
        Some(drift) if drift.is_foreign => format!("{}, not {name} (drift)", drift.runs),
        Some(_) => format!("{name} (drift)"),
    }
}

/// What keeps automatic deployments, at a glance.
fn kept_by(closed: &Closure) -> &'static str {
    match closed.rule {
        Rule::LineStopped => "line stopped",
        Rule::Held => "held",
        _ => "window closed",
    }
}

/// What is being deployed, and what people should know of it at a glance.
fn deploying(active: &Active, progress: Option<&Progress>) -> String {
    let digests = image::digests(&active.candidate);
    if progress.is_some_and(|progress| progress.awaiting.is_some()) {
        return format!("{digests} waits for an answer");
    }
    match &active.phase {
        Phase::Requested { .. } => format!("{digests} is being started"),
        Phase::Before { step, .. } => {
            format!("{digests}: task {} before it", step.saturating_add(1))
        }
        Phase::Started { .. } => digests,
    }
}

/// One target with all that is known of it.
pub(super) async fn one(deployer: &Deployer, name: &TargetName) -> Result<Output, Failure> {
    let stored = registered(deployer, name).await?;
    let progress = deployer.progress(&stored).await;
    let asked = match &progress {
        Some(progress) => progress.asked.clone(),
        // A gate may ask for somebody else's deployment, too.
        None => deployer.asked_by_gates(&stored).await,
    };
    let now = deployer.clock.now();
    Ok(detail(&stored, progress.as_ref(), &asked, now))
}

/// `asked` is what its gates ask people.
fn detail(
    stored: &StoredTarget,
    progress: Option<&Progress>,
    asked: &[Approval],
    now: Timestamp,
) -> Output {
    let mut columns = Columns::bare();
    let mut say = |what: &str, text: String| {
        let tone = tone_of_detail(what, stored.state.current.as_ref());
        columns.row([what.to_owned().into(), Cell::toned(text, tone)]);
    };
    say("target", stored.target.name.to_string());
    if let Some(service) = &stored.target.service {
        say("service", service.to_string());
    }
    for repository in stored.repositories() {
        say("repository", repository.to_string());
    }
    match &stored.state.current {
        Some(current) => {
            say("live", live_name(current));
            for image in current.candidate.images() {
                say("digest", image.digest.to_string());
            }
            say("since", time(current.since));
            say("by", current.deployment.to_string());
            if let Some(who) = by_others(current) {
                say("", who.to_owned());
            }
            if let Some(task_definition) = &current.task_definition {
                say("task definition", task_definition.clone());
            }
            if let Some(drift) = &current.drift {
                let found = time(drift.found_at);
                let (runs, expected) = (&drift.runs, &drift.expected);
                say(
                    "drift",
                    format!("found {found}: {runs} runs, not {expected}"),
                );
                if let Some(cause) = &drift.cause {
                    say("", cause.clone());
                }
            }
        }
        None => say(
            "live",
            "nothing known: no deployment has concluded since it was registered".to_owned(),
        ),
    }
    if let Some(active) = &stored.state.active {
        say(
            "deploying",
            format!("{}, {}", active.candidate.describe(), phase(active)),
        );
        if let Origin::Person { .. } | Origin::Pipeline { .. } = &active.origin {
            say("asked for by", origin::by(&active.origin));
        }
    }
    if let Some(progress) = progress {
        say("progress", progress.headline.clone());
        for fact in &progress.facts {
            say("", fact.clone());
        }
        if let Some(awaiting) = &progress.awaiting {
            say("awaiting", waits(awaiting));
        }
    }
    if progress.is_none() {
        for asked in asked {
            let name = &stored.target.name;
            say("awaiting", waits(&awaiting(name, asked, asked.asked_at)));
            say("", format!("for {}", asked.images));
            for decision in &asked.decisions {
                say("", decision.in_words());
            }
        }
    }
    if let Some(wanted) = &stored.state.rollback {
        say(
            "going back",
            format!("{}: {}", wanted.candidate.describe(), wanted.reason),
        );
    }
    if let Some(queued) = &stored.state.queued {
        say(
            "waiting",
            format!("{}: {}", queued.candidate.describe(), queued.reason),
        );
    }
    for (what, why) in kept(stored, now) {
        say(what, why);
    }
    if let Some(text) = outside::marks(stored) {
        say("marks", text);
    }
    if let Some(text) = outside::promotion(stored) {
        say("promotion", text);
    }
    for digest in &stored.state.rejected {
        say("rejected", digest.to_string());
    }
    Output {
        text: columns.text(),
        json: document(stored, progress, asked, now),
    }
}

/// All that keeps automatic deployments from starting now, not only what comes first.
fn kept(stored: &StoredTarget, now: Timestamp) -> Vec<(&'static str, String)> {
    let line = stored.line.as_ref().filter(|line| line.holds_at(now));
    let hold = stored.state.hold.as_ref();
    let hold = hold.filter(|hold| hold.holds_at(now));
    let since = |hold: &Hold| format!("{}, since {}", hold.describe(), time(hold.since));
    let line = line.map(|line| ("line", format!("every target is {}", since(line))));
    let hold = hold.map(|hold| ("hold", since(hold)));
    let window = stored.target.windows.closure(now);
    let window = window.map(|closed| ("window", closed.reason));
    line.into_iter().chain(hold).chain(window).collect()
}

/// That no deployment of Greenlight has brought it. Drift is told by itself.
fn by_others(current: &Current) -> Option<&'static str> {
    let by_others = !current.is_proved && current.drift.is_none();
    by_others.then_some("not proved: deployed by others, or live before Greenlight came")
}

fn phase(active: &Active) -> String {
    match &active.phase {
        Phase::Requested { .. } => "being started".to_owned(),
        Phase::Before { step, aws_id, .. } => {
            format!("task {} before it, {aws_id}", step.saturating_add(1))
        }
        Phase::Started { aws_id, .. } => aws_id.clone(),
    }
}

/// The JSON form of one target's status, the same in both commands.
fn document(
    stored: &StoredTarget,
    progress: Option<&Progress>,
    asked: &[Approval],
    now: Timestamp,
) -> Value {
    let state = &stored.state;
    let current = state.current.as_ref().map(|current| {
        let mut members = image::members(&current.candidate);
        members.insert("deployment".into(), json!(current.deployment));
        members.insert("task_definition".into(), json!(current.task_definition));
        members.insert("since".into(), json!(current.since));
        if let Some(drift) = &current.drift {
            let drift = json!({
                "found_at": drift.found_at,
                "expected": drift.expected,
                "runs": drift.runs,
                "cause": drift.cause,
                "is_foreign": drift.is_foreign,
            });
            members.insert("drift".into(), drift);
        }
        members.insert("is_proved".into(), json!(current.is_proved));
        members
    });
    let rollback = state.rollback.as_ref().map(|wanted| {
        let mut members = image::members(&wanted.candidate);
        members.insert("deployment".into(), json!(wanted.deployment));
        members.insert("reason".into(), json!(wanted.reason));
        members
    });
    let active = state.active.as_ref().map(|active| {
        let mut members = image::members(&active.candidate);
        members.insert("deployment".into(), json!(active.deployment));
        let (phase, aws_id) = match &active.phase {
            Phase::Requested { .. } => ("requested", None),
            Phase::Before { aws_id, .. } => ("before", Some(aws_id)),
            Phase::Started { aws_id, .. } => ("started", Some(aws_id)),
        };
        members.insert("origin".into(), json!(active.origin));
        members.insert("phase".into(), json!(phase));
        members.insert("aws_id".into(), json!(aws_id));
        members.insert("progress".into(), json!(progress.map(Progress::to_json)));
        members
    });
    let queued = state.queued.as_ref().map(|queued| {
        let mut members = image::members(&queued.candidate);
        members.insert("deployment".into(), json!(queued.deployment));
        members.insert("reason".into(), json!(queued.reason));
        members
    });
    let service = stored.target.service.as_ref();
    let service = service.map(|it| json!({"cluster": it.cluster, "name": it.name}));
    let kept = |hold: Option<&Hold>| json!(hold.filter(|hold| hold.holds_at(now)));
    let window = stored.target.windows.closure(now);
    let mut document = json!({
        "target": stored.target.name,
        "service": service,
        "repository": stored.repositories().first(),
        "current": current,
        "active": active,
        "queued": queued,
        "hold": kept(state.hold.as_ref()),
        "line": kept(stored.line.as_ref()),
        "window": window.map(|closed| closed.reason),
        "rollback": rollback,
        "rejected": state.rejected,
        "asked": asked,
    });
    outside::add_to(&mut document, stored);
    document
}

#[cfg(test)]
mod tests;
