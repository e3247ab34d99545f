//! What a person decides about a frame, as a message: its number in four bytes, what
//! becomes of it, three zeros.

use crate::packet::link::Decision;

/// Bytes of a message.
pub(super) const SIZE: usize = 8;
const DECISIONS: [Decision; 4] = [Decision::Deliver, Decision::Drop, Decision::Double, Decision::Damage];

pub(super) fn encode(frame: u32, decision: Decision) -> [u8; SIZE] {
    let mut message = [0; SIZE];
    message[..4].copy_from_slice(&frame.to_le_bytes());
    message[4] = decision as u8;
    message
}

/// `None`: it is none.
pub(super) fn decode(message: &[u8]) -> Option<(u64, Decision)> {
    let [a, b, c, d, decision, 0, 0, 0] = *message else { return None };
    Some((u32::from_le_bytes([a, b, c, d]).into(), *DECISIONS.get(usize::from(decision))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_read_as_it_was_written() {
        for decision in DECISIONS {
            assert_eq!(decode(&encode(7_000_000, decision)), Some((7_000_000, decision)));
        }
        assert_eq!(decode(&[0; 7]), None);
        assert_eq!(decode(&[1, 0, 0, 0, 4, 0, 0, 0]), None);
        assert_eq!(decode(&[1, 0, 0, 0, 0, 0, 0, 1]), None);
    }
}
