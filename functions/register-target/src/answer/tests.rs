use serde_json::json;

use super::*;

fn request(url: &str) -> Value {
    json!({
        "RequestType": "Create",
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/targets/51af3dc0",
        "RequestId": "c2f1b2a0-5f6d-4d0e-9a5f-0b8d6a2c9e11",
        "LogicalResourceId": "Api",
    })
}

fn address(url: &str, endpoint: Option<&str>) -> Result<Address, NoAddress> {
    let probe = Probe::new();
    let contract = CustomResource {
        probe: &probe,
        endpoint,
    };
    contract.address_of(&request(url))
}

#[test]
fn only_s3_and_the_endpoint_in_the_place_of_aws_are_answered() {
    let bucket = "cloudformation-custom-resource-response-euwest1";
    for host in [
        "s3.amazonaws.com",
        "s3-eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
        "s3.cn-north-1.amazonaws.com.cn",
    ] {
        let url = format!("https://{bucket}.{host}/arn%3Aaws%3A1?X-Amz-Signature=secret");
        assert!(address(&url, None).is_ok(), "{url}");
    }
    for url in [
        "http://bucket.s3.amazonaws.com/a",
        "https://bucket.s3.amazonaws.com:8443/a",
        "https://me@bucket.s3.amazonaws.com/a",
        "https://s3.amazonaws.com.example.org/a",
        "https://s3.examplamazonaws.com/a",
        "https://ec2.amazonaws.com/a",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:4566/a",
        "ftp://bucket.s3.amazonaws.com/a",
        "no url",
        "",
    ] {
        assert!(address(url, None).is_err(), "{url}");
    }
    let endpoint = Some("http://127.0.0.1:4566");
    assert!(address("http://127.0.0.1:4566/answer", endpoint).is_ok());
    assert!(address("http://127.0.0.1:4567/answer", endpoint).is_err());
}

#[test]
fn the_url_is_in_no_message() {
    let of_s3 = "https://bucket.s3.amazonaws.com/stack-path?X-Amz-Signature=secret";
    let messages = [
        format!("{:?}", address(of_s3, None)),
        format!(
            "{:?}",
            address("https://example.org/stack-path?secret", None)
        ),
        address("https://example.org/stack-path?secret", None)
            .unwrap_err()
            .to_string(),
    ];
    for message in messages {
        assert!(!message.contains("secret"), "{message}");
        assert!(!message.contains("stack-path"), "{message}");
    }
}

#[test]
fn an_answer_is_never_longer_than_cloudformation_reads() {
    let address = address("https://bucket.s3.amazonaws.com/a", None).unwrap();
    for reason in ["short".to_owned(), "é\"\n".repeat(4000), "x".repeat(5000)] {
        let body = body(&address, &Told::failed(reason.clone()));
        assert!(body.len() <= LIMIT, "{}", body.len());
        let answer: Value = serde_json::from_str(&body).unwrap();
        let told = answer["Reason"].as_str().unwrap();
        assert!(reason.starts_with(told) && !told.is_empty());
        assert_eq!(answer["Status"], "FAILED");
        assert_eq!(answer["NoEcho"], false);
        assert_eq!(answer["Data"], json!({}));
        let id = "nothing-registered-c2f1b2a0-5f6d-4d0e-9a5f-0b8d6a2c9e11";
        assert_eq!(answer["PhysicalResourceId"], id);
    }
}

#[test]
fn ids_that_are_too_long_leave_room_for_an_answer() {
    let mut request = request("https://bucket.s3.amazonaws.com/a");
    for key in [
        "StackId",
        "RequestId",
        "LogicalResourceId",
        "PhysicalResourceId",
    ] {
        request[key] = json!("x".repeat(100_000));
    }
    let address = CustomResource::address(&request).unwrap();
    assert!(body(&address, &Told::failed("no".repeat(3000))).len() <= LIMIT);
}
