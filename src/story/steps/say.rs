//! Words in each language, side by side: one can't be written without the other.

/// A count with its noun, which in English has a plural.
macro_rules! count {
    ($language:expr, $count:expr, $one:literal, $many:literal / $korean:literal) => {{
        let count: u64 = $count.into();
        match $language {
            crate::language::Language::English => crate::language::number::counted(count, $one, $many),
            crate::language::Language::Korean => format!($korean, crate::story::layout::grouped(count)),
        }
    }};
}

pub(crate) use crate::language::sentence::say;
pub(crate) use count;
