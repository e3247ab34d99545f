//! The chunked coding is undone however its bytes are cut; what was coded comes
//! back, and what is not chunked is an error at the same byte.

#![no_main]

use glasshttp::http::chunked::{Decoder, Piece};
use glasshttp_fuzz::pieces;
use libfuzzer_sys::fuzz_target;

/// The data, and how much was used up to the trailer section; or what is wrong.
fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, Option<usize>), String> {
    let mut decoder = Decoder::default();
    let (mut data, mut total) = (Vec::new(), 0);
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (used, found) = decoder.decode(rest).map_err(|error| format!("{error:?}"))?;
            match found {
                Piece::Data => data.extend_from_slice(&rest[..used]),
                Piece::Nothing => {}
                Piece::Trailer => return Ok((data, Some(total + used))),
            }
            assert!(used > 0, "no progress before {rest:?}");
            rest = &rest[used..];
            total += used;
        }
    }
    Ok((data, None))
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, whole)) = pieces(data) else { return };
    // The end of what was given may be the beginning of the trailer section: only one more byte says so.
    let (with_more, blank): (Vec<&[u8]>, &[u8]) = (cut.iter().copied().chain([b"\r\n".as_slice()]).collect(), b"\r\n");
    assert_eq!(decode(&with_more), decode(&[&[whole, blank].concat()]));
    let mut coded = Vec::new();
    for piece in &cut {
        coded.extend(format!("{:x}{}\r\n", piece.len(), if piece.len() % 2 == 0 { ";a=b" } else { "" }).bytes());
        coded.extend_from_slice(piece);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\n");
    let length = coded.len();
    coded.extend_from_slice(blank);
    assert_eq!(decode(&[&coded]), Ok((whole.to_vec(), Some(length))));
});
