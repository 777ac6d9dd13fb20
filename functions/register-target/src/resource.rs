//! A resource of a stack, `Custom::GreenlightTarget`: what is done when CloudFormation creates, updates or deletes it.
//!
//! - A resource owns the target that it has registered, and changes and removes no other. What a person registered, or
//!   another resource, is not taken over.
//! - What a resource is called (`PhysicalResourceId`) is the name of the table and that of the target. An update that
//!   renames the target gives another one, and CloudFormation then deletes the old one by itself.
//! - The target of a deletion is the one in its physical id. Where a creation failed, or was never answered, that id
//!   is not ours: then it is the one in the properties, if this resource owns it.
//! - A request that comes again is answered as it was before, and nothing is done.

use std::collections::HashMap;

use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest as Request;
use greenlight_aws::table::Owner;
use greenlight_core::{
    problems::Problems,
    target::{Target, TargetName, parse_properties},
    verification::{Report, State},
};
use greenlight_deployer::{
    Deployer,
    targets::{Applied, Removed, TargetsError},
};
use greenlight_runtime::{
    function::Invocation,
    logging::chain,
    must_answer::{Answered, must_answer_to},
};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::{
    Error,
    answer::{Address, CustomResource, Told},
    reason,
};

/// The property by which nothing is looked at before a target is registered.
const VERIFY: &str = "Verify";
/// Properties of the resource that are CloudFormation's own.
const NOT_OURS: [&str; 2] = ["ServiceToken", "ServiceTimeout"];

/// Answers CloudFormation, whatever happens.
pub(crate) async fn answer(deployer: &Deployer, invocation: &Invocation) -> Result<Value, Error> {
    let contract = CustomResource {
        probe: &deployer.probe,
        endpoint: deployer.clients.endpoint_url(),
    };
    let payload = &invocation.payload;
    let address = match contract.address_of(payload) {
        Ok(address) => address,
        Err(error) => {
            tracing::error!("dropped a request that cannot be answered: {error}");
            return Ok(json!({ "dropped": error.to_string() }));
        }
    };
    // Boxed, as are the steps below: the SDK's futures within each other would not fit a thread's stack.
    let told = Box::pin(told(deployer, &address, payload));
    let answered = must_answer_to(&contract, &address, invocation.deadline, |_| told);
    let Answered { verdict, .. } = answered.await?;
    let status = if verdict.succeeded {
        "SUCCESS"
    } else {
        "FAILED"
    };
    Ok(json!({ "status": status, "reason": verdict.reason }))
}

/// What a request is told: what it was told before, or what comes of it now.
async fn told(deployer: &Deployer, address: &Address, payload: &Value) -> Told {
    let Address { stack, request, .. } = address;
    if stack.is_empty() || request.is_empty() || address.resource.is_empty() {
        return Told::failed(
            "the request has to have `StackId`, `RequestId` and `LogicalResourceId`".to_owned(),
        );
    }
    match deployer.table.answer_to(stack, request).await {
        Ok(Some(told)) => {
            tracing::info!("the request came before, and is answered as it was");
            return told;
        }
        Ok(None) => {}
        Err(error) => {
            return Told::failed(format!(
                "it could not be found out whether the request came before: {}",
                chain(&error)
            ));
        }
    }
    let told = Box::pin(carried_out(deployer, address, payload)).await;
    let now = deployer.clock.now();
    if let Err(error) = deployer.table.keep_answer(stack, request, &told, now).await {
        // If the request comes again it is carried out again, which changes nothing as long as no other came since.
        tracing::warn!(error = chain(&error), "the answer could not be kept");
    }
    told
}

async fn carried_out(deployer: &Deployer, address: &Address, payload: &Value) -> Told {
    let request = match Request::<Value, Value>::deserialize(payload) {
        Ok(request) => request,
        Err(error) => {
            return Told::failed(format!(
                "expected a request to create, update or delete a resource: {error}"
            ));
        }
    };
    let resource = Resource {
        deployer,
        owner: Owner {
            stack: address.stack.clone(),
            resource: address.resource.clone(),
        },
    };
    match request {
        Request::Create(create) => resource.register(&create.resource_properties).await,
        Request::Update(update) => {
            let told = resource.register(&update.resource_properties).await;
            if told.succeeded {
                let Some(name) = name_in(&update.resource_properties) else {
                    return told;
                };
                let was = name_in(&update.old_resource_properties);
                let called = resource.named_by(&update.physical_resource_id);
                // An update that renamed it was broken off before CloudFormation knew; nobody else removes that.
                if let Some(was) = was.filter(|was| *was != name && called == Some(name)) {
                    return resource.without(told, &was).await;
                }
            }
            told
        }
        Request::Delete(delete) => {
            let named = resource.named_by(&delete.physical_resource_id);
            match named.or_else(|| name_in(&delete.resource_properties)) {
                Some(name) => resource.remove(&name).await,
                None => succeeded("nothing was registered".to_owned()),
            }
        }
        _ => Told::failed("the type of the request is not known".to_owned()),
    }
}

struct Resource<'a> {
    deployer: &'a Deployer,
    owner: Owner,
}

impl Resource<'_> {
    async fn register(&self, properties: &Value) -> Told {
        let (target, verify) = match read(properties) {
            Ok(read) => read,
            Err(reason) => return Told::failed(reason),
        };
        match Box::pin(self.register_target(&target, verify)).await {
            Ok(told) => told,
            Err(error) => Told::failed(chain(&error)),
        }
    }

    async fn register_target(&self, target: &Target, verify: bool) -> Result<Told, TargetsError> {
        let name = &target.name;
        if self.is_registered(target).await? {
            return self
                .registered(name, "is registered as it is already", None)
                .await;
        }
        let registered = self.deployer.register_as(target, Some(&self.owner), verify);
        let registered = match Box::pin(registered).await {
            Ok(registered) => registered,
            Err(error) => return Ok(Told::failed(reason::of_refusal(&error))),
        };
        // So that the first deployment has something to go back to. It is registered all the same.
        if let Err(error) = Box::pin(self.deployer.adopt(name)).await {
            let error = chain(&error);
            tracing::warn!(target = %name, error, "what runs could not be taken over");
        }
        let did = match registered.applied {
            Applied::Created => "is registered",
            Applied::Changed => "is registered with its new document",
            Applied::Unchanged => "is registered as it is already",
        };
        self.registered(name, did, registered.report.as_ref()).await
    }

    /// Whether this resource has registered just this.
    async fn is_registered(&self, target: &Target) -> Result<bool, TargetsError> {
        let stored = self.deployer.owned_target(&target.name).await?;
        Ok(stored.is_some_and(|stored| {
            stored.owner.as_ref() == Some(&self.owner)
                && stored.target.is_ok_and(|stored| stored.target == *target)
        }))
    }

    async fn registered(
        &self,
        name: &TargetName,
        did: &str,
        report: Option<&Report>,
    ) -> Result<Told, TargetsError> {
        let stored = self.deployer.owned_target(name).await?;
        let version = stored.map_or(0, |stored| match stored.target {
            Ok(stored) => stored.version,
            Err(bad) => bad.version,
        });
        let count = |state| {
            let findings = report.into_iter().flat_map(Report::findings);
            findings.filter(|it| it.state == state).count().to_string()
        };
        let findings = report.map(reason::findings).unwrap_or_default();
        let reason = format!("target `{name}` {did}. {findings}");
        Ok(Told {
            physical_id: Some(self.physical_id(name)),
            data: HashMap::from([
                ("Name".to_owned(), name.to_string()),
                ("Version".to_owned(), version.to_string()),
                ("FindingsOk".to_owned(), count(State::Ok)),
                ("FindingsWarning".to_owned(), count(State::Warning)),
                ("FindingsCannotCheck".to_owned(), count(State::CannotCheck)),
            ]),
            ..succeeded(reason.trim_end().to_owned())
        })
    }

    async fn remove(&self, name: &TargetName) -> Told {
        match self.deployer.remove_as(name, Some(&self.owner)).await {
            Ok(Removed::Removed) => succeeded(format!(
                "target `{name}` is removed; its records stay, and what runs goes on running"
            )),
            Ok(Removed::Gone) => succeeded(format!("target `{name}` is not registered")),
            Ok(Removed::Kept) => succeeded(format!(
                "target `{name}` stays, since this resource has not registered it"
            )),
            Err(error) => Told::failed(chain(&error)),
        }
    }

    /// What was told, once another target is gone as well.
    async fn without(&self, told: Told, other: &TargetName) -> Told {
        let removal = self.remove(other).await;
        if removal.succeeded { told } else { removal }
    }

    fn physical_id(&self, name: &TargetName) -> String {
        format!("{}/{name}", self.deployer.table.name())
    }

    /// The target in a physical id, if it is of ours.
    fn named_by(&self, physical_id: &str) -> Option<TargetName> {
        let (table, name) = physical_id.rsplit_once('/')?;
        let name = name.parse().ok()?;
        (table == self.deployer.table.name()).then_some(name)
    }
}

fn succeeded(reason: String) -> Told {
    Told {
        succeeded: true,
        reason,
        physical_id: None,
        data: HashMap::new(),
    }
}

/// The target of some properties, and whether what it needs is to be looked at.
fn read(properties: &Value) -> Result<(Target, bool), String> {
    let mut document: Map<String, Value> = properties.as_object().cloned().unwrap_or_default();
    for property in NOT_OURS {
        document.remove(property);
    }
    let verify = match document.remove(VERIFY) {
        None | Some(Value::Bool(true)) => true,
        Some(Value::Bool(false)) => false,
        Some(Value::String(text)) if text == "true" => true,
        Some(Value::String(text)) if text == "false" => false,
        Some(_) => return Err(format!("the property {VERIFY} has to be true or false")),
    };
    let target = parse_properties(&Value::Object(document));
    Ok((target.map_err(|problems| in_one_line(&problems))?, verify))
}

fn name_in(properties: &Value) -> Option<TargetName> {
    properties.get("name")?.as_str()?.parse().ok()
}

/// Every problem, as CloudFormation shows it: in one line.
fn in_one_line(problems: &Problems) -> String {
    let problems = problems.iter().map(|problem| {
        let text = problem.to_string();
        text.replace("\n  hint: ", " (") + if problem.hint.is_some() { ")" } else { "" }
    });
    let problems: Vec<String> = problems.collect();
    format!(
        "the properties are not a target, see docs/targets.md. {}",
        problems.join("; ")
    )
}
