//! Kinds of failure, by the exit code that tells them apart in a script.

/// Kinds of failure, each with an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// Something of this machine: a file, standard output, a socket.
    Local,
    /// What was asked for can't be asked.
    Usage,
    /// The name has no address.
    Name,
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    Unreachable,
    /// Nothing came in time.
    TimedOut,
    /// The other end reset the connection.
    Reset,
    /// The response can't be understood.
    Malformed,
    /// The response did not come whole, or not at all.
    CutShort,
    /// The response's status says that it failed, and that counts.
    Status,
    /// A redirect that is not followed: too many, another scheme.
    Redirect,
    /// Ctrl-C.
    Interrupted,
}

impl FailureKind {
    /// The program's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Local => 1,
            Self::Usage => 2,
            Self::Name => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::TimedOut => 6,
            Self::Reset => 7,
            Self::Malformed => 8,
            Self::CutShort => 9,
            Self::Status => 10,
            Self::Redirect => 11,
            Self::Interrupted => 130,
        }
    }
}
