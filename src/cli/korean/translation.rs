//! What is written for each command.

/// What a command says of itself.
pub(super) struct Translation {
    pub(super) about: &'static str,
    pub(super) usage: &'static str,
    /// What each argument means, by its id.
    pub(super) arguments: &'static [(&'static str, &'static str)],
    pub(super) after: &'static str,
}
