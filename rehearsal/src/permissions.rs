//! Whether template.yaml allows anything for nothing.
//!
//! That a call is allowed is decided when it is made, by [`account::iam`](crate::account::iam). What allowed it is
//! written down, by every test and every rehearsal, where [`FOLDER`](crate::account::iam::FOLDER) says so; here all of
//! that is laid beside the template. An action that no call needed has to be explained in [`EXCEPTIONS`], and an
//! explanation that is no longer needed has to go.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::account::iam::{FOLDER, Use};
use crate::account::template::Template;

/// Actions that a function is allowed and does not need in any test or rehearsal, with what would need them.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        function: "DeployOnPush",
        actions: &[
            "codedeploy:ListDeploymentTargets",
            "codepipeline:GetPipelineExecution",
            "codepipeline:StopPipelineExecution",
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:StopTask",
        ],
        reason: "a person goes back while it starts a deployment: what it has started is looked at, and stopped",
    },
    Exception {
        function: "DeployOnPush",
        actions: &["codepipeline:PutJobSuccessResult"],
        reason: "it starts what a pipeline waits for, and the service runs just that already",
    },
    Exception {
        function: "RecordDeployment",
        actions: &[
            "codedeploy:StopDeployment",
            "codepipeline:StopPipelineExecution",
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:StopTask",
        ],
        reason: "a person goes back while it starts a deployment, or the call that was to stop it was lost",
    },
    Exception {
        function: "PipelineAction",
        actions: &[
            "codedeploy:StopDeployment",
            "codepipeline:StopPipelineExecution",
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:StopTask",
        ],
        reason: "a person goes back while it starts a deployment, or the call that was to stop it was lost",
    },
    Exception {
        function: "Reconcile",
        actions: &["ecs:ContinueServiceDeployment"],
        reason: "what is stuck, or is to be stopped, waits at a pause hook",
    },
    Exception {
        function: "Reconcile",
        actions: &[
            "codepipeline:PutJobFailureResult",
            "codepipeline:PutJobSuccessResult",
        ],
        reason: "a job waits for what it concludes, and the job's own schedule has not come first",
    },
    Exception {
        function: "Board",
        actions: &[
            "codepipeline:PutJobFailureResult",
            "codepipeline:PutJobSuccessResult",
        ],
        reason: "a job waits for what a person stops or starts there",
    },
    Exception {
        function: "Board",
        actions: &[
            "codedeploy:ContinueDeployment",
            "ecs:ContinueServiceDeployment",
        ],
        reason: "AWS waits for an answer, at a pause hook or before traffic shifts",
    },
    Exception {
        function: "Board",
        actions: &[
            "codedeploy:BatchGetDeployments",
            "codedeploy:ListDeploymentTargets",
            "codedeploy:ListDeployments",
        ],
        reason: "a start that was broken off is looked for, or CodeDeploy refuses one",
    },
    Exception {
        function: "Board",
        actions: &["ecs:StopTask"],
        reason: "a task that comes before a deployment is stopped",
    },
    Exception {
        function: "RegisterTarget",
        actions: &["codedeploy:GetDeploymentConfig"],
        reason: "a target names a deployment configuration that is none of AWS's own",
    },
    Exception {
        function: "RecordDeployment",
        actions: &["ecs:TagResource"],
        reason: "it registers a task definition that has tags, as DeployOnPush does",
    },
    Exception {
        function: "PipelineAction",
        actions: &["ecs:TagResource"],
        reason: "it registers a task definition that has tags, as DeployOnPush does",
    },
    Exception {
        function: "Reconcile",
        actions: &["ecs:TagResource"],
        reason: "it registers a task definition that has tags, as DeployOnPush does",
    },
    Exception {
        function: "Board",
        actions: &["ecs:TagResource"],
        reason: "it registers a task definition that has tags, as DeployOnPush does",
    },
    Exception {
        function: "RecordDeployment",
        actions: &["s3:ListBucket"],
        reason: "a template of a target is not there, as DeployOnPush finds",
    },
    Exception {
        function: "PipelineAction",
        actions: &["s3:ListBucket"],
        reason: "a template of a target is not there, as DeployOnPush finds",
    },
    Exception {
        function: "Reconcile",
        actions: &["s3:ListBucket"],
        reason: "a template of a target is not there, as DeployOnPush finds",
    },
    Exception {
        function: "RegisterTarget",
        actions: &["s3:ListBucket"],
        reason: "a template of a target is not there, as DeployOnPush finds",
    },
    Exception {
        function: "Board",
        actions: &["s3:ListBucket"],
        reason: "a template of a target is not there, as DeployOnPush finds",
    },
    Exception {
        function: "ValidateGreen",
        actions: &["sts:AssumeRole"],
        reason: "a target is in another account, as for DeployOnPush and RecordDeployment",
    },
    Exception {
        function: "PipelineAction",
        actions: &["sts:AssumeRole"],
        reason: "a target is in another account, as for DeployOnPush and RecordDeployment",
    },
    Exception {
        function: "Reconcile",
        actions: &["sts:AssumeRole"],
        reason: "a target is in another account, as for DeployOnPush and RecordDeployment",
    },
    Exception {
        function: "RegisterTarget",
        actions: &["sts:AssumeRole"],
        reason: "a target is in another account, as for DeployOnPush and RecordDeployment",
    },
    Exception {
        function: "Board",
        actions: &["sts:AssumeRole"],
        reason: "a target is in another account, as for DeployOnPush and RecordDeployment",
    },
];

/// Actions of a function that are not used, with the reason.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// Its logical id.
    pub function: &'static str,
    /// As the template has them.
    pub actions: &'static [&'static str],
    /// What would need them.
    pub reason: &'static str,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum PermissionsError {
    /// Nothing was written down.
    #[error(
        "nothing has written into {}: run tests and rehearsals with {FOLDER} set to its absolute path, all of them",
        folder.display()
    )]
    Nothing {
        /// The folder that was looked at.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is none of ours.
    #[error("{}: a line is not one that a test has written", path.display())]
    Unknown {
        /// In this file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// All that was used, as the processes wrote it down, and how many they were.
pub fn used(folder: &Path) -> Result<(BTreeSet<Use>, usize), PermissionsError> {
    let nothing = || PermissionsError::Nothing {
        folder: folder.to_owned(),
    };
    let entries = std::fs::read_dir(folder).map_err(|_| nothing())?;
    let mut used = BTreeSet::new();
    let mut processes = 0;
    for entry in entries.flatten() {
        let path = entry.path();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(PermissionsError::Unreadable { path, source }),
        };
        for line in text.lines() {
            match serde_json::from_str(line) {
                Ok(it) => used.insert(it),
                Err(source) => return Err(PermissionsError::Unknown { path, source }),
            };
        }
        processes += 1;
    }
    if used.is_empty() {
        return Err(nothing());
    }
    Ok((used, processes))
}

/// What is allowed and not used, and which exceptions are none, as sentences.
pub fn complaints(
    template: &Template,
    used: &BTreeSet<Use>,
    exceptions: &[Exception],
) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut needed: BTreeSet<(&str, &str)> = BTreeSet::new();
    for function in &template.functions {
        let id = function.logical_id.as_str();
        let statements = function.policy.statements().iter();
        for statement in statements.filter(|statement| statement.allows) {
            for action in &statement.actions {
                let own = exceptions.iter().filter(|it| it.function == id);
                let excepted = own
                    .flat_map(|it| it.actions)
                    .find(|excepted| **excepted == action.as_str());
                let is_used = used.contains(&Use {
                    function: id.to_owned(),
                    statement: statement.sid.clone(),
                    action: action.clone(),
                });
                match (is_used, excepted) {
                    (false, None) => complaints.push(format!(
                        "{id} may {action} (statement {}) and never does",
                        statement.sid
                    )),
                    (false, Some(excepted)) => {
                        needed.insert((id, excepted));
                    }
                    (true, _) => {}
                }
            }
        }
    }
    for exception in exceptions {
        for action in exception.actions {
            let function = exception.function;
            if !needed.contains(&(function, action)) {
                complaints.push(format!(
                    "{action} of {function} is no exception: it is used, or not allowed at all"
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Settings;
    use crate::account::template::Choices;

    const TEMPLATE: &str = "
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/reader/
      Policies:
        - Statement:
            - {Sid: Read, Effect: Allow, Action: [ecs:DescribeServices, ecs:DescribeTasks], Resource: '*'}
            - {Sid: Never, Effect: Deny, Action: ecs:DeleteService, Resource: '*'}
            - {Sid: Stop, Effect: Allow, Action: ecs:StopTask, Resource: '*'}
";

    fn of(used: &[(&str, &str)], exceptions: &[Exception]) -> Vec<String> {
        let choices = Choices::of(&Settings::for_tests());
        let template = Template::parse(TEMPLATE, &choices).unwrap();
        let used = used.iter().map(|(statement, action)| Use {
            function: "Reader".to_owned(),
            statement: (*statement).to_owned(),
            action: (*action).to_owned(),
        });
        complaints(&template, &used.collect(), exceptions)
    }

    const STOPS: Exception = Exception {
        function: "Reader",
        actions: &["ecs:StopTask"],
        reason: "nobody stops a task in a test",
    };

    #[test]
    fn what_is_allowed_must_be_used_by_its_own_statement_or_be_explained() {
        let reads = [
            ("Read", "ecs:DescribeServices"),
            ("Read", "ecs:DescribeTasks"),
        ];
        assert!(of(&reads, &[STOPS]).is_empty());
        let unused = "Reader may ecs:StopTask (statement Stop) and never does";
        assert_eq!(of(&reads, &[]), [unused]);
        let by_another = [reads[0], reads[1], ("Read", "ecs:StopTask")];
        assert_eq!(of(&by_another, &[]), [unused]);
        let unused = "Reader may ecs:DescribeTasks (statement Read) and never does";
        assert_eq!(of(&reads[..1], &[STOPS]), [unused]);
    }

    #[test]
    fn an_exception_that_is_none_has_to_go() {
        let all = [
            ("Read", "ecs:DescribeServices"),
            ("Read", "ecs:DescribeTasks"),
            ("Stop", "ecs:StopTask"),
        ];
        let of_old = Exception {
            actions: &["ecs:RunTask"],
            ..STOPS
        };
        let said = of(&all, &[STOPS, of_old]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("ecs:StopTask of Reader is no exception"));
        assert!(said[1].starts_with("ecs:RunTask of Reader is no exception"));
    }

    #[test]
    fn what_several_processes_wrote_is_taken_together() {
        let folder = tempfile::tempdir().unwrap();
        let line = |action: &str| {
            format!(
                "{{\"function\": \"Reader\", \"statement\": \"Read\", \"action\": \"{action}\"}}\n"
            )
        };
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let nothing = used(folder.path()).unwrap_err();
        assert!(matches!(nothing, PermissionsError::Nothing { .. }));
        write("1.jsonl", &(line("a:A") + &line("a:B")));
        write("2.jsonl", &line("a:B"));
        let (found, processes) = used(folder.path()).unwrap();
        assert_eq!((found.len(), processes), (2, 2));
        write("3.jsonl", "x");
        let unknown = used(folder.path()).unwrap_err();
        assert!(matches!(unknown, PermissionsError::Unknown { .. }));
        let missing = used(&folder.path().join("no-such-folder")).unwrap_err();
        assert!(missing.to_string().contains("all of them"), "{missing}");
    }
}
