//! The models by name, and what each needs of the system.

/// Descriptors that are opened once serving has begun, by whatever model: the table of mounts, the pipe
/// of a listing, one to spare.
const LATER: u64 = 4;
/// While a file is looked for: the root, the file, a neighbour, and where that is.
const LOOKED_FOR: u64 = 4;
/// Of the process model: its children's ends, their order to stop, the call for a place.
const OF_PROCESSES: u64 = 6;
/// Of each event loop: its own, its alarm, its root and the one before, its table of mounts, what is looked for,
/// files that it keeps open.
pub(super) const OF_A_LOOP: u64 = 16;
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

    /// For how many connections, each with a file that it sends, this many free descriptors are
    /// enough; `loops` is how many event loops there are, if it has any.
    pub(super) fn affordable(self, free: u64, loops: u64) -> u64 {
        let left = |reserved: u64| free.saturating_sub(LATER + reserved);
        match self {
            Self::Iterative => u64::from(left(LOOKED_FOR) > 0),
            // Each process has its own.
            Self::Process if left(OF_PROCESSES + LOOKED_FOR) > 0 => u64::MAX,
            Self::Process => 0,
            Self::Thread => left(0) / (1 + LOOKED_FOR),
            Self::Multiplex { .. } => match left(OF_A_LOOP * loops) {
                0 | 1 => 0,
                free => free - (free / 2).min(FOR_FILES),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_without_its_file() {
        for model in Model::ALL {
            let least = (0..100).find(|&free| model.affordable(free, 1) > 0).expect("100 are enough");
            assert!(least > LATER + LOOKED_FOR, "{}: {least}", model.name());
            assert!((least..2000).all(|free| model.affordable(free, 1) > 0), "{}", model.name());
        }
        assert_eq!(Model::Thread.affordable(1024, 1), 204);
        assert_eq!(Model::default().affordable(1024, 1), 502);
        assert_eq!(Model::default().affordable(1 << 20, 4), (1 << 20) - 68 - FOR_FILES);
    }
}
