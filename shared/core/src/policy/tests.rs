//! What lists of rules decide.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn exact(tag: &str) -> TagPolicy {
    TagPolicy::Exact(tag.parse().unwrap())
}

fn glob(text: &str) -> TagPolicy {
    TagPolicy::Glob(text.parse().unwrap())
}

fn semver(range: &str) -> TagPolicy {
    TagPolicy::Semver(VersionRange::new(range, false, "").unwrap())
}

fn regex(text: &str, order: Option<KeyOrder>) -> TagPolicy {
    TagPolicy::Regex(TagPattern::new(text, order).unwrap())
}

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a verdict is written where it is checked"
)]
fn check(policies: &[TagPolicy], tag: &str, verdict: Verdict, rule: &str) {
    let decision = decide(policies, &default_ignore(), &tag.parse().unwrap());
    assert_eq!(decision.rule, rule);
    assert_eq!(decision.verdict, verdict);
}

const BY_TIME: Verdict = Verdict::Taken { rank: None };

#[test]
fn an_exact_tag_takes_itself_and_nothing_else() {
    check(
        &[exact("test")],
        "test",
        BY_TIME,
        "the target takes the tag `test`",
    );
    let both = [exact("test"), exact("main")];
    check(&both, "main", BY_TIME, "the target takes the tag `main`");
    check(
        &[exact("test")],
        "Test",
        Verdict::NotTaken,
        "the target takes only `test`, not `Test`",
    );
    check(
        &both,
        "v1",
        Verdict::NotTaken,
        "the target takes only `test`, `main`, not `v1`",
    );
    check(
        &[],
        "v1",
        Verdict::NotTaken,
        "the target takes no tag, not `v1`",
    );
}

#[test]
fn each_kind_of_rule_takes_its_tags_and_names_itself() {
    check(
        &[exact("test"), glob("rel-*")],
        "rel-7",
        BY_TIME,
        "the target takes glob `rel-*`, and so `rel-7`",
    );
    let rank = Some(Rank::Number("12".to_owned()));
    check(
        &[regex(r"^v(?<version>\d+)$", Some(KeyOrder::Numeric))],
        "v12",
        Verdict::Taken { rank },
        r"the target takes regex `^v(?<version>\d+)$`, and so `v12`",
    );
    let rank = Some(Rank::Version("1.10.0".parse().unwrap()));
    check(
        &[semver(">=1.2, <2")],
        "1.10.0",
        Verdict::Taken { rank },
        "the target takes semver `>=1.2, <2`, and so `1.10.0`",
    );
    check(
        &[TagPolicy::Newest],
        "banana",
        BY_TIME,
        "the target takes every tag, and so `banana`",
    );
}

#[test]
fn what_nearly_fits_is_told_why_it_does_not() {
    check(
        &[semver(">=1.2, <2")],
        "1.11.0-rc.1",
        Verdict::NotTaken,
        "the target takes only semver `>=1.2, <2`, not `1.11.0-rc.1`: it is a pre-release",
    );
    check(
        &[regex(r"v(?<n>\w+)", Some(KeyOrder::Numeric))],
        "vx",
        Verdict::NotTaken,
        r"the target takes only regex `v(?<n>\w+)`, not `vx`: its `n` is no whole number",
    );
}

#[test]
fn what_is_ignored_is_taken_by_nothing() {
    for (tag, glob) in [
        ("sha256-0a.sig", "*.sig"),
        ("app.att", "*.att"),
        ("app.sbom", "*.sbom"),
        ("sha256-0a", "sha256-*"),
    ] {
        check(
            &[TagPolicy::Newest],
            tag,
            Verdict::Ignored,
            &format!("the target ignores `{glob}`, and so `{tag}`"),
        );
    }
    let tag = "sha256-0a".parse().unwrap();
    assert!(decide(&[TagPolicy::Newest], &[], &tag).is_taken());
}

/// Tags that several kinds of rules take.
fn any_tag() -> impl Strategy<Value = Tag> {
    let number = 0_u32..20;
    let version = (
        number.clone(),
        number.clone(),
        number.clone(),
        any::<bool>(),
    );
    prop_oneof![
        version.prop_map(|(major, minor, patch, is_release)| {
            let pre = if is_release { "" } else { "-rc.1" };
            format!("{major}.{minor}.{patch}{pre}")
        }),
        number.clone().prop_map(|number| format!("v{number}")),
        number.prop_map(|number| format!("v{number:04}")),
        "[a-z]{1,4}",
    ]
    .prop_map(|tag| tag.parse().unwrap())
}

/// Lists each of which orders in one way.
fn any_list() -> impl Strategy<Value = Vec<TagPolicy>> {
    let all = TagPolicy::Semver(VersionRange::new("*", true, "").unwrap());
    prop::sample::select(vec![
        vec![exact("test"), glob("v*"), TagPolicy::Newest],
        vec![semver(">=1, <5"), all],
        vec![
            regex(r"v(?<n>\d{1,2})", Some(KeyOrder::Numeric)),
            regex(r"v(?<n>\d+)", Some(KeyOrder::Numeric)),
        ],
        vec![regex(r"(?<word>\w+)", Some(KeyOrder::Lexical))],
    ])
}

proptest! {
    /// Whatever a list takes can be compared: by ranks of one kind, or by nothing but the time.
    #[test]
    fn the_order_of_what_a_list_takes_is_total(
        list in any_list(),
        tags in prop::array::uniform3(any_tag()),
    ) {
        let order = list[0].order();
        let ranks: Vec<Option<Rank>> = tags
            .iter()
            .map(|tag| decide(&list, &[], tag))
            .filter(Decision::is_taken)
            .map(Decision::into_rank)
            .collect();
        for rank in &ranks {
            let kind = match rank {
                None => Order::Time,
                Some(Rank::Version(_)) => Order::Version,
                Some(Rank::Number(_)) => Order::Number,
                Some(Rank::Text(_)) => Order::Text,
            };
            prop_assert_eq!(kind, order);
        }
        let [Some(a), Some(b), Some(c)] = ranks.as_slice() else {
            return Ok(());
        };
        prop_assert_eq!(a.compare(a), Ordering::Equal);
        prop_assert_eq!(a.compare(b), b.compare(a).reverse());
        if a.compare(b).is_le() && b.compare(c).is_le() {
            prop_assert!(a.compare(c).is_le());
        }
        if a.compare(b).is_eq() {
            prop_assert_eq!(a.compare(c), b.compare(c));
        }
    }
}
