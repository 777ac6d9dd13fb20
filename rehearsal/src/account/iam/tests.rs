//! What IAM says over the wire, and what the door does about it.

use bytes::Bytes;
use http::Request;
use serde_json::json;

use super::*;
use crate::account::Settings;

/// A role that reads services of one cluster, and no secret of it.
fn policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Read", "Effect": "Allow", "Action": "ecs:Describe*", "Resource": "arn:aws:ecs:*:*:service/mco/*"},
        {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:ecs:*:*:service/mco/secret"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
         "Condition": {"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}},
    ]})
}

/// A form as the SDKs send it to the global endpoint. Gives status and body.
async fn ask(account: &Account, form: &str) -> (u16, String) {
    let request = Request::post("https://iam.amazonaws.com/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(format!("Version=2010-05-08&{form}")))
        .unwrap();
    let response = account.handle(request).await;
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), body)
}

#[tokio::test(start_paused = true)]
async fn a_role_is_described_with_its_trust_policy_encoded() {
    let account = Account::new(Settings::for_tests());
    let trust = trusts(&["ecs-tasks.amazonaws.com"]);
    let arn = add_role(&account, "services/mco-api", &trust, &[policy()]).unwrap();
    assert_eq!(arn, "arn:aws:iam::123456789012:role/services/mco-api");
    let (status, body) = ask(&account, "Action=GetRole&RoleName=mco-api").await;
    assert_eq!(status, 200, "{body}");
    for part in [
        "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">",
        "<Path>/services/</Path>",
        &format!("<Arn>{arn}</Arn>"),
        "<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22",
        "%22ecs-tasks.amazonaws.com%22",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    let (status, body) = ask(&account, "Action=GetRole&RoleName=nobody").await;
    assert_eq!(status, 404);
    assert!(body.contains("<Code>NoSuchEntity</Code>"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_simulation_says_of_each_action_on_each_resource_what_the_policy_decides() {
    let account = Account::new(Settings::for_tests());
    add_role(
        &account,
        "reader",
        &trusts(&["lambda.amazonaws.com"]),
        &[policy()],
    )
    .unwrap();
    let simulate =
        "Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::123456789012:role/reader";
    let (api, secret) = (
        "arn:aws:ecs:eu-west-1:1:service/mco/api",
        "arn:aws:ecs:eu-west-1:1:service/mco/secret",
    );
    let form = format!(
        "{simulate}&ActionNames.member.1=ecs:DescribeServices&ActionNames.member.2=ecs:UpdateService\
         &ResourceArns.member.1={api}&ResourceArns.member.2={secret}"
    );
    let (status, body) = ask(&account, &form).await;
    assert_eq!(status, 200, "{body}");
    let decisions = |body: &str| -> Vec<String> {
        let parts = body.split("<EvalDecision>").skip(1);
        let decisions = parts.filter_map(|part| part.split_once('<'));
        decisions.map(|(decision, _)| decision.to_owned()).collect()
    };
    assert_eq!(
        decisions(&body),
        ["allowed", "explicitDeny", "implicitDeny", "explicitDeny"]
    );
    let first = format!("{form}&MaxItems=3");
    let (_, body) = ask(&account, &first).await;
    assert_eq!(decisions(&body).len(), 3);
    assert!(
        body.contains("<IsTruncated>true</IsTruncated><Marker>3</Marker>"),
        "{body}"
    );
    let (_, body) = ask(&account, &format!("{first}&Marker=3")).await;
    assert_eq!(decisions(&body), ["explicitDeny"]);
    assert!(body.contains("<IsTruncated>false</IsTruncated>"), "{body}");
    for (service, expected) in [("ecs", "allowed"), ("ecs-tasks", "implicitDeny")] {
        let form = format!(
            "{simulate}&ActionNames.member.1=iam:PassRole&ContextEntries.member.1.ContextKeyName=iam:PassedToService\
             &ContextEntries.member.1.ContextKeyValues.member.1={service}.amazonaws.com\
             &ContextEntries.member.1.ContextKeyType=string"
        );
        let (_, body) = ask(&account, &form).await;
        assert_eq!(decisions(&body), [expected], "{body}");
    }
    let (status, body) = ask(&account, "Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::123456789012:role/nobody&ActionNames.member.1=a:B").await;
    assert_eq!((status, body.contains("NoSuchEntity")), (404, true));
}

#[tokio::test(start_paused = true)]
async fn who_acts_in_a_role_may_do_what_it_allows_and_is_refused_the_rest_in_awss_words() {
    let account = Account::new(Settings::for_tests());
    let key = account.add_caller("Reader");
    let policy = Policy::parse(&[policy()]).unwrap();
    account.act_in_role("Reader", "greenlight-reader", policy);
    let call = |operation: &str, input: Value| {
        Request::post("/")
            .header(
                "x-amz-target",
                format!("AmazonEC2ContainerServiceV20141113.{operation}"),
            )
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/ecs/aws4_request"),
            )
            .body(Bytes::from(input.to_string()))
            .unwrap()
    };
    let services = |cluster: &str| json!({"cluster": cluster, "services": ["api"]});
    let allowed = account
        .handle(call("DescribeServices", services("mco")))
        .await;
    let text = String::from_utf8_lossy(allowed.body()).into_owned();
    assert!(text.contains("ClusterNotFoundException"), "{text}");
    assert!(account.refused_by_policies().is_empty());
    let refused = account
        .handle(call("DescribeServices", services("other")))
        .await;
    assert_eq!(refused.status().as_u16(), 400);
    let refused: Value = serde_json::from_slice(refused.body()).unwrap();
    assert_eq!(refused["__type"], "AccessDeniedException");
    let sentence = "User: arn:aws:sts::123456789012:assumed-role/ReaderRole/greenlight-reader is not authorized to perform: \
                    ecs:DescribeServices on resource: arn:aws:ecs:eu-west-1:123456789012:service/other/api because no \
                    identity-based policy allows the ecs:DescribeServices action";
    assert_eq!(refused["message"], sentence);
    assert_eq!(account.refused_by_policies(), [sentence]);
}
