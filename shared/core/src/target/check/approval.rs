//! The approval by people.

/// See [`super::CheckKind::Approval`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalCheck {
    /// So many different people have to approve; one who rejects is enough to fail it.
    pub approvals: u32,
    /// What they are asked, in words.
    pub question: Option<String>,
}

impl ApprovalCheck {
    pub const MAX_APPROVALS: u32 = 10;
    pub const MAX_QUESTION: usize = 500;
}
