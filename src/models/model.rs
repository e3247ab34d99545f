//! The models by name, and what each needs of the system.

/// Descriptors of the server itself: standard streams, pipes, root; and of each
/// event loop: its own, listeners, what is being looked for, files kept open.
const RESERVED: u64 = 16;
const RESERVED_FOR_A_LOOP: u64 = 16;
/// Descriptors that are set aside for files, at most.
const FOR_FILES: u64 = 8192;

/// How many clients are served at once, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// One after another.
    Iterative,
    /// A forked process each.
    Process,
    /// A thread each.
    Thread,
    /// An event loop that asks which of them is ready, on each of this many threads.
    #[cfg(target_os = "linux")]
    Multiplex {
        /// Event loops.
        workers: usize,
    },
}

impl Model {
    /// How many connections so many descriptors are enough for.
    pub(super) fn affordable(self, descriptors: u64) -> u64 {
        match self {
            Self::Iterative => 1,
            // Each process has its own.
            Self::Process => descriptors.saturating_sub(RESERVED),
            // The socket, the file that it sends, and two while that is looked for.
            Self::Thread => descriptors.saturating_sub(RESERVED) / 4,
            #[cfg(target_os = "linux")]
            Self::Multiplex { workers } => {
                let free = descriptors.saturating_sub(RESERVED + RESERVED_FOR_A_LOOP * workers as u64);
                free - (free / 2).min(FOR_FILES)
            }
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iterative => "iterative",
            Self::Process => "process",
            Self::Thread => "thread",
            #[cfg(target_os = "linux")]
            Self::Multiplex { .. } => "multiplex",
        }
    }
}
