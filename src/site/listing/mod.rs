//! A folder as a page for people: read, ordered, written. It works without a
//! script, in lynx as in Chromium.

mod budget;
mod order;
mod page;
mod read;
mod words;

use super::path::SitePath;
use super::root::{Refusal, Root};
use crate::language::Language;
use budget::Budget;
use bytes::Bytes;
use order::Order;
use read::Reading;
use std::sync::Arc;
use words::Words;

/// The listings of a site, and the memory that they share.
#[derive(Debug)]
pub(super) struct Listings {
    hidden: bool,
    words: &'static Words,
    budget: Arc<Budget>,
}

impl Listings {
    /// Of a site that speaks `language`; `hidden` lists what begins with a dot.
    pub(super) fn new(hidden: bool, language: Language) -> Self {
        Self { hidden, words: Words::of(language), budget: Budget::new() }
    }

    /// The page that lists the folder at `path`, in the order that `query` asks for.
    pub(super) fn page(&self, root: &Root, path: &SitePath, query: Option<&str>) -> Result<Bytes, Refusal> {
        let order = Order::of(query);
        let mut reading = Reading::of(root.open_folder(&path.name)?, self.budget.share())?;
        reading.read(root, path, self.hidden, usize::MAX)?;
        let mut entries = reading.into_entries();
        order.sort(&mut entries);
        page::page(path, &entries, order, self.words, self.budget.share())
    }
}
