use std::sync::Mutex;

use futures_util::FutureExt as _;

use super::*;
use crate::account::Settings;
use crate::account::functions::{Configuration, FunctionError, Handler, Invocation};

type Batches = Arc<Mutex<Vec<Vec<String>>>>;

/// An account with a queue, its dead-letter queue, and a function that keeps the bodies of each batch
/// and then answers what `answer` makes of the records.
fn consuming(
    mapping: impl FnOnce(&mut Mapping),
    answer: impl Fn(&[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
) -> (Account, Queue, Batches) {
    let account = Account::new(Settings::for_tests());
    account.add_queue("dead", Attributes::default()).unwrap();
    let redrive = Some(Redrive {
        queue: "dead".to_owned(),
        max_receive_count: 3,
    });
    let attributes = Attributes {
        visibility_timeout: Duration::from_mins(3),
        redrive,
        ..Default::default()
    };
    let queue = account.add_queue("pushes", attributes).unwrap();
    let batches = Batches::default();
    let seen = batches.clone();
    let handler: Handler = Arc::new(move |invocation: Invocation| {
        let records = invocation.payload["Records"].as_array().unwrap().clone();
        let bodies = records
            .iter()
            .map(|record| record["body"].as_str().unwrap().to_owned());
        seen.lock().unwrap().push(bodies.collect());
        let answer = answer(&records);
        async move { answer }.boxed()
    });
    account.functions().register("Consumer", handler);
    let mut it = Mapping {
        queue: "pushes".to_owned(),
        function: "Consumer".to_owned(),
        batch_size: 10,
        batch_window: Duration::ZERO,
        report_item_failures: true,
        concurrency: 2,
    };
    mapping(&mut it);
    account.add_mapping(it).unwrap();
    (account, queue, batches)
}

async fn seconds(account: &Account, seconds: u64) {
    account.clock().sleep(Duration::from_secs(seconds)).await;
}

fn failures_of(records: &[Value], body: &str) -> Value {
    let failed = records.iter().filter(|record| record["body"] == body);
    let items: Vec<Value> = failed
        .map(|record| json!({"itemIdentifier": record["messageId"]}))
        .collect();
    json!({ "batchItemFailures": items })
}

#[tokio::test(start_paused = true)]
async fn only_reported_messages_come_back_and_only_after_the_visibility_timeout() {
    let (account, queue, batches) = consuming(|_| {}, |records| Ok(failures_of(records, "b")));
    for body in ["a", "b", "c"] {
        queue.send(body);
    }
    seconds(&account, 1).await;
    assert_eq!(*batches.lock().unwrap(), [["a", "b", "c"]]);
    assert_eq!(queue.bodies(), ["b"]);
    seconds(&account, 178).await;
    assert_eq!(batches.lock().unwrap().len(), 1);
    seconds(&account, 2).await;
    assert_eq!(batches.lock().unwrap().last().unwrap(), &["b"]);
    assert_eq!(account.messages_waiting(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_always_fails_is_received_three_times_and_then_dead() {
    let (account, queue, batches) = consuming(|_| {}, |_| Err(FunctionError::new("Oops", "no")));
    queue.send("a");
    seconds(&account, 3600).await;
    assert_eq!(batches.lock().unwrap().len(), 3);
    assert_eq!(queue.bodies(), [""; 0]);
    assert_eq!(account.queue("dead").unwrap().bodies(), ["a"]);
    assert_eq!(account.messages_waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_fit_fails_the_whole_batch() {
    let answers = [
        (json!(null), 0),
        (json!({}), 0),
        (json!({"batchItemFailures": []}), 0),
        (json!({"batchItemFailures": null}), 0),
        (json!({"batchItemFailures": "a"}), 2),
        (json!({"batchItemFailures": [{"itemIdentifier": ""}]}), 2),
        (
            json!({"batchItemFailures": [{"itemIdentifier": "unknown"}]}),
            2,
        ),
        (json!({"batchItemFailures": [{"id": "a"}]}), 2),
    ];
    for (answer, left) in answers {
        let told = answer.clone();
        let (account, queue, _) = consuming(|_| {}, move |_| Ok(answer.clone()));
        queue.send("a");
        queue.send("b");
        seconds(&account, 1).await;
        assert_eq!(queue.bodies().len(), left, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_report_batch_item_failures_an_answer_is_a_success() {
    let (account, queue, _) = consuming(
        |it| it.report_item_failures = false,
        |records| Ok(failures_of(records, "a")),
    );
    queue.send("a");
    seconds(&account, 1).await;
    assert_eq!(queue.bodies(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_window_collects_up_to_the_batch_size() {
    let window = |it: &mut Mapping| {
        it.batch_window = Duration::from_secs(5);
        it.batch_size = 3;
    };
    let (account, queue, batches) = consuming(window, |_| Ok(json!({})));
    for body in ["a", "b"] {
        queue.send(body);
        seconds(&account, 1).await;
    }
    queue.send("c");
    queue.send("d");
    assert_eq!(batches.lock().unwrap().len(), 0);
    seconds(&account, 11).await;
    assert_eq!(*batches.lock().unwrap(), [vec!["a", "b", "c"], vec!["d"]]);
}

#[tokio::test(start_paused = true)]
async fn a_record_has_the_members_that_lambda_gives_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = seen.clone();
    let (account, queue, _) = consuming(
        |_| {},
        move |records| {
            keep.lock().unwrap().extend_from_slice(records);
            Ok(json!({}))
        },
    );
    queue.send(json!({"source": "aws.ecr"}));
    seconds(&account, 1).await;
    let record = seen.lock().unwrap()[0].clone();
    assert_eq!(record["body"], r#"{"source":"aws.ecr"}"#);
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(
        record["eventSourceARN"],
        "arn:aws:sqs:eu-west-1:123456789012:pushes"
    );
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_mapping_is_refused_whose_messages_would_reappear_while_the_function_runs() {
    let account = Account::new(Settings::for_tests());
    account.add_queue("pushes", Attributes::default()).unwrap();
    let timeout = Duration::from_mins(1);
    account.functions().configure(
        "Consumer",
        Configuration {
            timeout,
            ..Default::default()
        },
    );
    let refused = account.add_mapping(Mapping {
        queue: "pushes".to_owned(),
        function: "Consumer".to_owned(),
        batch_size: 10,
        batch_window: Duration::ZERO,
        report_item_failures: true,
        concurrency: 1,
    });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    );
}

#[tokio::test(start_paused = true)]
async fn a_redrive_policy_needs_an_existing_queue() {
    let account = Account::new(Settings::for_tests());
    let redrive = Some(Redrive {
        queue: "nowhere".to_owned(),
        max_receive_count: 3,
    });
    let refused = account.add_queue(
        "pushes",
        Attributes {
            redrive,
            ..Default::default()
        },
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "dead-letter queue `nowhere` of `pushes` does not exist"
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_receives_deletes_and_gives_back() {
    let account = Account::new(Settings::for_tests());
    account.add_queue("dead", Attributes::default()).unwrap();
    let queue = account.queue("dead").unwrap();
    let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead";
    let call = |operation: &'static str, mut input: Value| {
        let account = account.clone();
        input["QueueUrl"] = url.into();
        async move { api::handle(&account, operation, &input).await }
    };
    call("SendMessage", json!({"MessageBody": "a"}))
        .await
        .unwrap();
    queue.send_with("b", [("WHY".to_owned(), "because".to_owned())].into());
    let all = json!({"MaxNumberOfMessages": 10, "VisibilityTimeout": 60, "MessageAttributeNames": ["All"]});
    let received = call("ReceiveMessage", all.clone()).await.unwrap();
    let [first, second] = received["Messages"].as_array().unwrap().as_slice() else {
        panic!("{received}");
    };
    assert_eq!(
        (&first["Body"], &second["Body"]),
        (&json!("a"), &json!("b"))
    );
    assert_eq!(second["MessageAttributes"]["WHY"]["StringValue"], "because");
    assert!(first.get("Attributes").is_none(), "{first}");
    // Both are hidden for a minute, unless they are given back.
    assert_eq!(
        call("ReceiveMessage", all.clone()).await.unwrap(),
        json!({})
    );
    let of = |message: &Value| json!({"ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0});
    call("ChangeMessageVisibility", of(first)).await.unwrap();
    let again = call("ReceiveMessage", all.clone()).await.unwrap();
    assert_eq!(again["Messages"][0]["Body"], "a");
    // The handle of an earlier receive deletes nothing.
    call(
        "DeleteMessage",
        json!({"ReceiptHandle": first["ReceiptHandle"]}),
    )
    .await
    .unwrap();
    call(
        "DeleteMessage",
        json!({"ReceiptHandle": second["ReceiptHandle"]}),
    )
    .await
    .unwrap();
    assert_eq!(queue.bodies(), ["a"]);
    seconds(&account, 61).await;
    let back = call("ReceiveMessage", all).await.unwrap();
    assert_eq!(back["Messages"][0]["Body"], "a");
}

#[tokio::test(start_paused = true)]
async fn what_a_person_asks_wrongly_is_refused_in_sqs_words() {
    let account = Account::new(Settings::for_tests());
    account.add_queue("dead", Attributes::default()).unwrap();
    let url =
        |account: &str, name: &str| format!("https://sqs.eu-west-1.amazonaws.com/{account}/{name}");
    let dead = url("123456789012", "dead");
    for (operation, input, code) in [
        (
            "ReceiveMessage",
            json!({"QueueUrl": url("123456789012", "other")}),
            "QueueDoesNotExist",
        ),
        (
            "ReceiveMessage",
            json!({"QueueUrl": url("210987654321", "dead")}),
            "QueueDoesNotExist",
        ),
        (
            "ReceiveMessage",
            json!({"QueueUrl": dead, "MaxNumberOfMessages": 11}),
            "InvalidParameterValue",
        ),
        (
            "DeleteMessage",
            json!({"QueueUrl": dead, "ReceiptHandle": "x"}),
            "ReceiptHandleIsInvalid",
        ),
        (
            "ChangeMessageVisibility",
            json!({"QueueUrl": dead, "ReceiptHandle": "x#1", "VisibilityTimeout": 0}),
            "MessageNotInflight",
        ),
        (
            "PurgeQueue",
            json!({"QueueUrl": dead}),
            "UnknownOperationException",
        ),
    ] {
        let error = api::handle(&account, operation, &input).await.unwrap_err();
        assert_eq!(error.code, code, "{operation}");
    }
}
