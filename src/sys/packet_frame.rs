//! A frame as a packet socket hears it.

/// A frame, as long as it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// When it passed: nanoseconds since 1970.
    pub(crate) at: u64,
    /// How long it was.
    pub(crate) length: u32,
    /// Its beginning.
    pub(crate) bytes: &'a [u8],
    /// The interface's index.
    pub(crate) interface: u32,
    /// The interface's kind (ARPHRD_…).
    pub(crate) hardware: u16,
    /// Whether it was on its way out.
    pub(crate) is_outgoing: bool,
    /// Whether its transport checksum was still to be computed by the interface.
    pub(crate) is_checksum_open: bool,
    /// If it was handed over at once for the interface to cut: how much data each segment gets.
    pub(crate) cut_into: Option<u16>,
}
