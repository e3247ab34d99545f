//! How a list of reasons is written down: a code, a sentence in each language,
//! one line each, so that the compiler finds what is missing.

/// Declares an enum whose members have a code and a sentence in each language.
/// A member that a record of another version has is kept as that record says it.
///
/// ```text
/// Reset "reset" "The " client " reset the connection." "" client "가 연결을 리셋했습니다.";
/// ```
///
/// Where a sentence has the word `client`, a proxy may stand in its place. Both names end in a
/// vowel in Korean, so that the same particle follows.
macro_rules! sentences {
    ($(#[$about:meta])* $name:ident { $(
        $member:ident $code:literal
        $english:literal $(client $more_english:literal)*
        $korean:literal $(client $more_korean:literal)*;
    )* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!($english $(, "client", $more_english)*)] $member,)*
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
                match self {
                    Self::Other(text) => text,
                    own => own.own_words(language).unwrap_or_default(),
                }
            }

            /// The same, if the words are the program's own: nothing in those has to be escaped.
            pub(super) fn own_words(&self, language: crate::language::Language) -> Option<&'static str> {
                use crate::language::Language::{English, Korean};
                Some(match (self, language) {
                    $((Self::$member, English) => concat!($english $(, "client", $more_english)*),)*
                    $((Self::$member, Korean) => concat!($korean $(, "클라이언트", $more_korean)*),)*
                    (Self::Other(_), _) => return None,
                })
            }

            /// The same where a proxy has the connection in the client's place.
            pub fn said_of_proxy(&self, language: crate::language::Language) -> &str {
                use crate::language::Language::{English, Korean};
                match (self, language) {
                    $((Self::$member, English) => concat!($english $(, "proxy", $more_english)*),)*
                    $((Self::$member, Korean) => concat!($korean $(, "프록시", $more_korean)*),)*
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
