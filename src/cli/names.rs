//! Models and logs as they are named, and what the names mean.

use super::config::Log;
use crate::models::Model;
use crate::observe::clf::Format;
use clap::ValueEnum;

/// The model where none is named: the fastest that the system has.
pub(super) const USUAL_MODEL: &str = if cfg!(target_os = "linux") { "multiplex" } else { "thread" };

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ModelName {
    Iterative,
    Process,
    Thread,
    #[cfg(target_os = "linux")]
    Multiplex,
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
    /// Whole packets, for wireshark -k -i -
    Pcapng,
    /// Nothing
    Off,
}

impl ModelName {
    pub(super) fn model(self, workers: Option<u32>) -> Model {
        match self {
            Self::Iterative => Model::Iterative,
            Self::Process => Model::Process,
            Self::Thread => Model::Thread,
            #[cfg(target_os = "linux")]
            Self::Multiplex => {
                Model::Multiplex { workers: workers.map_or_else(one_for_each_core, |workers| workers as usize) }
            }
        }
    }
}

impl LogName {
    pub(super) fn log(self) -> Log {
        match self {
            Self::Story => Log::Story,
            Self::Short => Log::Short,
            Self::Common => Log::Lines(Format::Common),
            Self::Combined => Log::Lines(Format::Combined),
            Self::Json => Log::Json,
            Self::Pcapng => Log::Pcapng,
            Self::Off => Log::Off,
        }
    }
}

fn one_for_each_core() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
