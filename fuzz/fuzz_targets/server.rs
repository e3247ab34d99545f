//! The verdict on a client's bytes does not depend on how they are cut, and no
//! bytes make the server's machine go round without end.

#![no_main]

use glasshttp_fuzz::pieces;
use glasshttp_fuzz::server::{Echo, check_response, converse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((cut, whole)) = pieces(data) else { return };
    let at_once = converse(&Echo, &[whole]);
    at_once.responses.iter().for_each(check_response);
    assert_eq!(converse(&Echo, &cut), at_once);
});
