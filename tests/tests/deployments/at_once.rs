//! One push that arrives several times at the very same instant.

use futures_util::join;
use greenlight_tests::world::{DEPLOY_ON_PUSH, World};
use rehearsal::{
    account::{
        containers::ImageSpec,
        events::{Disturbance, Pattern},
    },
    scenario::sample::Stand,
};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn one_push_that_arrives_three_times_at_one_instant_is_deployed_once() {
    for (stand, start) in [
        (Stand::CodeDeploy, "CreateDeployment"),
        (Stand::Rolling, "UpdateService"),
        (Stand::Task, "RunTask"),
        (Stand::Pipeline, "StartPipelineExecution"),
    ] {
        let world = World::open_stand(stand).await;
        let events = world.sample.account.events();
        let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
        events.disturb(pushes, Disturbance::Hold);
        world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        let event = events.take_held().pop().unwrap();
        let invoke = || world.invoke(DEPLOY_ON_PUSH, event.clone());
        let (first, second, third) = join!(invoke(), invoke(), invoke());
        for answer in [first, second, third] {
            answer.unwrap();
        }
        let calls = world.sample.account.journal().calls();
        let starts = calls.iter().filter(|call| call.operation == start).count();
        assert_eq!(starts, 1, "{stand:?}");
    }
}
