//! What the account is opened with, and the switches where AWS's behaviour is not established.
//!
//! Each switch names the section of AWS-FACTS that leaves the question open; tests run both ways.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

/// What the account is opened with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Twelve digits.
    pub account_id: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// The account's time.
    pub clock: Clock,
    /// Where containers and listeners are.
    pub network: Network,
    /// What an unhandled error of a CodeDeploy hook does.
    pub hooks: HookFailure,
    /// Which digest a task reports for an image index.
    pub reported_digest: ReportedDigest,
    /// How the event of an untagged push looks.
    pub untagged_push: UntaggedPush,
    /// Whether putting an existing manifest under another tag sends a push event.
    pub retag: Retag,
    /// What an immutable repository says to a manifest and tag that it has already.
    pub immutable_repeat: ImmutableRepeat,
    /// What `BatchGetImage` does with an image of a media type that the client does not accept.
    pub unaccepted: Unaccepted,
    /// Whether a service under the `CODE_DEPLOY` controller has a list of deployments.
    pub controller_deployments: ControllerDeployments,
    /// Whether an image that arrives by replication is announced as a push, too.
    pub replication: Replication,
    /// How long the credentials of an assumed role last, unless the request says it.
    pub role_session: Duration,
    /// How long CodePipeline waits before it invokes a function again that answered with a continuation token:
    /// "periodically", UNCONFIRMED (AWS-FACTS 2.4).
    pub continuation_delay: Duration,
    /// How long after the STARTED event a custom action's job can be polled: UNCONFIRMED (AWS-FACTS 3.5).
    pub poll_delay: Duration,
    /// After how long a job that nobody has acknowledged is offered again: UNCONFIRMED (AWS-FACTS 3.2).
    pub offered_again: Duration,
    /// What a reference does to a variable that there is not.
    pub unresolved: UnresolvedVariable,
    /// Which form the variable `ImageURI` of an ECR source has.
    pub image_uri_variable: ImageUriVariable,
    /// What a late or second result of a job is told.
    pub late_result: LateResult,
    /// Whether `GetJobDetails` answers for the jobs of Lambda actions.
    pub job_details: JobDetails,
    /// What `DescribeImageScanFindings` says of an image index.
    pub index_scan: IndexScan,
    /// How long after they were measured CloudWatch shows samples. AWS gives no figure; for load balancers it is
    /// a minute or more.
    pub metric_delay: Duration,
}

impl Settings {
    /// The account of all samples: 123456789012 in eu-west-1, without sockets.
    pub fn in_memory(clock: Clock) -> Self {
        Self {
            account_id: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            clock,
            network: Network::InMemory,
            hooks: HookFailure::FailAtOnce,
            reported_digest: ReportedDigest::Index,
            untagged_push: UntaggedPush::Empty,
            retag: Retag::SendsPush,
            immutable_repeat: ImmutableRepeat::ImageAlreadyExists,
            unaccepted: Unaccepted::NotFound,
            controller_deployments: ControllerDeployments::Empty,
            replication: Replication::IsNoPush,
            role_session: Duration::from_hours(1),
            continuation_delay: Duration::from_secs(30),
            poll_delay: Duration::ZERO,
            offered_again: Duration::from_mins(1),
            unresolved: UnresolvedVariable::FailsTheAction,
            image_uri_variable: ImageUriVariable::WithTag,
            late_result: LateResult::InvalidJobState,
            job_details: JobDetails::OfAllJobs,
            index_scan: IndexScan::NotFound,
            metric_delay: Duration::ZERO,
        }
    }

    /// The same account with real servers and listeners on loopback.
    pub fn loopback(clock: Clock) -> Self {
        Self {
            network: Network::Loopback,
            ..Self::in_memory(clock)
        }
    }

    /// The account of all samples, in memory and at tokio's own speed: what tests on paused time use.
    pub fn for_tests() -> Self {
        // 2026-01-05 is a Monday.
        let base = Timestamp::from_second(1_767_607_200).unwrap_or_default();
        Self::in_memory(Clock::scaled(base, 1.0))
    }
}

/// Where containers and listeners are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Every container is an HTTP server, and every listener a port, on 127.0.0.1.
    Loopback,
    /// Nothing has a socket; requests are function calls.
    InMemory,
}

/// What an unhandled error of a CodeDeploy hook does: UNCONFIRMED (AWS-FACTS 5.4, 11.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookFailure {
    /// The lifecycle event fails as soon as the invocation has.
    FailAtOnce,
    /// Nobody notices until the hour is over.
    WaitForTimeout,
}

/// Which digest a task reports for an image index: UNCONFIRMED for Fargate (AWS-FACTS 5.12, 11.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedDigest {
    /// That of the index, as the EC2 agent does.
    Index,
    /// That of the platform's manifest.
    Platform,
}

/// How the event of an untagged push looks: captured as `""`, absence UNCONFIRMED (AWS-FACTS 1.2, 11.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntaggedPush {
    /// `"image-tag": ""`
    Empty,
    /// No `image-tag` at all.
    Absent,
}

/// Whether a service under the `CODE_DEPLOY` controller has a list of deployments: UNCONFIRMED
/// (AWS-FACTS 5.11, 11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControllerDeployments {
    /// `"deployments": []`
    Empty,
    /// None at all.
    Absent,
}

/// Whether putting an existing manifest under another tag sends a push event: UNCONFIRMED, expected
/// because `PutImage` is the completion of a push (AWS-FACTS 1.4, 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retag {
    /// As any other push does.
    SendsPush,
    /// Nothing is sent.
    IsSilent,
}

/// What an immutable repository says to a manifest and tag that it has already: UNCONFIRMED (AWS-FACTS
/// 8.1, 11.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImmutableRepeat {
    /// `ImageAlreadyExistsException`
    ImageAlreadyExists,
    /// `ImageTagAlreadyExistsException`
    TagAlreadyExists,
}

/// What `BatchGetImage` does with an image of a media type that the client does not accept: UNCONFIRMED
/// (AWS-FACTS 8.1, 11.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unaccepted {
    /// It is among the failures, so that a client that forgets to accept indexes finds out.
    NotFound,
    /// It is answered as it is stored.
    AsStored,
}

/// Whether an image that arrives by replication is announced as a push, too: UNCONFIRMED (AWS-FACTS 1.5,
/// 11.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replication {
    /// Only `ECR Replication Action` is sent.
    IsNoPush,
    /// `ECR Image Action` with `PUSH` is sent as well.
    AlsoSendsPush,
}

/// What a reference `#{…}` does to a variable that there is not: not established (AWS-FACTS 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnresolvedVariable {
    /// The action fails with a `ConfigurationError` that names it.
    FailsTheAction,
    /// The action starts, with the reference as it is written.
    StaysAsItIs,
}

/// Which form the variable `ImageURI` of an ECR source has: UNCONFIRMED (AWS-FACTS 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageUriVariable {
    /// `repository:tag`, as in the documentation's example; with a digest where the start names one.
    WithTag,
    /// `repository@digest`, as in `imageDetail.json`.
    WithDigest,
}

/// What a late or second result of a job is told: the model has both, the case split is UNCONFIRMED
/// (AWS-FACTS 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateResult {
    /// `InvalidJobStateException`
    InvalidJobState,
    /// `JobNotFoundException`
    JobNotFound,
}

/// Whether `GetJobDetails` answers for the jobs of Lambda actions: UNCONFIRMED (AWS-FACTS 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobDetails {
    /// For all jobs.
    OfAllJobs,
    /// Only for those of custom actions; others are `JobNotFoundException`.
    OfCustomJobs,
}

/// What `DescribeImageScanFindings` says of an image index: UNCONFIRMED (AWS-FACTS 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexScan {
    /// `ScanNotFoundException`
    NotFound,
    /// A scan of status `UNSUPPORTED_IMAGE`.
    Unsupported,
}
