//! Sweeps as AWS runs them: a schedule's event asks for shards on the bus, a rule brings the requests to a queue, and
//! the same function sweeps a shard a message. The bus and the queue are moto's.

use risk_tests::moto::REGION;
use risk_tests::{Gateway, Host, Moto, Process, Stack};
use serde_json::{Value, json};

/// A queue behind a rule for events of a type; its URL.
async fn queue_of(moto: &Moto, name: &str, detail_type: &str) -> anyhow::Result<String> {
    let made = moto.ask("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": name})).await?;
    let url = made["QueueUrl"].as_str().unwrap_or_default().to_owned();
    let asked = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let attributes = moto.ask("sqs", "AmazonSQS.GetQueueAttributes", &asked).await?;
    let pattern = json!({"source": ["risk-manager"], "detail-type": [detail_type]}).to_string();
    let rule = json!({"Name": name, "EventBusName": "risk-manager", "EventPattern": pattern});
    moto.ask("events", "AWSEvents.PutRule", &rule).await?;
    let targets = json!([{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}]);
    let target = json!({"Rule": name, "EventBusName": "risk-manager", "Targets": targets});
    moto.ask("events", "AWSEvents.PutTargets", &target).await?;
    Ok(url)
}

/// The messages in a queue, as the event that SQS invokes a function with.
async fn batch(moto: &Moto, queue: &str) -> anyhow::Result<Value> {
    let asked = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600});
    let answer = moto.ask("sqs", "AmazonSQS.ReceiveMessage", &asked).await?;
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    let record = |message: &Value| {
        json!({"messageId": message["MessageId"], "body": message["Body"],
                                          "receiptHandle": message["ReceiptHandle"], "eventSource": "aws:sqs"})
    };
    Ok(json!({"Records": messages.iter().map(record).collect::<Vec<_>>()}))
}

/// The function behind a Runtime API, with a bus and three shards.
async fn function(stack: &Stack, moto: &Moto) -> anyhow::Result<(Gateway, Process)> {
    let gateway = Gateway::start().await?;
    let channels = json!([{"id": "bus", "kind": "event_bridge", "url": moto.base_url, "region": REGION}]);
    let mut environment = stack.environment.clone();
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", gateway.runtime_api.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", "risk-sweep"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "risk"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "risk"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("CHANNELS", &channels.to_string()),
        ("SWEEP_BUS", "bus"),
        ("SWEEP_SHARDS", "3"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    let process = Process::start("risk-sweep", &environment)?;
    Ok((gateway, process))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_asks_for_shards_and_the_queue_brings_them_back_to_be_swept() -> anyhow::Result<()> {
    let Some(moto) = Moto::start().await? else { return Ok(()) };
    moto.ask("events", "AWSEvents.CreateEventBus", &json!({"Name": "risk-manager"})).await?;
    let requests = queue_of(&moto, "sweep-shards", "SweepShardRequested").await?;
    let completions = queue_of(&moto, "completed", "SweepCompleted").await?;
    let stack = Stack::start(Host::Container, &[]).await?;
    for name in ["near", "safe", "empty"] {
        let wallet = stack.wallet(name).await?;
        anyhow::ensure!(stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await?.status == 201);
    }
    let (gateway, _function) = function(&stack, &moto).await?;
    let scheduled: Value = serde_json::from_str(include_str!("../events/scheduled.json"))?;
    let planned = gateway.invoke(scheduled).await?;
    assert_eq!(planned, json!({"outcome": "planned", "lane": "every", "shards": 3}));

    let mut event = batch(&moto, &requests).await?;
    let records = event["Records"].as_array_mut().unwrap();
    assert_eq!(records.len(), 3, "a message a shard");
    records.push(json!({"messageId": "broken", "body": "no event"}));
    let other: Value = serde_json::from_str(include_str!("../events/queue.json"))?;
    let beyond = other["Records"][0]["body"].as_str().unwrap().replace("\"index\":0", "\"index\":2");
    records.push(json!({"messageId": "beyond", "body": beyond}));
    let answer = gateway.invoke(event).await?;
    let failed = json!({"batchItemFailures": [{"itemIdentifier": "broken"}, {"itemIdentifier": "beyond"}]});
    assert_eq!(answer, failed, "only what cannot be swept comes again");

    let told = batch(&moto, &completions).await?;
    let details: Vec<Value> = told["Records"].as_array().unwrap().iter().map(detail).collect();
    assert_eq!(details.len(), 3, "{told}");
    let swept: u64 = details.iter().filter_map(|detail| detail["wallets"].as_u64()).sum();
    assert_eq!(swept, 3, "every watched wallet is in one of the shards: {details:?}");
    Ok(())
}

fn detail(record: &Value) -> Value {
    let event: Value = serde_json::from_str(record["body"].as_str().unwrap_or_default()).unwrap_or_default();
    event["detail"].clone()
}
