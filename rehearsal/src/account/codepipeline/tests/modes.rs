//! Executions that meet, and executions that are stopped.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_newer_execution_overtakes_those_that_wait() {
    let world = World::with(|pipeline| {
        pipeline.stages[1].actions[0].takes = Duration::from_mins(10);
    });
    let first = world.start();
    world.minutes(2).await;
    // The first is in Build; these wait for it, one after the other.
    let second = world.start();
    world.minutes(2).await;
    assert_eq!(world.status(&second), "InProgress");
    let third = world.start();
    world.minutes(2).await;
    assert_eq!(world.status(&second), "Superseded");
    assert_eq!(world.told("Pipeline", &second), ["STARTED", "SUPERSEDED"]);
    assert_eq!(world.status(&third), "InProgress");
    let state = world
        .call("GetPipelineState", json!({"name": "api-prod"}))
        .unwrap();
    let build = &state["stageStates"][1];
    assert_eq!(build["latestExecution"]["pipelineExecutionId"], first);
    assert_eq!(build["inboundExecution"]["pipelineExecutionId"], third);
    assert_eq!(
        build["actionStates"][0]["latestExecution"]["status"],
        "InProgress"
    );
    world.minutes(20).await;
    assert_eq!(world.status(&first), "Succeeded");
    assert_eq!(world.status(&third), "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn queued_executions_all_run_one_after_the_other() {
    let world = World::with(|pipeline| pipeline.mode = Mode::Queued);
    let ids = [world.start(), world.start(), world.start()];
    world.minutes(4).await;
    assert_eq!(world.status(&ids[0]), "Succeeded");
    assert_eq!(world.status(&ids[2]), "InProgress");
    world.minutes(4).await;
    for id in &ids {
        assert_eq!(world.told("Pipeline", id), ["STARTED", "SUCCEEDED"]);
    }
    let started = |id: &String| {
        let actions = world.actions(id);
        actions[0]["startTime"].as_f64().unwrap()
    };
    assert!(ids.is_sorted_by(|one, next| started(one) + 59.0 < started(next)));
}

#[tokio::test(start_paused = true)]
async fn so_many_executions_wait_in_line_and_no_more() {
    let world = World::with(|pipeline| pipeline.mode = Mode::Queued);
    for _ in 0..50 {
        world.start();
    }
    let error = world.started(json!({})).unwrap_err();
    let code = "ConcurrentPipelineExecutionsLimitExceededException";
    assert_eq!(error.code, code);
    assert_eq!(super::super::running(&world.sample.account), 50);
    world.minutes(60).await;
    assert_eq!(super::super::running(&world.sample.account), 0);
    world.start();
}

fn stop(world: &World, id: &str, abandon: bool) -> Result<Value, ServiceError> {
    let input = json!({"pipelineName": "api-prod", "pipelineExecutionId": id, "abandon": abandon, "reason": "not now"});
    world.call("StopPipelineExecution", input)
}

#[tokio::test(start_paused = true)]
async fn a_stopped_execution_finishes_its_action_unless_it_is_abandoned() {
    for abandon in [false, true] {
        let world = World::open();
        let id = world.start();
        world.sample.after(90).await;
        stop(&world, &id, abandon).unwrap();
        world.sample.after(5).await;
        let now = if abandon { "Stopped" } else { "Stopping" };
        assert_eq!(world.status(&id), now);
        world.minutes(3).await;
        assert_eq!(world.status(&id), "Stopped");
        assert_eq!(world.execution(&id)["statusSummary"], "not now");
        assert_eq!(
            world.told("Pipeline", &id),
            ["STARTED", "STOPPING", "STOPPED"]
        );
        let last = if abandon { "Abandoned" } else { "Succeeded" };
        assert_eq!(world.actions(&id)[0]["status"], last);
        assert_eq!(world.actions(&id)[0]["actionName"], "Build");
        let error = stop(&world, &id, abandon).unwrap_err();
        assert_eq!(error.code, "PipelineExecutionNotStoppableException");
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_can_be_told_to_stop_once_and_then_to_abandon() {
    let world = World::open();
    let id = world.start();
    world.sample.after(10).await;
    stop(&world, &id, false).unwrap();
    let error = stop(&world, &id, false).unwrap_err();
    assert_eq!(error.code, "DuplicatedStopRequestException");
    stop(&world, &id, true).unwrap();
    world.sample.after(5).await;
    assert_eq!(world.status(&id), "Stopped");
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_waits_is_stopped_at_once() {
    let world = World::with(|pipeline| pipeline.mode = Mode::Queued);
    let first = world.start();
    let second = world.start();
    world.sample.after(10).await;
    stop(&world, &second, false).unwrap();
    world.sample.after(5).await;
    assert_eq!(world.status(&second), "Stopped");
    world.minutes(4).await;
    assert_eq!(world.status(&first), "Succeeded");
    assert!(world.actions(&second).is_empty());
}

#[tokio::test(start_paused = true)]
async fn actions_of_one_run_order_run_side_by_side() {
    let world = World::with(|pipeline| {
        let mut other = pipeline.stages[1].actions[0].clone();
        other.name = "Lint".to_owned();
        let mut later = other.clone();
        (later.name, later.run_order) = ("Scan".to_owned(), 2);
        pipeline.stages[1].actions.extend([other, later]);
    });
    let id = world.start();
    world.minutes(5).await;
    assert_eq!(world.status(&id), "Succeeded");
    let told = world.told("Action", &id);
    let position = |what: &str| told.iter().position(|it| it == what).unwrap();
    assert!(
        position("Lint STARTED") < position("Build SUCCEEDED"),
        "{told:?}"
    );
    assert!(
        position("Scan STARTED") > position("Lint SUCCEEDED"),
        "{told:?}"
    );
}
