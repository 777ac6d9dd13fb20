//! Executions side by side.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn parallel_executions_do_not_wait_for_each_other() {
    let world = World::with(|pipeline| pipeline.mode = Mode::Parallel);
    let ids: Vec<String> = (0..50).map(|_| world.start()).collect();
    let error = world.started(json!({})).unwrap_err();
    assert_eq!(
        error.code,
        "ConcurrentPipelineExecutionsLimitExceededException"
    );
    world.minutes(4).await;
    for id in &ids {
        world.ended(id, "Succeeded");
    }
    assert_eq!(world.execution(&ids[0])["executionMode"], "PARALLEL");
    world.start();
}

#[tokio::test(start_paused = true)]
async fn five_actions_of_a_parallel_execution_run_at_a_time() {
    let in_mode = async |mode: Mode| {
        let world = World::with(|pipeline| {
            pipeline.mode = mode;
            let mut actions = (0..7)
                .map(|at| Action::new(&format!("Part{at}"), Duration::from_mins(1), Does::Succeed));
            pipeline.stages[1].actions = actions.by_ref().collect();
        });
        let id = world.start();
        world.sample.after(90).await;
        let states = world.actions(&id);
        let running = states.iter().filter(|it| it["status"] == "InProgress");
        let running = running.count();
        world.minutes(5).await;
        world.ended(&id, "Succeeded");
        assert_eq!(world.actions(&id).len(), 9);
        running
    };
    assert_eq!(in_mode(Mode::Parallel).await, 5);
    assert_eq!(in_mode(Mode::Queued).await, 7);
}

#[tokio::test(start_paused = true)]
async fn an_action_that_waits_for_its_place_does_not_start_when_the_execution_stops() {
    for abandon in [false, true] {
        let world = World::with(|pipeline| {
            pipeline.mode = Mode::Parallel;
            pipeline.stages[1].actions = (0..7)
                .map(|at| Action::new(&format!("Part{at}"), Duration::from_mins(5), Does::Succeed))
                .collect();
        });
        let id = world.start();
        world.minutes(2).await;
        let stop =
            json!({"pipelineName": "api-prod", "pipelineExecutionId": id, "abandon": abandon});
        world.call("StopPipelineExecution", stop).unwrap();
        world.minutes(10).await;
        world.ended(&id, "Stopped");
        assert_eq!(world.actions(&id).len(), 6, "{abandon}");
    }
}

#[tokio::test(start_paused = true)]
async fn executions_that_meet_at_a_job_that_waits_overtake_each_other() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |_, _, _| Ok(()));
    let first = world.start();
    world.minutes(2).await;
    let second = world.start();
    world.minutes(2).await;
    let third = world.start();
    world.minutes(2).await;
    assert_eq!(world.status(&first), "InProgress");
    assert_eq!(world.status(&second), "Superseded");
    assert_eq!(world.status(&third), "InProgress");
    // The job of the first is not touched by that.
    let job = |at: usize| events.lock().unwrap()[at]["CodePipeline.job"]["id"].clone();
    put(&world.sample.account, "Success", &job(0), json!({})).unwrap();
    world.sample.after(5).await;
    world.ended(&first, "Succeeded");
    assert_eq!(events.lock().unwrap().len(), 2);
    put(&world.sample.account, "Success", &job(1), json!({})).unwrap();
    world.sample.after(5).await;
    world.ended(&third, "Succeeded");
    assert!(
        world
            .actions(&second)
            .iter()
            .all(|it| it["stageName"] == "Source")
    );
}
