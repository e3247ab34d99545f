//! The stages of an exchange: one list, from which reports, records and names are made.

use super::figure::{Figure, Nanoseconds};
use super::moment::Moment;
use super::source::Source;
use super::why::Why;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;

/// A moment's bytes, and those of all stages.
const MOMENT: usize = size_of::<u64>();
type Packed = ByteArray<{ Stages::COUNT * MOMENT }>;

/// A line each: its name, the one that version 1 has, who reports it, why it is not
/// visible where nobody did and the exchange is over, what it means.
macro_rules! stages {
    ($($name:ident $version_1:literal $by:ident $why:ident $about:literal;)*) => {
        /// When an exchange's stages were reached: facts, never intentions.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct Stages {
            $(#[doc = $about] #[serde(alias = $version_1)] pub $name: Figure<Nanoseconds>,)*
        }

        impl Stages {
            /// How many there are.
            pub const COUNT: usize = [$(stringify!($name)),*].len();

            /// All of them, each of what `make` gives for its name, in order.
            pub fn all(mut make: impl FnMut(&'static str) -> Figure<Nanoseconds>) -> Self {
                Self { $($name: make(stringify!($name)),)* }
            }

            /// All of them, in order, with their names.
            pub fn named(&self) -> [(&'static str, &Figure<Nanoseconds>); Self::COUNT] {
                [$((stringify!($name), &self.$name)),*]
            }

            /// All of them, in order, to be changed.
            pub(crate) fn all_mut(&mut self) -> [&mut Figure<Nanoseconds>; Self::COUNT] {
                [$(&mut self.$name),*]
            }
        }

        /// The same, as they are reported: on their way all of their bytes, for in fewer each would be packed by itself.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(into = "Packed", from = "Packed")]
        pub(crate) struct Moments {
            $(pub(crate) $name: Moment,)*
        }

        impl From<Moments> for Packed {
            fn from(moments: Moments) -> Self {
                let mut bytes = [0; Stages::COUNT * MOMENT];
                let places = bytes.chunks_exact_mut(MOMENT);
                places.zip([$(moments.$name),*]).for_each(|(place, at)| place.copy_from_slice(&at.0.to_ne_bytes()));
                Self::new(bytes)
            }
        }

        impl From<Packed> for Moments {
            fn from(packed: Packed) -> Self {
                let mut places = packed.as_chunks::<MOMENT>().0.iter();
                let mut next = || Moment(places.next().map_or(0, |place| u64::from_ne_bytes(*place)));
                Self { $($name: next(),)* }
            }
        }

        impl Moments {
            /// What is known of each, as `figure` makes it from its moment, who reports it, and why nobody did; in order.
            pub(crate) fn figures(&self, mut figure: impl FnMut(Moment, Source, Why) -> Figure<Nanoseconds>) -> Stages {
                Stages { $($name: figure(self.$name, Source::$by, Why::$why),)* }
            }

            #[cfg(test)]
            pub(crate) fn of(moments: [Moment; Stages::COUNT]) -> Self {
                let [$($name),*] = moments;
                Self { $($name),* }
            }
        }
    };
}

stages! {
    arrived "arrived" ReceiveStamp NoArrival "The kernel had what the first read gave, to its last byte.";
    first_read "first_read" ClockAfterRecv NotReached "The server had read that.";
    head_complete "head_complete" ClockAfterParsing HeadUnfinished "The head was complete, and understood or refused.";
    response_chosen "answer_chosen" ClockAfterHandler NotReached "The response was chosen.";
    first_write "first_write" ClockBeforeSend NotReached "The response's first bytes were handed to the kernel.";
    last_write "last_write" ClockBeforeSendfile NotReached "Its last ones were.";
    acknowledged "acknowledged" AcknowledgementStamp NoAcknowledgement "The client's TCP had acknowledged its last byte.";
}
