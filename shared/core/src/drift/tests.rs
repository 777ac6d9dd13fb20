//! What is seen, and what follows from it, a line each.

use jiff::Timestamp;

use super::*;
use crate::deployment::{Candidate, DeploymentId, Drift, PushedImage};

const API: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api";
const PROXY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/proxy";

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64))
        .parse()
        .unwrap()
}

/// The record of a deployment that brought these images.
fn recorded(images: &[(&str, char)]) -> Current {
    let at = Timestamp::from_second(1_795_000_000).unwrap();
    let images = images.iter().map(|(repository, letter)| PushedImage {
        repository: repository.parse().unwrap(),
        digest: digest(*letter),
        tag: None,
        ordered_at: at,
        rank: None,
    });
    Current {
        deployment: DeploymentId::of_cause(at, &["test"]),
        candidate: Candidate::of_images(images.collect()).unwrap(),
        task_definition: None,
        since: at,
        is_proved: true,
        drift: None,
    }
}

fn seen(repository: &str, image: &str, digests: &[Option<char>]) -> Seen {
    Seen {
        repository: repository.parse().unwrap(),
        image: Some(image.to_owned()),
        digests: digests.iter().map(|letter| letter.map(digest)).collect(),
    }
}

fn pinned(repository: &str, letter: char) -> Seen {
    let image = format!("{repository}@{}", digest(letter));
    seen(repository, &image, &[Some(letter)])
}

fn steady(containers: Vec<Seen>) -> Sight {
    Sight {
        desired: 2,
        revisions: 1,
        containers,
        ..Sight::default()
    }
}

/// `none`, `same`, `back`, `foreign: …` or the short digests of what runs.
fn verdict(recorded: &Current, sight: &Sight) -> String {
    let counts_as = BTreeMap::from([(API.parse().unwrap(), vec![digest('a'), digest('c')])]);
    match judge(recorded, sight, &counts_as) {
        Verdict::None { .. } => "none".to_owned(),
        Verdict::AsRecorded => "same".to_owned(),
        Verdict::BackAsRecorded => "back".to_owned(),
        Verdict::Differs {
            runs, is_foreign, ..
        } if is_foreign => format!("foreign: {runs}"),
        Verdict::Differs { images, .. } => {
            let mut letters = images.values().map(|digest| digest.short()[..1].to_owned());
            letters.by_ref().collect::<Vec<_>>().join("+")
        }
    }
}

#[test]
fn what_is_seen_is_compared_with_what_is_recorded() {
    let tagged = format!("{API}:test");
    let api = |digests: &[Option<char>]| vec![seen(API, &tagged, digests)];
    let table: [(&str, Vec<Seen>, &str); 12] = [
        ("the same", vec![pinned(API, 'a')], "same"),
        ("another", vec![pinned(API, 'b')], "b"),
        (
            "a tag whose tasks agree",
            api(&[Some('a'), Some('a')]),
            "same",
        ),
        ("a child of the index", api(&[Some('c')]), "same"),
        ("a tag of another image", api(&[Some('b'), Some('b')]), "b"),
        ("tasks that disagree", api(&[Some('a'), Some('b')]), "none"),
        ("tasks that do not tell", api(&[Some('a'), None]), "none"),
        ("no tasks", api(&[]), "none"),
        (
            "another repository",
            vec![seen(API, "nginx:latest", &[])],
            "foreign: nginx:latest",
        ),
        (
            "no such container",
            vec![Seen {
                image: None,
                ..pinned(API, 'a')
            }],
            "foreign: no such container",
        ),
        (
            "a repository of which nothing is recorded",
            vec![pinned(API, 'a'), pinned(PROXY, 'd')],
            "same",
        ),
        ("nothing", vec![], "none"),
    ];
    for (case, containers, expected) in table {
        let found = verdict(&recorded(&[(API, 'a')]), &steady(containers));
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn one_of_several_images_is_enough_to_differ() {
    let both = recorded(&[(API, 'a'), (PROXY, 'd')]);
    let sight = |proxy| steady(vec![pinned(API, 'a'), pinned(PROXY, proxy)]);
    assert_eq!(verdict(&both, &sight('d')), "same");
    assert_eq!(verdict(&both, &sight('e')), "a+e");
    let mixed = verdict(&both, &steady(vec![pinned(API, 'a'), pinned(API, 'b')]));
    assert!(mixed.starts_with("foreign: "), "{mixed}");
}

#[test]
fn a_service_that_is_not_steady_gives_no_verdict() {
    type Change = fn(&mut Sight);
    let record = recorded(&[(API, 'a')]);
    let other = steady(vec![pinned(API, 'b')]);
    assert_eq!(verdict(&record, &other), "b");
    let table: [(&str, Change, &str); 5] = [
        ("it is deployed to", |it| it.is_in_progress = true, "none"),
        ("two revisions", |it| it.revisions = 2, "none"),
        ("no revision", |it| it.revisions = 0, "none"),
        ("no tasks are wanted", |it| it.desired = 0, "none"),
        (
            "a daemon has no count",
            |it| (it.desired, it.is_daemon) = (0, true),
            "b",
        ),
    ];
    for (case, change, expected) in table {
        let mut sight = other.clone();
        change(&mut sight);
        assert_eq!(verdict(&record, &sight), expected, "{case}");
    }
}

#[test]
fn what_was_foreign_and_comes_back_is_known_again() {
    let mut record = recorded(&[(API, 'a')]);
    record.drift = Some(Drift {
        found_at: record.since,
        expected: "a".to_owned(),
        runs: "nginx:latest".to_owned(),
        cause: None,
        is_foreign: true,
        recorded: None,
    });
    assert_eq!(verdict(&record, &steady(vec![pinned(API, 'a')])), "back");
    assert_eq!(verdict(&record, &steady(vec![pinned(API, 'b')])), "b");
}

#[test]
fn who_has_registered_it_is_told_in_words() {
    for (arn, expected) in [
        (
            "arn:aws:sts::123456789012:assumed-role/Terraform/run-7",
            "role Terraform (run-7)",
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/Deploy/Deploy",
            "role Deploy",
        ),
        ("arn:aws:iam::123456789012:role/ci/Deploy", "role Deploy"),
        ("arn:aws:iam::123456789012:user/ada", "user ada"),
        ("arn:aws:iam::123456789012:user/team/ada", "user ada"),
        ("arn:aws:iam::123456789012:root", "the account's root user"),
        (
            "arn:aws:sts::123456789012:federated-user/ada",
            "arn:aws:sts::123456789012:federated-user/ada",
        ),
        ("ada", "ada"),
    ] {
        assert_eq!(principal(arn), expected);
    }
    let user = Some("arn:aws:iam::123456789012:user/ada");
    let by = Some("CodeDeploy deployment d-1 of user");
    assert_eq!(cause(None, None), None);
    assert_eq!(cause(None, user).unwrap(), "registered by user ada");
    let both = "deployed by CodeDeploy deployment d-1 of user, registered by user ada";
    assert_eq!(cause(by, user).unwrap(), both);
}
