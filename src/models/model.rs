//! The models by name, and what each needs of the system.

/// Descriptors of the server itself: standard streams, pipes, root; and of each
/// event loop: its own, listeners, what is being looked for, files kept open.
const RESERVED: u64 = 16;
const RESERVED_FOR_A_LOOP: u64 = 16;
/// Descriptors that are set aside for files, at most.
const FOR_FILES: u64 = 8192;

/// A line each: its variant, its name on the command line and in records, how it serves.
macro_rules! models {
    ($($model:ident $({ $field:ident: $type:ty = $usual:expr, $what:literal })?
        $name:literal $about:literal;)*) => {
        /// How many clients are served at once, and by whom.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Model {
            $(#[doc = $about] $model $({ #[doc = $what] $field: $type })?,)*
        }

        impl Model {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$model $({ $field: $usual })?,)*];
            /// Their names, in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name,)*];

            /// Its name on the command line, and in records.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$model { .. } => $name,)*
                }
            }
        }
    };
}

models! {
    Iterative "iterative" "One after another.";
    Process "process" "A forked process each.";
    Thread "thread" "A thread each.";
    Multiplex { workers: usize = 1, "Event loops." } "multiplex"
        "An event loop that asks which of them is ready, on each of this many threads.";
}

impl Default for Model {
    /// An event loop: the fastest.
    fn default() -> Self {
        Self::Multiplex { workers: 1 }
    }
}

impl Model {
    /// How many connections it serves at once by default.
    pub fn usual_connections(self) -> usize {
        match self {
            Self::Iterative | Self::Process | Self::Thread => 1024,
            Self::Multiplex { .. } => 65_536,
        }
    }

    /// Whether it serves several clients at once: no silent client holds up the next.
    pub fn is_concurrent(self) -> bool {
        match self {
            Self::Iterative => false,
            Self::Process | Self::Thread | Self::Multiplex { .. } => true,
        }
    }

    /// How many connections a number of descriptors is enough for.
    pub(super) fn affordable(self, descriptors: u64) -> u64 {
        match self {
            Self::Iterative => 1,
            // Each process has its own.
            Self::Process => descriptors.saturating_sub(RESERVED),
            // The socket, the file that it sends, and two while that is looked for.
            Self::Thread => descriptors.saturating_sub(RESERVED) / 4,
            Self::Multiplex { workers } => {
                let free = descriptors.saturating_sub(RESERVED + RESERVED_FOR_A_LOOP * workers as u64);
                free - (free / 2).min(FOR_FILES)
            }
        }
    }

    /// The one of this name; an event loop has one thread.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|model| model.name() == name)
    }

    /// The same with this many event loops, if it has any.
    #[must_use]
    pub fn with_workers(self, count: impl FnOnce() -> usize) -> Self {
        match self {
            Self::Multiplex { .. } => Self::Multiplex { workers: count() },
            other => other,
        }
    }
}
