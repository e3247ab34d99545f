//! The stages of an exchange: one list, from which reports, records and names are made.

use super::figure::{Figure, Nanoseconds};
use super::moment::Moment;
use serde::{Deserialize, Serialize};

/// A line each: its name, the one that version 1 has, what it means.
macro_rules! stages {
    ($($name:ident $version_1:literal $about:literal;)*) => {
        /// When an exchange's stages were reached: facts, never intentions.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Stages {
            $(#[doc = $about] #[serde(alias = $version_1)] pub $name: Figure<Nanoseconds>,)*
        }

        impl Stages {
            /// All of them, in order, with their names.
            pub fn named(&self) -> Vec<(&'static str, &Figure<Nanoseconds>)> {
                vec![$((stringify!($name), &self.$name)),*]
            }
        }

        /// The same, as they are reported.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub(crate) struct Moments {
            $(pub(crate) $name: Moment,)*
        }
    };
}

stages! {
    arrived "arrived" "The kernel had what the first read gave, to its last byte.";
    first_read "first_read" "The server had read that.";
    head_complete "head_complete" "The head was complete, and understood or refused.";
    response_chosen "answer_chosen" "The response was chosen.";
    first_write "first_write" "The response's first bytes were handed to the kernel.";
    last_write "last_write" "Its last ones were.";
    acknowledged "acknowledged" "The client's TCP had acknowledged its last byte.";
}
