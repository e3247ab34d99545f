//! What the targets share: a host for each of the two machines, and what must
//! hold of all that leaves.

pub mod client;
pub mod html;
pub mod server;
pub mod text;

/// The first bytes of an input say how the others are cut: the lengths of the
/// pieces, less one, over and over.
pub const CUTS: usize = 4;

/// The pieces of an input, and all of it in one.
pub fn pieces(data: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let (cuts, whole) = data.split_first_chunk::<CUTS>()?;
    let mut pieces = Vec::new();
    let mut rest = whole;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(rest.len().min(usize::from(*cut) + 1));
        pieces.push(piece);
        rest = behind;
    }
    Some((pieces, whole))
}
