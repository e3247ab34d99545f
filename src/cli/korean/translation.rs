//! What the Korean help needs for each command.

/// How help is laid out where nothing else is wanted.
pub(super) const TEMPLATE: &str = "{about}\n\n사용법: {usage}\n\n{all-args}{after-help}";

/// What a command says of itself.
pub(super) struct Translation {
    pub(super) about: &'static str,
    pub(super) usage: &'static str,
    /// How its help is laid out (clap's `help_template`).
    pub(super) template: &'static str,
    /// What each argument means, by its id.
    pub(super) arguments: &'static [(&'static str, &'static str)],
    pub(super) after: &'static str,
}
