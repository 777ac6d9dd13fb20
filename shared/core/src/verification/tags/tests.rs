use super::*;
use crate::verification::{
    State,
    sample::{repository, target},
};

fn full() -> Target {
    target(
        "images: [{container: api, repository: mco/api, tags: [test, {glob: 'rel-*'}]}], \
         service: {cluster: mco, name: api}, deploy: {rolling: {}}, on_failure: {restore_tag: true}, \
         on_success: {tag: deployed-test}, promote: {tag: staging}",
    )
}

#[test]
fn the_tags_that_greenlight_moves_are_those_of_the_document() {
    let target = full();
    let written = written(&target, &target.images[0]);
    let written: Vec<(&str, &str)> = written
        .iter()
        .map(|(why, tag)| (*why, tag.as_str()))
        .collect();
    assert_eq!(
        written,
        [
            ("on_failure.restore_tag", "test"),
            ("on_success.tag", "deployed-test"),
            ("promote.tag", "staging"),
        ]
    );
}

#[test]
fn a_tag_that_stays_where_it_is_is_told_with_the_filter_to_add() {
    let immutable = |except: &[&str]| {
        Look::Found(Mutability {
            is_immutable: true,
            except: except.iter().map(|&it| it.to_owned()).collect(),
        })
    };
    let tag: Tag = "staging".parse().unwrap();
    let judge = |look: &Look<Mutability>| mutable("promote.tag", &tag, &repository(), look);
    let finding = judge(&immutable(&[])).unwrap();
    assert_eq!(finding.state, State::Missing);
    assert_eq!(
        finding.text,
        "repository `mco/api` keeps the tag `staging` where it is, but `promote.tag` moves it"
    );
    assert!(
        finding
            .remedy
            .unwrap()
            .contains("filterType=WILDCARD,filter=staging")
    );
    assert_eq!(judge(&immutable(&["stag*"])).unwrap().state, State::Ok);
    assert_eq!(judge(&Look::Missing), None);
}
