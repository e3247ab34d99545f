//! How a list of reasons is written down: a code, a sentence in each language,
//! one line each, so that the compiler finds what is missing.

/// Declares an enum whose members have a code and a sentence in each language.
/// A member that a record of another version has is kept as that record says it.
macro_rules! sentences {
    ($(#[$about:meta])* $name:ident { $($member:ident $code:literal $english:literal $korean:literal;)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $english] $member,)*
            /// One that this version does not know, in its record's own words.
            Other(std::borrow::Cow<'static, str>),
        }

        impl $name {
            /// All that are known.
            pub const ALL: &[Self] = &[$(Self::$member),*];

            /// The name by which programs know it.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$member => $code,)*
                    Self::Other(_) => "other",
                }
            }

            /// The same for people.
            pub fn said(&self, language: crate::language::Language) -> &str {
                use crate::language::Language::{English, Korean};
                match (self, language) {
                    $((Self::$member, English) => $english,)*
                    $((Self::$member, Korean) => $korean,)*
                    (Self::Other(text), _) => text,
                }
            }

            /// The member of this code, in this or an earlier version; else one in its own words.
            pub(crate) fn of(code: &str, text: &str) -> Self {
                match code {
                    $($code | stringify!($member) => Self::$member,)*
                    _ => Self::Other(std::borrow::Cow::Owned(text.to_owned())),
                }
            }
        }
    };
}

pub(super) use sentences;
