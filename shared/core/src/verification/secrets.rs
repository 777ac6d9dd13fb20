//! What containers are given and where they write: secrets, parameters, log groups.

use super::{Finding, Look, check};
use crate::task_definition::{LogGroup, Reference};

/// Who needs a secret: ``variable `DB` of container `api` ``.
pub fn used_by(container: &str, name: &str) -> String {
    format!("`{name}` of container `{container}`")
}

/// Whether a secret or parameter is there.
pub fn exists(reference: &Reference, used_by: &str, look: &Look<()>) -> Finding {
    let (check, what, create) = match reference {
        Reference::Secret(arn) => (
            check::SECRET,
            format!("secret `{arn}`, from which {used_by} comes,"),
            "create it in Secrets Manager, or correct `valueFrom` in the task definition: a deleted secret that was \
             created anew has another suffix",
        ),
        Reference::Parameter(name) => (
            check::PARAMETER,
            format!("parameter `{name}`, from which {used_by} comes,"),
            "create it in Systems Manager, or correct `valueFrom` in the task definition",
        ),
    };
    match look {
        Look::Found(()) => Finding::ok(check, format!("{what} is there")),
        Look::Missing => Finding::missing(
            check,
            format!("{what} does not exist, so no task would start"),
            create,
        ),
        Look::Unseen(unseen) => unseen.finding(check, &what),
    }
}

/// Whether a log group is there, or is created by the task. `region` is where it is looked for.
pub fn log_group(group: &LogGroup, container: &str, region: &str, look: &Look<()>) -> Finding {
    let what = format!("log group `{}` of container `{container}`", group.name);
    match look {
        Look::Found(()) => Finding::ok(check::LOG_GROUP, format!("{what} is there")),
        Look::Missing if group.is_created => Finding::ok(
            check::LOG_GROUP,
            format!("{what} is created when a task starts (`awslogs-create-group`)"),
        ),
        Look::Missing => Finding::missing(
            check::LOG_GROUP,
            format!("{what} does not exist, so no task would start"),
            format!(
                "create it: `aws logs create-log-group --region {region} --log-group-name {}`",
                group.name
            ),
        ),
        Look::Unseen(unseen) => unseen.finding(check::LOG_GROUP, &what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verification::{State, Unseen};

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

    fn group(is_created: bool) -> LogGroup {
        LogGroup {
            name: "/ecs/api".into(),
            region: None,
            is_created,
        }
    }

    #[test]
    fn a_secret_and_a_parameter_that_are_not_there_keep_tasks_from_starting() {
        for (reference, check) in [
            (Reference::Secret(ARN.into()), check::SECRET),
            (Reference::Parameter("/db".into()), check::PARAMETER),
        ] {
            let finding = exists(&reference, &used_by("api", "DB"), &Look::Missing);
            assert_eq!((finding.state, finding.check), (State::Missing, check));
            assert!(finding.text.contains("`DB` of container `api`"));
            assert!(finding.remedy.unwrap().contains("`valueFrom`"));
            let found = exists(&reference, "x", &Look::Found(()));
            assert_eq!((found.state, found.check), (State::Ok, check));
            let unseen = Unseen {
                reason: "no".into(),
                lacks: None,
            };
            let unseen = exists(&reference, "x", &Look::Unseen(unseen));
            assert_eq!(unseen.state, State::CannotCheck);
        }
    }

    #[test]
    fn a_log_group_has_to_be_there_unless_the_task_creates_it() {
        let state =
            |creates, look: &Look<()>| log_group(&group(creates), "api", "eu-west-1", look).state;
        assert_eq!(state(false, &Look::Found(())), State::Ok);
        assert_eq!(state(true, &Look::Missing), State::Ok);
        assert_eq!(state(false, &Look::Missing), State::Missing);
        let remedy = log_group(&group(false), "api", "eu-west-1", &Look::Missing).remedy;
        assert_eq!(
            remedy.as_deref(),
            Some(
                "create it: `aws logs create-log-group --region eu-west-1 --log-group-name /ecs/api`"
            )
        );
    }
}
