//! Models and logs as they are named, and what the names mean.

use super::config::Log;
use crate::models::Model;
use crate::observe::access::Format;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The model where none is named: the fastest.
pub(super) const USUAL_MODEL: &str = "multiplex";

/// A model by its name.
pub(super) fn model() -> impl TypedValueParser<Value = Model> {
    PossibleValuesParser::new(Model::NAMES).try_map(|name| Model::named(&name).ok_or("not a model"))
}

/// The same with this many event loops, or one for each core.
pub(super) fn with_workers(model: Model, workers: Option<u32>) -> Model {
    let each_core = || std::thread::available_parallelism().map_or(1, usize::from);
    model.with_workers(|| workers.map_or_else(each_core, |workers| workers as usize))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogName {
    /// Each connection, from its SYN to its end, for people
    Story,
    /// A line per request, for people
    Short,
    /// Common Log Format: a line per exchange
    Common,
    /// The same with referer and user agent
    Combined,
    /// A JSON object per connection: docs/records.md
    Json,
    /// A JSON object per exchange, at its end, with its duration: docs/records.md
    JsonRequests,
    /// Whole packets, for wireshark -k -i -
    Pcapng,
    /// Nothing
    Off,
}

impl LogName {
    pub(super) fn log(self) -> Log {
        match self {
            Self::Story => Log::Story,
            Self::Short => Log::Short,
            Self::Common => Log::Lines(Format::Common),
            Self::Combined => Log::Lines(Format::Combined),
            Self::Json => Log::Json,
            Self::JsonRequests => Log::Lines(Format::Requests),
            Self::Pcapng => Log::Pcapng,
            Self::Off => Log::Off,
        }
    }
}
