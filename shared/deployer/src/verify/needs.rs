//! What tasks need to start: secrets, parameters and log groups. Each is read once, and parameters all together.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{future::join_all, join};
use greenlight_aws::{Clients, logs, secrets, ssm};
use greenlight_core::{
    task_definition::{LogGroup, Reference, TaskDefinition},
    verification::{Branch, Finding, Look, secrets as judge},
};

use super::{Verifier, look::looked};

impl Verifier<'_> {
    pub(super) async fn needs(&self, definition: &TaskDefinition) -> Option<Branch> {
        let references = definition.containers().flat_map(|container| {
            let of = container.name();
            let references = container.references().into_iter();
            references.map(move |(name, reference)| (judge::used_by(of, &name), reference))
        });
        let references: Vec<(String, Reference)> = references.collect();
        let groups: Vec<(&str, LogGroup)> = definition
            .containers()
            .filter_map(|container| Some((container.name(), container.log_group()?)))
            .collect();
        let (secrets, parameters, logs) = join!(
            self.secrets(&references),
            self.parameters(&references),
            self.log_groups(&groups)
        );
        let mut findings: Vec<Finding> = references
            .iter()
            .filter_map(|(used_by, reference)| {
                let look = match reference {
                    Reference::Secret(arn) => secrets.get(arn)?,
                    Reference::Parameter(name) => parameters.get(name)?,
                };
                Some(judge::exists(reference, used_by, look))
            })
            .collect();
        findings.extend(groups.iter().filter_map(|(container, group)| {
            let region = group.region.as_deref().unwrap_or(self.place.home.region());
            let look = logs.get(&(group.name.clone(), region.to_owned()))?;
            Some(judge::log_group(group, container, region, look))
        }));
        (!findings.is_empty()).then(|| Branch {
            name: format!("what tasks of `{}` need", definition.family()),
            findings,
        })
    }

    async fn secrets(&self, references: &[(String, Reference)]) -> BTreeMap<String, Look<()>> {
        let arns = references
            .iter()
            .filter_map(|(_, reference)| match reference {
                Reference::Secret(arn) => Some(arn.as_str()),
                Reference::Parameter(_) => None,
            });
        let arns: BTreeSet<&str> = arns.collect();
        let found = join_all(arns.into_iter().map(async |arn| {
            let lack = self.place.lack("secretsmanager:DescribeSecret", arn);
            let clients = self.in_region_of(arn);
            let look = looked(self.bounded(secrets::look(&clients, arn)).await, lack);
            // A secret that is to be deleted gives no values any more.
            let look = match look {
                Look::Found(secret) if secret.is_deleted => Look::Missing,
                look => look.map(|_| ()),
            };
            (arn.to_owned(), look)
        }));
        found.await.into_iter().collect()
    }

    async fn parameters(&self, references: &[(String, Reference)]) -> BTreeMap<String, Look<()>> {
        let names = references
            .iter()
            .filter_map(|(_, reference)| match reference {
                Reference::Parameter(name) => Some(name.as_str()),
                Reference::Secret(_) => None,
            });
        let mut by_region: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in names.collect::<BTreeSet<&str>>() {
            let region = region_of(name).unwrap_or(self.place.home.region());
            by_region.entry(region).or_default().push(name);
        }
        let found = join_all(by_region.into_values().map(async |names| {
            let lack = self.place.lack("ssm:DescribeParameters", "*");
            let clients = self.in_region_of(names.first().copied().unwrap_or_default());
            let look = looked(self.bounded(ssm::look(&clients, &names)).await, lack);
            let each = names.into_iter().map(move |name| {
                let look = match &look {
                    Look::Found(there) if there.iter().any(|it| it.is(name)) => Look::Found(()),
                    Look::Found(_) | Look::Missing => Look::Missing,
                    Look::Unseen(unseen) => Look::Unseen(unseen.clone()),
                };
                (name.to_owned(), look)
            });
            each.collect::<Vec<_>>()
        }));
        found.await.into_iter().flatten().collect()
    }

    async fn log_groups(
        &self,
        groups: &[(&str, LogGroup)],
    ) -> BTreeMap<(String, String), Look<()>> {
        let home = self.place.home.region();
        let groups: BTreeSet<(&str, &str)> = groups
            .iter()
            .map(|(_, group)| (group.name.as_str(), group.region.as_deref().unwrap_or(home)))
            .collect();
        let found = join_all(groups.into_iter().map(async |(name, region)| {
            let lack = self.place.lack("logs:DescribeLogGroups", "*");
            let clients = self.in_region(region);
            let look = looked(self.bounded(logs::group(&clients, name)).await, lack);
            ((name.to_owned(), region.to_owned()), look.map(|_| ()))
        }));
        found.await.into_iter().collect()
    }

    fn in_region_of(&self, name_or_arn: &str) -> Clients {
        match region_of(name_or_arn) {
            Some(region) => self.in_region(region),
            None => self.clients.clone(),
        }
    }

    fn in_region(&self, region: &str) -> Clients {
        if self.clients.are_of(region) {
            return self.clients.clone();
        }
        self.clients.in_region(region)
    }
}

/// The region in an ARN.
fn region_of(arn: &str) -> Option<&str> {
    let region = arn.strip_prefix("arn:")?.split(':').nth(2)?;
    (!region.is_empty()).then_some(region)
}
