//! A connection whose packets are captured, and passed unread.

use super::connection::Record;
use super::figure::Figure;
use super::why::Why;

impl Record {
    /// Packets are captured, and those with which it began are not among them: they would show nothing more.
    pub(crate) fn lack_segments(&mut self) {
        let doubt = Why::BeginningNotSeen;
        if matches!(self.handshake.server_sequence, Figure::NotVisible { why: Why::OwnSequence }) {
            self.handshake.server_sequence = Figure::not_visible(doubt.clone());
        }
        if let Some(close) = &mut self.close
            && matches!(close.server_fin, Figure::NotVisible { why: Why::BytesUnsent })
        {
            close.server_fin = Figure::not_visible(doubt);
        }
    }
}
