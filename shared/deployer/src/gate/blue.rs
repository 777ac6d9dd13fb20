//! The blue side of a deployment, as far as metrics need it: the target groups of the tasks that carried the traffic
//! before.

use greenlight_aws::{
    AwsError,
    ecs::{self, Service, ServiceRevision, TaskSet},
};

use super::green::{Green, Side};

/// A side of a deployment without tasks of its own in a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoBlue(pub(super) String);

impl Green {
    /// The target group of the blue tasks, or why there is none.
    pub(super) async fn blue_target_group(&self) -> Result<Result<String, NoBlue>, AwsError> {
        let service = || ecs::service(&self.clients, &self.service.cluster, &self.service.name);
        match &self.side {
            Side::TaskSet { deployment, .. } => {
                let service = service().await?;
                let found = other_set(&service, deployment).and_then(target_group_of);
                Ok(found.ok_or_else(|| self.nothing_before()))
            }
            Side::Primary { .. } => Ok(Err(NoBlue(
                "what runs now is compared with nothing: there is no blue beside it".to_owned(),
            ))),
            Side::Revision {
                is_rolling: true, ..
            } => Ok(Err(NoBlue(
                "a rolling deployment has no blue: its old tasks are in the same target group; compare with `previous`"
                    .to_owned(),
            ))),
            Side::Revision {
                deployment,
                revision,
                ..
            } => {
                let deployment = ecs::service_deployment(&self.clients, deployment).await?;
                let sources = deployment.source_revisions.into_iter();
                let arns: Vec<_> = sources
                    .map(|source| source.arn)
                    .filter(|arn| *arn != revision.arn)
                    .collect();
                let sources = ecs::service_revisions(&self.clients, &arns).await?;
                if let Some(found) = of_revisions(&sources) {
                    return Ok(Ok(found));
                }
                if arns.is_empty() {
                    return Ok(Err(self.nothing_before()));
                }
                // Of a service's two it is the one that green is not in.
                let green = self.target_groups(revision).await?;
                let found = other_target_group(&service().await?, &green);
                Ok(found.ok_or_else(|| self.nothing_before()))
            }
        }
    }

    fn nothing_before(&self) -> NoBlue {
        NoBlue(format!(
            "service `{}` has no blue tasks in a target group: nothing ran before, or it has been removed",
            self.service
        ))
    }
}

/// The task set that carried the traffic before the one of `deployment`, or still does.
fn other_set<'a>(service: &'a Service, deployment: &str) -> Option<&'a TaskSet> {
    let others = || {
        let sets = service.task_sets.iter();
        sets.filter(|set| set.external_id.as_deref() != Some(deployment))
    };
    let primary = others().find(|set| set.status == "PRIMARY");
    primary.or_else(|| others().next())
}

fn target_group_of(set: &TaskSet) -> Option<String> {
    let first = set.load_balancers.first()?;
    Some(first.target_group.clone())
}

fn of_revisions(revisions: &[ServiceRevision]) -> Option<String> {
    let mut groups = revisions.iter().flat_map(|it| &it.target_groups);
    groups.next().cloned()
}

fn other_target_group(service: &Service, green: &[String]) -> Option<String> {
    let both = service.load_balancers.iter().find_map(|it| {
        let groups = [
            it.target_group.as_ref()?,
            it.alternate_target_group.as_ref()?,
        ];
        groups
            .iter()
            .any(|group| green.contains(group))
            .then_some(groups)
    })?;
    both.into_iter()
        .find(|group| !green.contains(group))
        .cloned()
}

#[cfg(test)]
mod tests {
    use greenlight_aws::ecs::{LoadBalancer, ServiceLoadBalancer};

    use super::*;

    fn set(external_id: &str, status: &str, target_group: &str) -> TaskSet {
        TaskSet {
            external_id: Some(external_id.to_owned()),
            status: status.to_owned(),
            load_balancers: vec![LoadBalancer {
                target_group: target_group.to_owned(),
                ..LoadBalancer::default()
            }],
            ..TaskSet::default()
        }
    }

    #[test]
    fn blue_is_the_other_task_set_before_the_shift_and_after_it() {
        let found = |sets: Vec<TaskSet>| {
            let service = Service {
                task_sets: sets,
                ..Service::default()
            };
            other_set(&service, "d-2").and_then(target_group_of)
        };
        let draining = set("d-0", "DRAINING", "c");
        let before = vec![
            draining,
            set("d-2", "ACTIVE", "b"),
            set("d-1", "PRIMARY", "a"),
        ];
        assert_eq!(found(before).as_deref(), Some("a"));
        let after = vec![set("d-2", "PRIMARY", "b"), set("d-1", "ACTIVE", "a")];
        assert_eq!(found(after).as_deref(), Some("a"));
        assert_eq!(found(vec![set("d-2", "PRIMARY", "b")]), None);
    }

    #[test]
    fn of_two_target_groups_blue_has_the_one_that_green_is_not_in() {
        let service = Service {
            load_balancers: vec![ServiceLoadBalancer {
                target_group: Some("a".to_owned()),
                alternate_target_group: Some("b".to_owned()),
                ..ServiceLoadBalancer::default()
            }],
            ..Service::default()
        };
        for (green, expected) in [("a", Some("b")), ("b", Some("a")), ("c", None)] {
            let found = other_target_group(&service, &[green.to_owned()]);
            assert_eq!(found.as_deref(), expected);
        }
        assert_eq!(other_target_group(&Service::default(), &[]), None);
    }
}
