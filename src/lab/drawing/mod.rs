//! How a run is drawn.

pub(super) mod label;
pub(super) mod svg;
pub(super) mod terminal;
