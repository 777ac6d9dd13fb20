//! AWS IAM: what a role is, whom it trusts, and what its policies allow.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{AwsError, Clients, Kind, Look, error::failed};

/// Of one simulation, so many pages are read at the most, …
const PAGES_LIMIT: usize = 10;
/// … and so many decisions are in one.
const DECISIONS_PER_PAGE: i32 = 200;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Of the account that was asked: a role of another account is not seen.
    pub arn: String,
    /// `/`, or what stands between `role` and the name in its ARN.
    pub path: String,
    /// The trust policy.
    pub trust: Value,
    /// The policy above which nothing that the role's policies allow is allowed.
    pub boundary: Option<String>,
}

/// The name of a role, where it may be given by its ARN, as ECS allows.
pub fn role_name(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// The role of this name, of the account whose clients these are.
pub async fn role(clients: &Clients, name: &str) -> Result<Look<Role>, AwsError> {
    const ACTION: &str = "iam:GetRole";
    let resource = || format!("IAM role `{name}`");
    let answer = clients
        .iam()
        .get_role()
        .role_name(name)
        .send()
        .await
        .map_err(failed(ACTION, resource()));
    let found = answer.and_then(|answer| {
        let unusable = |message: &str| AwsError::not_understood(ACTION, resource(), message);
        let role = answer
            .role
            .ok_or_else(|| unusable("the answer holds no role"))?;
        // The document comes as it would stand in an address (IAM API reference, `Role`).
        let trust = role.assume_role_policy_document().unwrap_or_default();
        let trust = percent_decode_str(trust).decode_utf8();
        let trust = trust
            .ok()
            .and_then(|trust| serde_json::from_str(&trust).ok());
        Ok(Role {
            trust: trust.ok_or_else(|| unusable("the trust policy is not JSON"))?,
            boundary: role
                .permissions_boundary
                .and_then(|boundary| boundary.permissions_boundary_arn),
            arn: role.arn,
            path: role.path,
        })
    });
    Look::of(found)
}

/// Whether a role may do one thing with one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `ecs:RunTask`
    pub action: String,
    /// The ARN, or `*`.
    pub resource: String,
    /// `allowed | implicitDeny | explicitDeny`
    pub decision: String,
    /// Condition keys that the policies speak of and for which no value was given.
    pub missing_context: Vec<String>,
}

impl Decision {
    /// Whether the role may.
    pub fn is_allowed(&self) -> bool {
        self.decision == "allowed"
    }
}

/// What the policies of a role say of these actions with each of these resources; `*` where none is given. Conditions
/// find the values of `context`, each a key and its text. Policies of resources, such as that of a secret, are not
/// taken into account.
pub async fn simulate(
    clients: &Clients,
    role_arn: &str,
    actions: &[&str],
    resource_arns: &[&str],
    context: &[(&str, &str)],
) -> Result<Look<Vec<Decision>>, AwsError> {
    const ACTION: &str = "iam:SimulatePrincipalPolicy";
    let resource = || format!("IAM role `{role_arn}`");
    let texts = |texts: &[&str]| {
        let texts = texts.iter().map(|&text| text.to_owned());
        Some(texts.collect::<Vec<_>>()).filter(|texts| !texts.is_empty())
    };
    let context: Vec<_> = context
        .iter()
        .map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(*key)
                .context_key_values(*value)
                .context_key_type(ContextKeyTypeEnum::String)
                .build()
        })
        .collect();
    let iam = clients.iam();
    let mut decisions = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES_LIMIT {
        let page = iam
            .simulate_principal_policy()
            .policy_source_arn(role_arn)
            .set_action_names(texts(actions))
            .set_resource_arns(texts(resource_arns))
            .set_context_entries(Some(context.clone()).filter(|context| !context.is_empty()))
            .max_items(DECISIONS_PER_PAGE)
            .set_marker(marker)
            .send()
            .await
            .map_err(failed(ACTION, resource()));
        let page = match Look::of(page)? {
            Look::Found(page) => page,
            Look::Missing => return Ok(Look::Missing),
            Look::Forbidden(why) => return Ok(Look::Forbidden(why)),
        };
        decisions.extend(page.evaluation_results().iter().flat_map(decisions_of));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(Look::Found(decisions));
        }
    }
    // Whoever asks would take what is not among them for forbidden.
    let message = format!("the answer has more than {PAGES_LIMIT} pages");
    Err(AwsError::unusable(
        ACTION,
        resource(),
        Kind::Invalid,
        None,
        message,
    ))
}

/// An action with several resources has one result, in which each resource has its own.
fn decisions_of(result: &EvaluationResult) -> Vec<Decision> {
    let action = result.eval_action_name();
    let each = result.resource_specific_results();
    if each.is_empty() {
        return vec![Decision {
            action: action.to_owned(),
            resource: result.eval_resource_name().unwrap_or("*").to_owned(),
            decision: result.eval_decision().as_str().to_owned(),
            missing_context: result.missing_context_values().to_vec(),
        }];
    }
    each.iter()
        .map(|one| Decision {
            action: action.to_owned(),
            resource: one.eval_resource_name().to_owned(),
            decision: one.eval_resource_decision().as_str().to_owned(),
            missing_context: one.missing_context_values().to_vec(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    const ROLE: &str = "arn:aws:iam::123456789012:role/service/api-task";

    fn refused(code: &str) -> String {
        format!(
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender\
             </Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        )
    }

    fn described(trust: &str) -> String {
        format!(
            "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetRoleResult><Role>\
             <Path>/service/</Path><RoleName>api-task</RoleName><RoleId>AROA1</RoleId><Arn>{ROLE}</Arn>\
             <CreateDate>2026-01-01T00:00:00Z</CreateDate>\
             <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument>\
             <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
             <PermissionsBoundaryArn>arn:aws:iam::123456789012:policy/limit</PermissionsBoundaryArn>\
             </PermissionsBoundary></Role></GetRoleResult></GetRoleResponse>"
        )
    }

    #[test]
    fn a_role_tells_whom_it_trusts() {
        let aws = Scripted::default();
        aws.answer(
            200,
            described(
                "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service\
                 %22%3A%22ecs-tasks.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D",
            ),
        );
        let found = run(role(&aws.clients(), role_name(ROLE))).unwrap();
        assert_eq!(
            found,
            Look::Found(Role {
                arn: ROLE.to_owned(),
                path: "/service/".to_owned(),
                trust: json!({"Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }]}),
                boundary: Some("arn:aws:iam::123456789012:policy/limit".to_owned()),
            })
        );
        let sent = &aws.sent()[0].body;
        assert!(sent.contains("Action=GetRole"), "{sent}");
        assert!(sent.contains("RoleName=api-task"), "{sent}");
    }

    #[test]
    fn a_trust_policy_that_is_none_is_an_error() {
        let aws = Scripted::default();
        for trust in ["", "%7B", "%FF"] {
            aws.answer(200, described(trust));
            let error = run(role(&aws.clients(), "api-task")).unwrap_err();
            assert_eq!(error.message(), "the trust policy is not JSON");
        }
    }

    #[test]
    fn a_role_that_is_not_there_and_one_that_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        aws.answer(404, refused("NoSuchEntity"));
        assert_eq!(run(role(&aws.clients(), "gone")).unwrap(), Look::Missing);
        aws.answer(403, refused("AccessDenied"));
        let found = run(role(&aws.clients(), "secret")).unwrap();
        let said = "`iam:GetRole` failed for the IAM role `secret`: AccessDenied: no";
        assert_eq!(found, Look::Forbidden(said.to_owned()));
        aws.answer(503, refused("ServiceFailure"));
        let error = run(role(&aws.clients(), "api")).unwrap_err();
        assert!(error.is_retryable());
    }

    fn page(results: &str, marker: &str) -> String {
        let marker = match marker {
            "" => "<IsTruncated>false</IsTruncated>".to_owned(),
            marker => format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"),
        };
        format!(
            "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <SimulatePrincipalPolicyResult><EvaluationResults>{results}</EvaluationResults>{marker}\
             </SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        )
    }

    #[test]
    fn each_action_is_decided_for_each_resource_on_every_page() {
        let aws = Scripted::default();
        let one = |arn: &str, decision: &str| {
            format!(
                "<member><EvalResourceName>{arn}</EvalResourceName>\
                 <EvalResourceDecision>{decision}</EvalResourceDecision></member>"
            )
        };
        let results = format!(
            "<member><EvalActionName>iam:PassRole</EvalActionName><EvalResourceName>arn:a\
             </EvalResourceName><EvalDecision>implicitDeny</EvalDecision><ResourceSpecificResults>{}{}\
             </ResourceSpecificResults></member>",
            one("arn:a", "allowed"),
            one("arn:b", "explicitDeny"),
        );
        aws.answer(200, page(&results, "more"));
        aws.answer(
            200,
            page(
                "<member><EvalActionName>ecs:RunTask</EvalActionName><EvalResourceName>*</EvalResourceName>\
                 <EvalDecision>implicitDeny</EvalDecision><MissingContextValues><member>ecs:cluster</member>\
                 </MissingContextValues></member>",
                "",
            ),
        );
        let found = run(simulate(
            &aws.clients(),
            ROLE,
            &["iam:PassRole", "ecs:RunTask"],
            &["arn:a", "arn:b"],
            &[("iam:PassedToService", "ecs-tasks.amazonaws.com")],
        ));
        let decision = |action: &str, resource: &str, decision: &str, missing: &[&str]| Decision {
            action: action.to_owned(),
            resource: resource.to_owned(),
            decision: decision.to_owned(),
            missing_context: missing.iter().map(|&key| key.to_owned()).collect(),
        };
        let expected = vec![
            decision("iam:PassRole", "arn:a", "allowed", &[]),
            decision("iam:PassRole", "arn:b", "explicitDeny", &[]),
            decision("ecs:RunTask", "*", "implicitDeny", &["ecs:cluster"]),
        ];
        assert!(expected[0].is_allowed() && !expected[1].is_allowed());
        assert_eq!(found.unwrap(), Look::Found(expected));
        let sent = aws.sent();
        for part in [
            "ActionNames.member.1=iam%3APassRole",
            "ActionNames.member.2=ecs%3ARunTask",
            "ResourceArns.member.2=arn%3Ab",
            "ContextEntries.member.1.ContextKeyName=iam%3APassedToService",
            "ContextEntries.member.1.ContextKeyType=string",
        ] {
            assert!(sent[0].body.contains(part), "{part} in {}", sent[0].body);
        }
        assert!(sent[1].body.contains("Marker=more"), "{}", sent[1].body);
    }

    #[test]
    fn a_simulation_without_end_is_an_error_since_what_is_left_out_would_look_forbidden() {
        let aws = Scripted::default();
        for _ in 0..PAGES_LIMIT {
            aws.answer(200, page("", "more"));
        }
        let error = run(simulate(&aws.clients(), ROLE, &["ecs:RunTask"], &[], &[])).unwrap_err();
        assert_eq!(error.message(), "the answer has more than 10 pages");
        assert!(!aws.sent()[0].body.contains("ResourceArns"));
    }

    #[test]
    fn the_simulation_of_a_role_that_is_not_there_or_not_permitted_is_a_finding() {
        let aws = Scripted::default();
        let look = || run(simulate(&aws.clients(), ROLE, &["ecs:RunTask"], &[], &[])).unwrap();
        aws.answer(404, refused("NoSuchEntity"));
        assert_eq!(look(), Look::Missing);
        aws.answer(403, refused("AccessDenied"));
        assert!(matches!(look(), Look::Forbidden(_)));
    }
}
