use crate::commands::promises::assert_kept;
use greenlight_deployer::promote::PromotedImage;

use super::*;

#[test]
fn both_forms_say_what_the_tag_names_now_and_named_before() {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64)).parse().unwrap();
    let image = greenlight_core::deployment::PushedImage {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: digest("a"),
        tag: Some("staging".parse().unwrap()),
        ordered_at: jiff::Timestamp::UNIX_EPOCH,
        rank: None,
    };
    let promoted = Promoted {
        deployment: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
        images: vec![PromotedImage {
            image,
            previous: Some(digest("b")),
            text: "`staging` of mco/api names 3a4dfb063801 now, which is live at `api-test` (promoted by arn:aws:sts::123456789012:assumed-role/Admin/jane)".to_owned(),
        }],
    };
    let to = "staging".parse().unwrap();
    let output = told(&"api-test".parse().unwrap(), &to, &promoted);
    assert_kept("promote", &output.json);
    crate::commands::sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"api-test  `staging` of mco/api names 3a4dfb063801 now, which is live at `api-test` (promoted by arn:aws:sts::123456789012:assumed-role/Admin/jane)");
    assert_eq!(
        output.json,
        json!({
            "target": "api-test",
            "to": "staging",
            "deployment": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "images": [{
                "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
                "digest": format!("sha256:{}", "a".repeat(64)),
                "previous": format!("sha256:{}", "b".repeat(64)),
            }],
        })
    );
}
