//! The check of CloudWatch alarms.

/// See [`super::CheckKind::Alarms`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmsCheck {
    /// The names of the alarms, metric alarms or composite ones; at least one.
    pub names: Vec<String>,
    /// What an alarm means that was on before the deployment began.
    pub already_on: AlreadyOn,
}

/// What an alarm means that was on before the deployment began. It says nothing of the new image, and
/// cannot say anything of it any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AlreadyOn {
    /// The check fails at once, and says so.
    #[default]
    Fail,
    /// It is left out.
    Ignore,
}

impl AlarmsCheck {
    /// `DescribeAlarms` takes so many names (CloudWatch API reference).
    pub const MAX_NAMES: usize = 100;
}
