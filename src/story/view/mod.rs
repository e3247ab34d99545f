//! What a drawing shows of a record beside its steps: a line about it, its lane,
//! its facts and its exchanges, all in the words of one language.

mod exchanges;
mod facts;
mod lane;
mod load;
mod opened;
mod outline;
mod requests;
mod waiting;

pub use exchanges::{Head, Sheet, Stage};
pub use facts::Fact;
pub use lane::{Bar, BarKind, Lane, Mark, MarkKind};
pub use load::{Load, Part, Row, load};
pub use opened::{Opened, OpenedField, OpenedLayer, opened};
pub use outline::{Failed, Outline};
pub use requests::Asked;
pub use waiting::{queue, waiting};

use super::steps::{Step, steps};
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::secrets::Secrets;
use serde::Serialize;

/// All that a page shows of a record.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct View {
    /// What it is in a list.
    #[serde(flatten)]
    pub outline: Outline,
    /// What is known of the connection as a whole.
    pub facts: Vec<Fact>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Its requests and responses.
    pub exchanges: Vec<Sheet>,
}

/// The view of `record`, in this language.
pub fn view(record: &Record, secrets: Secrets, language: Language) -> View {
    View {
        outline: Outline::of(record, language),
        facts: facts::facts(record, language),
        steps: steps(record, language),
        exchanges: exchanges::sheets(record, secrets, language),
    }
}

#[cfg(test)]
mod tests;
