use super::*;
use crate::gate::Phase;

const JANE: &str = "arn:aws:iam::123456789012:user/jane";
const JOE: &str = "arn:aws:sts::123456789012:assumed-role/Admin/joe";
const ANN: &str = "arn:aws:sts::123456789012:assumed-role/Admin/ann";

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_764_000_000 + second, 0).unwrap()
}

fn target() -> TargetName {
    "api-prod".parse().unwrap()
}

fn approval(needed: u32) -> Approval {
    let check = ApprovalCheck {
        approvals: needed,
        question: Some("Has the migration run?".to_owned()),
    };
    let id = ApprovalId {
        point: GatePoint::BeforeTraffic,
        aws_id: "d-1".to_owned(),
        label: None,
    };
    Approval::asked(id, &check, (None, "mco/api:v2".to_owned()), at(0), at(1800))
}

fn said(who: &str, approved: bool, second: i64) -> Decision {
    Decision::new(who, approved, None, at(second))
}

fn after(needed: u32, decisions: &[Decision]) -> Approval {
    decisions
        .iter()
        .fold(approval(needed), |approval, decision| {
            approval.with(decision.clone()).unwrap()
        })
}

#[test]
fn enough_different_people_approve_and_one_rejects() {
    let yes = |who| said(who, true, 60);
    let no = |who| said(who, false, 60);
    for (needed, decisions, phase, is_final, summary) in [
        (
            1,
            vec![],
            Phase::Pending,
            false,
            "waits for 1 of 1 approvals until ",
        ),
        (
            2,
            vec![yes(JANE)],
            Phase::Pending,
            false,
            "waits for 1 of 2 approvals until ",
        ),
        (
            2,
            vec![yes(JANE), yes(JANE)],
            Phase::Pending,
            false,
            "waits for 1 of 2 approvals until ",
        ),
        (
            1,
            vec![yes(JANE)],
            Phase::Successful,
            true,
            "approved by arn:aws:iam::123456789012:user/jane",
        ),
        (
            2,
            vec![yes(JOE), yes(ANN)],
            Phase::Successful,
            true,
            "approved by arn:aws:sts::123456789012:assumed-role/Admin/joe, arn:aws:sts::123456789012:assumed-role/Admin/ann",
        ),
        (
            2,
            vec![no(JANE)],
            Phase::Failed,
            true,
            "rejected by arn:aws:iam::123456789012:user/jane: without a reason",
        ),
        (
            3,
            vec![yes(JOE), yes(ANN), no(JANE)],
            Phase::Failed,
            true,
            "rejected by arn:aws:iam::123456789012:user/jane",
        ),
        (
            2,
            vec![yes(JANE), no(JANE)],
            Phase::Failed,
            true,
            "rejected by arn:aws:iam::123456789012:user/jane",
        ),
    ] {
        let approval = after(needed, &decisions);
        let found = approval.measure(&target(), at(61));
        assert_eq!(found.phase, phase, "{needed}, {decisions:?}: {found:?}");
        assert_eq!(found.is_final, is_final, "{needed}, {decisions:?}");
        assert!(found.summary.starts_with(summary), "{found:?}");
        assert_eq!(found.evidence.len(), approval.decisions.len());
    }
}

#[test]
fn whoever_waits_is_told_how_to_answer_and_until_when() {
    assert_eq!(
        approval(2).measure(&target(), at(0)).summary,
        "waits for 2 of 2 approvals until 2025-11-24T16:30:00Z; answer by \
         `greenlight approve api-prod` or `greenlight reject api-prod --reason WHY`"
    );
}

#[test]
fn a_reason_is_told_with_the_rejection() {
    let no = Decision::new(JANE, false, Some(" the migration has not run\n"), at(60));
    let found = after(1, &[no]).measure(&target(), at(61));
    assert_eq!(
        found.summary,
        "rejected by arn:aws:iam::123456789012:user/jane: the migration has not run"
    );
    assert_eq!(
        found.evidence,
        [
            "arn:aws:iam::123456789012:user/jane rejected at 2025-11-24T16:01:00Z: the migration \
             has not run"
        ]
    );
}

#[test]
fn of_a_long_reason_no_more_is_kept_than_a_report_can_hold() {
    let decision = Decision::new(JANE, true, Some(&"ü".repeat(100_000)), at(0));
    assert_eq!(decision.reason.unwrap().chars().count(), REASON + 1);
    assert_eq!(Decision::new(JANE, true, Some(" "), at(0)).reason, None);
}

#[test]
fn a_second_decision_of_a_person_takes_the_place_of_the_first() {
    let approval = after(
        3,
        &[said(JANE, true, 1), said(JOE, true, 2), said(JANE, true, 3)],
    );
    assert_eq!(approval.who_approved(), [JOE, JANE]);
    assert_eq!(approval.standing(at(4)), Standing::Open { missing: 1 });
}

#[test]
fn nobody_can_answer_what_is_decided_or_whose_time_is_over() {
    let refused = |approval: Approval, second| {
        let result = approval.with(said(ANN, true, second));
        result.unwrap_err().to_string()
    };
    assert_eq!(
        refused(after(1, &[said(JANE, true, 1)]), 2),
        "it was approved already, by arn:aws:iam::123456789012:user/jane"
    );
    assert_eq!(
        refused(after(1, &[said(JANE, false, 1)]), 2),
        "it was rejected already, by arn:aws:iam::123456789012:user/jane"
    );
    assert_eq!(
        refused(approval(1), 1800),
        "the time to answer was over at 2025-11-24T16:30:00Z"
    );
    assert!(approval(1).with(said(ANN, true, 1799)).is_ok());
}

#[test]
fn what_nobody_has_answered_in_time_has_failed_and_what_is_decided_stays_so() {
    let late = at(100_000);
    let found = after(2, &[said(JANE, true, 1)]).measure(&target(), late);
    assert_eq!(found.phase, Phase::Failed);
    assert!(found.is_final);
    assert_eq!(
        found.summary,
        "1 of 2 approvals were missing at 2025-11-24T16:30:00Z, when the time to answer was over"
    );
    let approved = after(1, &[said(JANE, true, 1)]);
    assert_eq!(approved.standing(late), Standing::Approved);
    let rejected = after(1, &[said(JANE, false, 1)]);
    assert!(matches!(rejected.standing(late), Standing::Rejected(_)));
}

#[test]
fn an_approval_that_was_written_is_read_again() {
    let mut approval = after(2, &[said(JANE, true, 1)]);
    let written = serde_json::to_value(&approval).unwrap();
    assert_eq!(written["point"], "before_traffic");
    assert_eq!(
        serde_json::from_value::<Approval>(written).unwrap(),
        approval
    );
    approval.id.label = Some("security".to_owned());
    let written = serde_json::to_value(&approval).unwrap();
    assert_eq!(
        serde_json::from_value::<Approval>(written).unwrap(),
        approval
    );
}
