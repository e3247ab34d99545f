//! Words in each language, side by side: one can't be written without the other.

/// The text for `language`, with its places filled by the same figures.
macro_rules! say {
    ($language:expr, $english:literal / $korean:literal $(, $figure:expr)* $(,)?) => {
        match $language {
            crate::language::Language::English => format!($english $(, $figure)*),
            crate::language::Language::Korean => format!($korean $(, $figure)*),
        }
    };
}

/// A count with its noun, which in English has a plural.
macro_rules! count {
    ($language:expr, $count:expr, $one:literal, $many:literal / $korean:literal) => {{
        let count: u64 = $count.into();
        match $language {
            crate::language::Language::English if count == 1 => format!("1 {}", $one),
            crate::language::Language::English => format!("{} {}", crate::story::layout::grouped(count), $many),
            crate::language::Language::Korean => format!("{}{}", crate::story::layout::grouped(count), $korean),
        }
    }};
}

pub(crate) use count;
pub(crate) use say;
