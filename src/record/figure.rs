//! A figure, and how it is known.

use super::source::Source;
use super::why::Why;
use crate::language::Language::English;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Nanoseconds since the accept.
pub type Nanoseconds = i64;

/// A sentence or a name that is mostly known at compile time.
pub type Text = Cow<'static, str>;

/// A figure, and how we know it.
///
/// Exhaustive on purpose: every figure is known in one of these three ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure<T> {
    /// The program or the kernel reported it.
    Measured {
        /// The figure.
        value: T,
        /// The call or the facility that reported it.
        by: Source,
    },
    /// Computed from what was measured.
    Derived {
        /// The figure.
        value: T,
        /// What it was computed from, and how.
        from: Source,
    },
    /// Nobody reported it.
    NotVisible {
        /// Why not, and what would show it.
        why: Why,
    },
}

impl<T> Figure<T> {
    /// A fact, and who reported it.
    pub fn measured(value: T, by: Source) -> Self {
        Self::Measured { value, by }
    }

    /// A conclusion, and what it was drawn from.
    pub fn derived(value: T, from: Source) -> Self {
        Self::Derived { value, from }
    }

    /// Nothing, and why.
    pub fn not_visible(why: Why) -> Self {
        Self::NotVisible { why }
    }

    /// `value` as measured by `by`, if there is one.
    pub fn measured_or(value: Option<T>, by: Source, why_not: Why) -> Self {
        value.map_or_else(|| Self::not_visible(why_not), |value| Self::measured(value, by))
    }

    /// The figure itself, however it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Measured { value, .. } | Self::Derived { value, .. } => Some(value),
            Self::NotVisible { .. } => None,
        }
    }

    /// Another figure that is known in the same way.
    pub fn map<U>(&self, make: impl FnOnce(&T) -> U) -> Figure<U> {
        match self {
            Self::Measured { value, by } => Figure::Measured { value: make(value), by: by.clone() },
            Self::Derived { value, from } => Figure::Derived { value: make(value), from: from.clone() },
            Self::NotVisible { why } => Figure::NotVisible { why: why.clone() },
        }
    }
}

/// How a figure is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Is {
    Measured,
    Derived,
    NotVisible,
}

/// A figure as JSON: the sentence, and beside it the code.
#[derive(Deserialize)]
struct Form<'a, T> {
    is: Is,
    value: Option<T>,
    #[serde(default, borrow)]
    by: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    from: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    why: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    code: Cow<'a, str>,
}

/// Words of a figure. Those of the program's own are a variant's name to serde, in which no writer looks for escapes.
enum Words<'w> {
    Own(&'static str),
    Others(&'w str),
}

impl Serialize for Words<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own(words) => serializer.serialize_unit_variant("Words", 0, words),
            Self::Others(words) => serializer.serialize_str(words),
        }
    }
}

impl<T: Serialize> Serialize for Figure<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (is, value, named, own, said, code) = match self {
            Self::Measured { value, by } => {
                (Is::Measured, Some(value), "by", by.own_words(English), by.said(English), by.code())
            }
            Self::Derived { value, from } => {
                (Is::Derived, Some(value), "from", from.own_words(English), from.said(English), from.code())
            }
            Self::NotVisible { why } => {
                (Is::NotVisible, None, "why", why.own_words(English), why.said(English), why.code())
            }
        };
        let words = own.map_or(Words::Others(said), Words::Own);
        let mut form = serializer.serialize_struct("Form", 3 + usize::from(value.is_some()))?;
        form.serialize_field("is", &is)?;
        if let Some(value) = value {
            form.serialize_field("value", value)?;
        }
        form.serialize_field(named, &words)?;
        form.serialize_field("code", &Words::Own(code))?;
        form.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Figure<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form: Form<'_, T> = Form::deserialize(deserializer)?;
        let missing = |name| serde::de::Error::missing_field(name);
        match form.is {
            Is::Measured => {
                let by = form.by.ok_or_else(|| missing("by"))?;
                Ok(Self::Measured {
                    value: form.value.ok_or_else(|| missing("value"))?,
                    by: Source::of(&form.code, &by),
                })
            }
            Is::Derived => {
                let from = form.from.ok_or_else(|| missing("from"))?;
                let value = form.value.ok_or_else(|| missing("value"))?;
                Ok(Self::Derived { value, from: Source::of(&form.code, &from) })
            }
            Is::NotVisible => {
                let why = form.why.ok_or_else(|| missing("why"))?;
                Ok(Self::NotVisible { why: Why::of_version_1(&form.code, &why) })
            }
        }
    }
}

impl Why {
    /// Version 1 has sentences alone: those that mean that there is nothing to
    /// see yet, or never will be, are known by theirs.
    fn of_version_1(code: &str, text: &str) -> Self {
        match (code, text) {
            ("", "not yet") => Self::NotYet,
            ("", "it did not come to that") => Self::NotReached,
            _ => Self::of(code, text),
        }
    }
}
