//! The check `alarms`: whether CloudWatch alarms are in the state `OK`.

use jiff::Timestamp;

use super::Measurement;
use crate::target::check::{AlarmsCheck, AlreadyOn};
use crate::text::excerpt;

/// Of the reason that CloudWatch gives, so many characters are told.
const REASON: usize = 300;

/// An alarm, as CloudWatch describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub name: String,
    /// `OK | ALARM | INSUFFICIENT_DATA`
    pub state: String,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// Since when it is in that state.
    pub since: Option<Timestamp>,
}

impl Alarm {
    /// Whether it was on before `began_at`, and has been ever since.
    fn was_on_before(&self, began_at: Timestamp) -> bool {
        self.state == "ALARM" && self.since.is_some_and(|since| since < began_at)
    }

    fn since(&self) -> String {
        self.since
            .map_or_else(String::new, |since| format!(" since {since:.0}"))
    }

    fn line(&self) -> String {
        let reason = excerpt(&self.reason, REASON);
        let before = if reason.is_empty() { "" } else { ": " };
        format!(
            "alarm `{}` is {}{}{before}{reason}",
            self.name,
            self.state,
            self.since()
        )
    }
}

/// `began_at` is when the deployment began: an alarm that was on by then says nothing of the new image.
pub fn measure_alarms(check: &AlarmsCheck, alarms: &[Alarm], began_at: Timestamp) -> Measurement {
    let found = |name: &String| alarms.iter().find(|alarm| alarm.name == *name);
    let missing: Vec<&String> = check
        .names
        .iter()
        .filter(|name| found(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Measurement::error(format!(
            "there is no CloudWatch alarm {} in this account and region; create it, or correct the name",
            named(missing)
        ))
        .for_good();
    }
    let asked: Vec<&Alarm> = check.names.iter().filter_map(found).collect();
    let evidence: Vec<String> = asked
        .iter()
        .filter(|alarm| alarm.state != "OK")
        .map(|alarm| alarm.line())
        .collect();
    let (before, counted): (Vec<&Alarm>, Vec<&Alarm>) = asked
        .into_iter()
        .partition(|alarm| alarm.was_on_before(began_at));
    if check.already_on == AlreadyOn::Fail
        && let Some(first) = before.first()
    {
        return Measurement::failed(format!(
            "alarm {} was on before the deployment began{}, so it can tell nothing about the new image; \
             mend what it warns of and deploy again, or leave such alarms out with `already_on: ignore`",
            named(before.iter().map(|alarm| &alarm.name)),
            first.since()
        ))
        .for_good()
        .with_evidence(evidence);
    }
    let left_out = if before.is_empty() {
        String::new()
    } else {
        format!(
            "; left out, as it was on before the deployment began: {}",
            named(before.iter().map(|alarm| &alarm.name))
        )
    };
    let in_state = |state: &str| -> Vec<&String> {
        let counted = counted.iter().filter(|alarm| alarm.state == state);
        counted.map(|alarm| &alarm.name).collect()
    };
    let on = in_state("ALARM");
    let fine = in_state("OK").len();
    let measured = if counted.is_empty() {
        Measurement::inconclusive(format!("no alarm is left to look at{left_out}")).for_good()
    } else if !on.is_empty() {
        Measurement::failed(format!("alarm {} is on{left_out}", named(on)))
    } else if fine < counted.len() {
        let others = counted.iter().filter(|alarm| alarm.state != "OK");
        Measurement::inconclusive(format!(
            "alarm {} has not enough data{left_out}",
            named(others.map(|alarm| &alarm.name))
        ))
    } else if let [alarm] = counted[..] {
        Measurement::successful(format!("alarm `{}` is OK{left_out}", alarm.name))
    } else {
        Measurement::successful(format!("{fine} alarms are OK{left_out}"))
    };
    measured.with_evidence(evidence)
}

fn named<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names = names.into_iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Phase;

    const BEGAN: &str = "2026-11-22T10:00:00Z";
    const BEFORE: &str = "2026-11-22T09:30:00Z";
    const AFTER: &str = "2026-11-22T10:02:00Z";

    fn alarm(name: &str, state: &str, since: &str) -> Alarm {
        Alarm {
            name: name.to_owned(),
            state: state.to_owned(),
            reason: "Threshold Crossed".to_owned(),
            since: since.parse().ok(),
        }
    }

    fn measure(already_on: AlreadyOn, names: &[&str], alarms: &[Alarm]) -> Measurement {
        let check = AlarmsCheck {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            already_on,
        };
        measure_alarms(&check, alarms, BEGAN.parse().unwrap())
    }

    fn expect(found: &Measurement, (phase, is_final): (Phase, bool), summary: &str) {
        assert!(
            found.summary.starts_with(summary),
            "{} is not {summary}",
            found.summary
        );
        assert_eq!(
            (found.phase, found.is_final),
            (phase, is_final),
            "{summary}"
        );
    }

    #[test]
    fn the_states_of_the_alarms_decide() {
        let ok = || alarm("a", "OK", BEFORE);
        let on = |name: &str| alarm(name, "ALARM", AFTER);
        let no_data = || alarm("b", "INSUFFICIENT_DATA", BEFORE);
        let good = (Phase::Successful, false);
        let bad = (Phase::Failed, false);
        let look = |names: &[&str], alarms: &[Alarm]| measure(AlreadyOn::Fail, names, alarms);
        let both = &["a", "b"];
        expect(&look(&["a"], &[ok()]), good, "alarm `a` is OK");
        let fine = [ok(), alarm("b", "OK", AFTER)];
        expect(&look(both, &fine), good, "2 alarms are OK");
        expect(&look(both, &[ok(), on("b")]), bad, "alarm `b` is on");
        let not_enough = "alarm `b` has not enough data";
        let nothing = (Phase::Inconclusive, false);
        expect(&look(both, &[ok(), no_data()]), nothing, not_enough);
        let one_on = [on("c"), no_data()];
        expect(&look(&["b", "c"], &one_on), bad, "alarm `c` is on");
        // It may have come on at any time: it is on now.
        expect(
            &look(&["a"], &[alarm("a", "ALARM", "")]),
            bad,
            "alarm `a` is on",
        );
        expect(
            &look(&["a", "x", "y"], &[ok()]),
            (Phase::Error, true),
            "there is no CloudWatch alarm `x`, `y` in this account",
        );
    }

    #[test]
    fn an_alarm_that_was_on_before_tells_nothing_and_fails_at_once_or_is_left_out() {
        let ok = || alarm("a", "OK", BEFORE);
        let before = || alarm("b", "ALARM", BEFORE);
        let on = |name: &str| alarm(name, "ALARM", AFTER);
        let bad = (Phase::Failed, false);
        expect(
            &measure(AlreadyOn::Fail, &["a", "b"], &[ok(), before()]),
            (Phase::Failed, true),
            "alarm `b` was on before the deployment began since 2026-11-22T09:30:00Z, so it can tell nothing about \
             the new image; mend",
        );
        let look = |names: &[&str], alarms: &[Alarm]| measure(AlreadyOn::Ignore, names, alarms);
        let left_out = "left out, as it was on before the deployment began: `b`";
        let told = |what: &str| format!("{what}; {left_out}");
        let found = look(&["a", "b"], &[ok(), before()]);
        expect(&found, (Phase::Successful, false), &told("alarm `a` is OK"));
        expect(
            &look(&["b", "c"], &[before(), on("c")]),
            bad,
            &told("alarm `c` is on"),
        );
        let nothing = (Phase::Inconclusive, true);
        expect(
            &look(&["b"], &[before()]),
            nothing,
            &told("no alarm is left to look at"),
        );
        // One that was on, went off and came on again.
        expect(&look(&["b"], &[on("b")]), bad, "alarm `b` is on");
    }

    #[test]
    fn the_evidence_are_the_alarms_that_are_not_ok_with_their_reasons() {
        let alarms = [alarm("a", "OK", BEFORE), alarm("b", "ALARM", AFTER)];
        assert_eq!(
            measure(AlreadyOn::Fail, &["a", "b"], &alarms).evidence,
            ["alarm `b` is ALARM since 2026-11-22T10:02:00Z: Threshold Crossed"]
        );
    }
}
