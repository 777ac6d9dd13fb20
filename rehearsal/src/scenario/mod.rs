//! The scenarios: what happens, and how it should end.
//!
//! Each sets out from the [sample account](sample), does something to it, waits until it is quiet, and
//! checks named [expectations]. They run on a [`Stage`]: real processes, real sockets, a fast clock.
//! The tests of the workspace play the same stories in virtual time, from the same sample account.

mod alarm_already_on;
mod bad_probe;
mod both;
mod burst;
mod crash_loop;
mod credentials;
mod custom_check;
mod drift;
mod duplicate;
pub mod expectations;
mod external_deployment;
mod flaky;
mod freeze;
mod getting_started;
mod immutable_tags;
mod install;
mod latency_regression;
mod long_gate;
mod lost_events;
mod migration;
mod native_blue_green;
mod native_canary_abort;
mod needs_approval;
mod no_data;
mod operator;
mod pipeline;
mod pipeline_both;
mod pipeline_custom_action;
mod pipeline_files;
mod pipeline_first_run;
mod pipeline_tag;
mod promotion_chain;
mod release;
mod replay;
mod rollback_and_hold;
mod rolling;
mod rolling_breaker;
pub mod sample;
mod semver_policy;
mod settled;
mod ship;
mod sidecars;
mod stage;
mod task;
mod templates;
mod vulnerable_image;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::account::UnresolvedVariable;
use crate::report::Report;
use expectations::Expectations;
use sample::Stand;
pub use stage::{Opening, Stage, StageError};

/// Real time after which a scenario at its own speed has failed, whatever it waits for.
const BOUND: Duration = Duration::from_mins(2);

/// What can be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// A good image is pushed, proves itself on the test listener, and takes over in a canary
    Ship,
    /// Green answers 500 on the test listener: the gate fails it, and the old image stays
    BadProbe,
    /// Green dies again and again and is never healthy: the deployment fails by itself
    CrashLoop,
    /// Five pushes while one deploys: one follow-up with the newest, the others superseded
    Burst,
    /// One event three times, reordered: one deployment
    Duplicate,
    /// Rolling, by ECS: a good image replaces the old one, is proved and recorded; and back, by hand
    Rolling,
    /// Rolling: the image crashes, ECS's circuit breaker rolls back, and the next image goes through
    RollingBreaker,
    /// Versions within a range: never backwards by itself, and `greenlight explain` says why; a person may go back
    SemverPolicy,
    /// A person goes back during a deployment, and further; what was left does not come back, and a hold keeps the newest
    RollbackAndHold,
    /// Infrastructure code deploys past Greenlight: recorded as what it is, gone back from, and waited for
    ExternalDeployment,
    /// A window is closed and the line stopped: pushes wait, a person overrides, and then the newest goes
    Freeze,
    /// Blue/green by ECS itself: its hooks ask the gates, production shifts, both revisions bake
    NativeBlueGreen,
    /// A canary by ECS itself waits for a person, who lets it begin and then aborts it
    NativeCanaryAbort,
    /// A migration before the service: one that succeeds, and one that fails and keeps the service as it is
    Migration,
    /// CodeDeploy from templates in S3; then one with a placeholder that nobody fills
    Templates,
    /// Two repositories, one service: what is pushed during a deployment goes together in one more
    Sidecars,
    /// A task that runs once for each image: one that ends well, and one that does not
    Task,
    /// A pipeline is started with the digest, and deploys it
    Pipeline,
    /// An index goes from test to staging by itself and on by hand; an image that fails goes nowhere
    PromotionChain,
    /// The repository keeps its tags: live all the same, and the message names the filter to add
    ImmutableTags,
    /// A pipeline releases the tag that its variable names: v2, v3, and v2 again
    PipelineTag,
    /// A pipeline's release takes its files from the infrastructure repository; then one that is not complete
    PipelineFiles,
    /// A custom action's job is taken on its event, answered at the end, and found when the event is lost
    PipelineCustomAction,
    /// Everything that a first release needs is missing in turn: the action fails at once, and says what to do
    PipelineFirstRun,
    /// One stage releases a worker and an API side by side; then again, and the worker fails
    PipelineBoth,
    /// A reader follows the first page of the manual: targets, two pushes, and a way back
    GettingStarted,
    /// Green answers more slowly than blue: the metric says so; an image as fast as blue goes through
    LatencyRegression,
    /// Every third answer is a 500: a limit lets it by, a ratio does not
    Flaky,
    /// An alarm is on before the deployment begins: that is said, and nothing is blamed on the image
    AlarmAlreadyOn,
    /// The gates ask people: one is approved and goes on, the other is rejected
    NeedsApproval,
    /// Forty minutes of gate, shared by many invocations, and answered before the hour
    LongGate,
    /// A metric without data points: fails, unless the check says that it may pass
    NoData,
    /// A scanner finds something critical: fails by its name, unless that is ignored for a reason
    VulnerableImage,
    /// A function of the team's own is asked: not yet, no, and yes
    CustomCheck,
    /// Every third event is lost: reconcile brings everything to its end, and the record to what runs
    LostEvents,
    /// A push is given up on: a person looks into the dead-letter queue, and replays it
    Replay,
    /// Infrastructure code deploys another image unheard: that is found, told, and shown with its cause
    Drift,
    /// The examples' stacks are created, and one of targets: a mistake fails it, mended it deploys, and it goes again
    Install,
}

impl Scenario {
    /// As it is typed.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// A sentence.
    pub fn summary(self) -> String {
        let help = self
            .to_possible_value()
            .and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }

    /// How fast the account's clock runs unless told otherwise: fast enough that nobody gets bored, slow
    /// enough that the functions, which live in real time, have finished before the account moves on.
    pub fn speed(self) -> f64 {
        match self {
            Self::Ship
            | Self::BadProbe
            | Self::Duplicate
            | Self::RollingBreaker
            | Self::SemverPolicy
            | Self::NativeBlueGreen
            | Self::NativeCanaryAbort
            | Self::Migration
            | Self::Sidecars
            | Self::Task
            | Self::PromotionChain
            | Self::ImmutableTags
            | Self::GettingStarted
            | Self::LatencyRegression => 20.0,
            Self::Burst | Self::Templates | Self::Pipeline => 30.0,
            // The command line tool, which lives in real time as well, is to tell how it goes.
            Self::Rolling | Self::RollbackAndHold | Self::ExternalDeployment => 10.0,
            Self::PipelineTag
            | Self::Flaky
            | Self::AlarmAlreadyOn
            | Self::NeedsApproval
            | Self::Freeze
            | Self::NoData
            | Self::VulnerableImage
            | Self::CustomCheck
            | Self::Install => 40.0,
            // Each quarter of an hour a service is looked at.
            Self::LostEvents | Self::Drift => 60.0,
            // The last one is forty minutes of gate.
            Self::PipelineFiles
            | Self::PipelineCustomAction
            | Self::PipelineFirstRun
            | Self::PipelineBoth
            | Self::Replay
            | Self::LongGate => 80.0,
            // CodeDeploy gives up on tasks that never become healthy after an hour.
            Self::CrashLoop => 200.0,
        }
    }

    /// What the account is set up for.
    fn stand(self) -> Stand {
        match self {
            Self::Ship
            | Self::BadProbe
            | Self::CrashLoop
            | Self::Burst
            | Self::Duplicate
            | Self::Replay
            | Self::LostEvents => Stand::CodeDeploy,
            Self::Rolling
            | Self::RollingBreaker
            | Self::SemverPolicy
            | Self::Drift
            | Self::Freeze
            | Self::RollbackAndHold
            | Self::ExternalDeployment
            | Self::PromotionChain
            | Self::ImmutableTags => Stand::Rolling,
            Self::NativeBlueGreen => Stand::BlueGreen,
            Self::NativeCanaryAbort => Stand::PausedCanary,
            Self::Migration => Stand::Migration,
            Self::Templates => Stand::Templates,
            Self::Sidecars => Stand::Sidecars,
            Self::Task => Stand::Task,
            Self::Pipeline => Stand::Pipeline,
            Self::PipelineTag
            | Self::PipelineFiles
            | Self::PipelineCustomAction
            | Self::PipelineFirstRun
            | Self::PipelineBoth
            | Self::Install
            | Self::GettingStarted => Stand::Releases,
            Self::LatencyRegression
            | Self::Flaky
            | Self::AlarmAlreadyOn
            | Self::NeedsApproval
            | Self::LongGate
            | Self::NoData
            | Self::VulnerableImage
            | Self::CustomCheck => Stand::Gated,
        }
    }

    /// How its stage is opened.
    fn opening(self, speed: f64, quiet: bool) -> Opening {
        let usual = Opening {
            quiet,
            ..Opening::at(self.stand(), speed)
        };
        match self {
            // The credentials of jobs come with an event, and with an answer: nothing may log them, at no level.
            Self::PipelineCustomAction | Self::PipelineBoth => Opening {
                log: Some("trace"),
                ..usual
            },
            // Its services are created first; or its targets come with a stack, or the reader registers them.
            Self::PromotionChain | Self::Install | Self::GettingStarted => Opening {
                registers: false,
                ..usual
            },
            Self::ImmutableTags => Opening {
                targets: Some("rehearsal/sample/marked.yaml"),
                ..usual
            },
            Self::PipelineFirstRun => Opening {
                registers: false,
                unresolved: UnresolvedVariable::StaysAsItIs,
                ..usual
            },
            // A window opens in the account's time.
            Self::Freeze => Opening {
                in_its_time: true,
                ..usual
            },
            // What waits for minutes of the account's time, and looks back at them, is to live in it.
            _ if usual.stand == Stand::Gated => Opening {
                targets: self.gates(),
                // Its function is there first.
                registers: self != Self::CustomCheck,
                in_its_time: true,
                ..usual
            },
            Self::LostEvents => Opening {
                targets: Some("rehearsal/sample/lost-events.yaml"),
                in_its_time: true,
                ..usual
            },
            Self::Drift => Opening {
                in_its_time: true,
                ..usual
            },
            Self::SemverPolicy => Opening {
                targets: Some("rehearsal/sample/semver.yaml"),
                ..usual
            },
            _ => usual,
        }
    }

    /// The file of the workspace with the targets whose gates it is about.
    fn gates(self) -> Option<&'static str> {
        Some(match self {
            Self::LatencyRegression => "rehearsal/sample/gated-latency-regression.yaml",
            Self::Flaky => "rehearsal/sample/gated-flaky.yaml",
            Self::AlarmAlreadyOn => "rehearsal/sample/gated-alarm-already-on.yaml",
            Self::NeedsApproval => "rehearsal/sample/gated-needs-approval.yaml",
            Self::LongGate => "rehearsal/sample/gated-long-gate.yaml",
            Self::NoData => "rehearsal/sample/gated-no-data.yaml",
            Self::VulnerableImage => "rehearsal/sample/gated-vulnerable-image.yaml",
            Self::CustomCheck => custom_check::TARGETS,
            _ => return None,
        })
    }

    /// Real time after which it has failed, at this speed.
    fn bound(self, speed: f64) -> Duration {
        BOUND.mul_f64((self.speed() / speed).max(1.0))
    }

    async fn play(self, stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
        match self {
            Self::Ship => ship::play(stage, expectations).await,
            Self::BadProbe => bad_probe::play(stage, expectations).await,
            Self::CrashLoop => crash_loop::play(stage, expectations).await,
            Self::Burst => burst::play(stage, expectations).await,
            Self::Duplicate => duplicate::play(stage, expectations).await,
            Self::Rolling => rolling::play(stage, expectations).await,
            Self::RollingBreaker => rolling_breaker::play(stage, expectations).await,
            Self::SemverPolicy => semver_policy::play(stage, expectations).await,
            Self::RollbackAndHold => rollback_and_hold::play(stage, expectations).await,
            Self::ExternalDeployment => external_deployment::play(stage, expectations).await,
            Self::Freeze => freeze::play(stage, expectations).await,
            Self::NativeBlueGreen => native_blue_green::play(stage, expectations).await,
            Self::NativeCanaryAbort => native_canary_abort::play(stage, expectations).await,
            Self::Migration => migration::play(stage, expectations).await,
            Self::Templates => templates::play(stage, expectations).await,
            Self::Sidecars => sidecars::play(stage, expectations).await,
            Self::Task => task::play(stage, expectations).await,
            Self::Pipeline => pipeline::play(stage, expectations).await,
            Self::PromotionChain => promotion_chain::play(stage, expectations).await,
            Self::ImmutableTags => immutable_tags::play(stage, expectations).await,
            Self::PipelineTag => pipeline_tag::play(stage, expectations).await,
            Self::PipelineFiles => pipeline_files::play(stage, expectations).await,
            Self::PipelineCustomAction => pipeline_custom_action::play(stage, expectations).await,
            Self::PipelineFirstRun => pipeline_first_run::play(stage, expectations).await,
            Self::PipelineBoth => pipeline_both::play(stage, expectations).await,
            Self::GettingStarted => getting_started::play(stage, expectations).await,
            Self::LatencyRegression => latency_regression::play(stage, expectations).await,
            Self::Flaky => flaky::play(stage, expectations).await,
            Self::AlarmAlreadyOn => alarm_already_on::play(stage, expectations).await,
            Self::NeedsApproval => needs_approval::play(stage, expectations).await,
            Self::LongGate => long_gate::play(stage, expectations).await,
            Self::NoData => no_data::play(stage, expectations).await,
            Self::VulnerableImage => vulnerable_image::play(stage, expectations).await,
            Self::CustomCheck => custom_check::play(stage, expectations).await,
            Self::LostEvents => lost_events::play(stage, expectations).await,
            Self::Replay => replay::play(stage, expectations).await,
            Self::Drift => drift::play(stage, expectations).await,
            Self::Install => install::play(stage, expectations).await,
        }
    }

    /// Plays the scenario to its end, in the account of its own that `stage` opens, and says how it went.
    /// The stage is handed back as it is then.
    pub async fn rehearse(
        self,
        binaries: &Path,
        speed: f64,
        quiet: bool,
    ) -> (Report, Option<Stage>) {
        let began = Instant::now();
        let mut expectations = Expectations::default();
        let mut report = Report::new(&self.name(), speed);
        let stage = match Stage::open(binaries, self.opening(speed, quiet)).await {
            Ok(stage) => stage,
            Err(error) => {
                expectations.expect("the account opens", false, error);
                report.expectations = expectations.into_list();
                return (report, None);
            }
        };
        stage
            .timeline
            .heading(&format!("{}: {}", self.name(), self.summary()));
        match tokio::time::timeout(self.bound(speed), self.play(&stage, &mut expectations)).await {
            Ok(Ok(())) => expectations.of_every_scenario(&stage),
            Ok(Err(error)) => expectations.expect("the scenario can be played", false, error),
            Err(_) => {
                let busy = stage.sample.busy_with();
                expectations.expect(
                    "it ends in time",
                    false,
                    format!("after {} s: {busy}", self.bound(speed).as_secs()),
                );
            }
        }
        report.fill(&stage).await;
        report.expectations = expectations.into_list();
        let kept_secret = credentials::appear_nowhere(&stage, &report);
        report.expectations.push(kept_secret);
        report.seconds = began.elapsed().as_secs_f64();
        (report, Some(stage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::workspace;

    #[test]
    fn every_scenario_has_a_row_in_the_manual() {
        let manual = std::fs::read_to_string(workspace().join("docs/rehearsal.md")).unwrap();
        for scenario in Scenario::value_variants() {
            let row = format!("\n| `{}` | ", scenario.name());
            assert!(manual.contains(&row), "{row}");
        }
    }
}
