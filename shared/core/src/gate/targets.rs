//! Whether the load balancer finds the green tasks healthy.

use super::Measurement;

/// One registered target of the green target group (`DescribeTargetHealth`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHealth {
    /// Address and port, as registered.
    pub target: String,
    /// `initial | healthy | unhealthy | unused | draining | unavailable`
    pub state: String,
    /// Reason code and description, if the state has any.
    pub reason: String,
}

/// The check `targets`: as many targets as tasks are desired, and each of them healthy. Targets that
/// are leaving (`draining`) do not count.
pub fn measure_targets(desired: u32, targets: &[TargetHealth]) -> Measurement {
    let staying = || targets.iter().filter(|target| target.state != "draining");
    let registered = staying().count();
    if registered > 0 && staying().all(|target| target.state == "unused") {
        return Measurement::inconclusive(
            "no listener uses the green target group, so the load balancer checks nobody's health; \
             give the deployment group a test listener, or leave the check `targets` out",
        )
        .for_good();
    }
    let ill = staying()
        .filter(|target| target.state != "healthy")
        .map(|target| format!("{} is {}{}", target.target, target.state, target.reason))
        .collect::<Vec<_>>();
    if !ill.is_empty() {
        return Measurement::pending(format!("target {}", ill.join(", ")));
    }
    if registered < desired as usize || registered == 0 {
        return Measurement::pending(format!(
            "{registered} of {desired} green tasks are registered with the target group"
        ));
    }
    Measurement::successful(format!(
        "{registered} of {desired} green targets are healthy"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(state: &str) -> TargetHealth {
        TargetHealth {
            target: "10.0.0.7:8080".to_owned(),
            state: state.to_owned(),
            reason: " (Target.ResponseCodeMismatch)".to_owned(),
        }
    }

    #[test]
    fn every_green_target_has_to_be_healthy() {
        for (desired, targets, expected) in [
            (2, vec![target("healthy"), target("healthy")], "successful"),
            (1, vec![target("healthy"), target("draining")], "successful"),
            (2, vec![target("healthy")], "pending 1 of 2"),
            (0, vec![], "pending 0 of 0"),
            (
                2,
                vec![target("healthy"), target("initial")],
                "pending target 10.0.0.7:8080 is initial",
            ),
            (
                2,
                vec![target("healthy"), target("unhealthy")],
                "pending target 10.0.0.7:8080 is unhealthy (Target.ResponseCodeMismatch)",
            ),
            (1, vec![target("unused")], "inconclusive"),
        ] {
            let found = measure_targets(desired, &targets);
            let found = format!("{} {}", found.phase.as_str(), found.summary);
            assert!(found.starts_with(expected), "{found}, not {expected}");
        }
    }
}
