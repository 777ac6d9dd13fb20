//! Where a container's lines go: the stream that the `awslogs` driver makes of a task definition.

use serde_json::Value;

use crate::account::logs::StreamId;

/// The stream of a container of a task, if its log driver is `awslogs` and its options say where.
///
/// With a prefix, which Fargate requires, it is `prefix/container/task id`; without, the container's own id.
pub(super) fn stream_of(
    document: &Value,
    container: &str,
    runtime_id: &str,
    task_id: &str,
) -> Option<StreamId> {
    let mut definitions = document["containerDefinitions"].as_array()?.iter();
    let definition = definitions.find(|definition| definition["name"] == container)?;
    let configuration = &definition["logConfiguration"];
    if configuration["logDriver"] != "awslogs" {
        return None;
    }
    let options = &configuration["options"];
    let stream = match options["awslogs-stream-prefix"].as_str() {
        Some(prefix) => format!("{prefix}/{container}/{task_id}"),
        None => runtime_id.to_owned(),
    };
    Some(StreamId {
        group: options["awslogs-group"].as_str()?.to_owned(),
        stream,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stream(configuration: &Value) -> Option<StreamId> {
        let container = json!({"name": "api", "logConfiguration": configuration});
        let document = json!({"containerDefinitions": [{"name": "other"}, container]});
        stream_of(&document, "api", "abc-123", "0123")
    }

    #[test]
    fn the_stream_is_named_after_prefix_container_and_task() {
        let options = json!({"awslogs-group": "/ecs/api", "awslogs-stream-prefix": "live"});
        let found = stream(&json!({"logDriver": "awslogs", "options": options})).unwrap();
        assert_eq!(
            (found.group.as_str(), found.stream.as_str()),
            ("/ecs/api", "live/api/0123")
        );
        let options = json!({"awslogs-group": "/ecs/api"});
        let found = stream(&json!({"logDriver": "awslogs", "options": options})).unwrap();
        assert_eq!(found.stream, "abc-123");
    }

    #[test]
    fn other_drivers_and_containers_without_a_group_have_none() {
        assert_eq!(stream(&json!({"logDriver": "awsfirelens"})), None);
        assert_eq!(stream(&json!({"logDriver": "awslogs"})), None);
        assert_eq!(stream(&json!(null)), None);
    }
}
