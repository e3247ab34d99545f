//! What a client hears does not depend on how a server's bytes are cut, and no
//! bytes make its machine go round without end.

#![no_main]

use glasshttp_fuzz::client::hear;
use glasshttp_fuzz::pieces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((cut, whole)) = pieces(rest) else { return };
    assert_eq!(hear(*choice, &cut), hear(*choice, &[whole]));
});
