//! What the checks of gates ask, and the function that runs them.

use futures_util::{
    future::{OptionFuture, join_all},
    join,
};
use greenlight_aws::{cloudwatch, lambda};
use greenlight_core::{
    target::GatePoint,
    verification::{Branch, Finding, Look, check, gates as judge},
};

use super::{
    Verifier,
    look::{looked, seen},
    roles::Question,
};

/// What was found of the gates.
#[derive(Debug)]
pub(super) struct Gates {
    /// The function that runs them, if it is known.
    hook: Option<Look<lambda::Function>>,
    alarms: Look<Vec<String>>,
    functions: Vec<(String, GatePoint, Look<lambda::Function>)>,
}

impl Gates {
    /// The role of the function that runs the gates.
    pub(super) fn role(&self) -> Option<&str> {
        let hook = self.hook.as_ref().and_then(Look::found);
        hook.map(|function| function.role.as_str())
    }
}

impl Verifier<'_> {
    pub(super) async fn gates(&self) -> Gates {
        let hook = self.deployer.hook_function.as_deref();
        let hook = OptionFuture::from(hook.map(|name| self.function(name)));
        let functions = join_all(judge::functions(self.target).into_iter().map(
            async |(name, point)| {
                let look = self.function(&name).await;
                (name, point, look)
            },
        ));
        let (hook, alarms, functions) = join!(hook, self.alarms(), functions);
        Gates {
            hook,
            alarms,
            functions,
        }
    }

    /// The names of those alarms that are there.
    async fn alarms(&self) -> Look<Vec<String>> {
        let alarms = judge::alarms(self.target).into_iter();
        let names: Vec<String> = alarms.map(|(name, _)| name).collect();
        if names.is_empty() {
            return Look::Found(Vec::new());
        }
        let lack = self.place.own_lack("cloudwatch:DescribeAlarms", "*");
        let call = cloudwatch::alarms(&self.deployer.clients, &names);
        seen(self.bounded(call).await, lack)
            .map(|alarms| alarms.into_iter().map(|alarm| alarm.name).collect())
    }

    async fn function(&self, name: &str) -> Look<lambda::Function> {
        let action = "lambda:GetFunctionConfiguration";
        let lack = self.place.own_lack(action, self.place.function(name));
        let call = lambda::function(&self.deployer.clients, name);
        looked(self.bounded(call).await, lack)
    }

    pub(super) async fn gate_branch(&self, gates: &Gates) -> Option<Branch> {
        let name = self.deployer.hook_function.as_deref();
        let hook = name.zip(gates.hook.as_ref());
        let mut findings: Vec<Finding> = judge::hook(self.target, hook).into_iter().collect();
        findings.extend(judge::account(self.target, self.place.home.account()));
        findings.extend(judge::alarms(self.target).iter().map(|(name, point)| {
            let look = match &gates.alarms {
                Look::Found(there) if there.contains(name) => Look::Found(()),
                Look::Found(_) | Look::Missing => Look::Missing,
                Look::Unseen(unseen) => Look::Unseen(unseen.clone()),
            };
            judge::alarm(name, *point, &look)
        }));
        let functions = gates.functions.iter();
        findings.extend(functions.map(|(name, point, look)| judge::function(name, *point, look)));
        if let Some(role) = gates.role() {
            findings.extend(self.may_call_checks(role, gates).await);
        }
        (!findings.is_empty()).then(|| Branch {
            name: "gates".to_owned(),
            findings,
        })
    }

    async fn may_call_checks(&self, role: &str, gates: &Gates) -> Vec<Finding> {
        let there = gates
            .functions
            .iter()
            .filter(|(.., look)| look.found().is_some());
        let resources = there.map(|(name, ..)| {
            let what = format!("call function `{name}`");
            (self.place.function(name), what)
        });
        // It is a role of Greenlight's own, whatever the target's.
        let question = Question {
            check: check::CHECK_FUNCTION_PERMISSION,
            role,
            action: "lambda:InvokeFunction",
            resources: resources.collect(),
            context: &[],
            parameter: Some("CheckFunctionNames"),
            may_be_allowed_elsewhere: true,
        };
        self.permissions_by(&self.deployer.clients, question).await
    }
}
