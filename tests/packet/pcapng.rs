//! The capture file, block by block.

use glasshttp::packet::pcapng::{self, Frame, LinkType};

/// Each block's type and body; lengths must agree before and behind.
fn blocks(mut bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let mut blocks = Vec::new();
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes[..4].try_into().expect("four"));
    while !bytes.is_empty() {
        let length = number(&bytes[4..]) as usize;
        assert_eq!((length % 4, number(&bytes[length - 4..]) as usize), (0, length));
        blocks.push((number(bytes), &bytes[8..length - 4]));
        bytes = &bytes[length..];
    }
    blocks
}

/// The options at the end of a block.
fn options(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut options = Vec::new();
    loop {
        let number = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let (code, length) = (number(0), usize::from(number(2)));
        if code == 0 {
            assert_eq!((length, bytes.len()), (0, 4), "nothing behind the end");
            return options;
        }
        options.push((code, &bytes[4..4 + length]));
        bytes = &bytes[4 + length.next_multiple_of(4)..];
    }
}

#[test]
fn a_file_has_its_blocks_in_order_and_each_its_options() {
    let mut file = Vec::new();
    pcapng::begin(&mut file, "glasshttp 1", &["about".into()]);
    pcapng::interface(&mut file, LinkType::Ethernet, "lo", "seen here", 262_144);
    pcapng::names(&mut file, &[("10.0.0.1".parse().expect("v4"), "client"), ("::1".parse().expect("v6"), "서버")]);
    let comments = ["처음".to_owned(), "second".to_owned()];
    let at = 1_700_000_000_123_456_789;
    let frame = Frame { interface: 0, at, length: 60, bytes: &[7; 41], is_inbound: Some(true), comments: &comments };
    pcapng::frame(&mut file, &frame);
    pcapng::statistics(&mut file, 0, at, 5, 2);

    let blocks = blocks(&file);
    assert_eq!(blocks.iter().map(|block| block.0).collect::<Vec<_>>(), [0x0a0d_0d0a, 1, 4, 6, 5]);
    assert_eq!(options(&blocks[0].1[16..]), [(4, &b"glasshttp 1"[..]), (1, b"about")]);
    assert_eq!(options(&blocks[1].1[8..]), [(2, &b"lo"[..]), (3, b"seen here"), (9, &[9])]);
    assert_eq!(options(blocks[2].1)[0], (1, &b"\x0a\0\0\x01client\0"[..]));
    let packet = blocks[3].1;
    let number = |at: usize| u32::from_le_bytes(packet[at..at + 4].try_into().expect("four"));
    assert_eq!((u64::from(number(4)) << 32 | u64::from(number(8)), number(12), number(16)), (at, 41, 60));
    assert_eq!(packet[20..61], [7; 41]);
    assert_eq!(options(&packet[64..]), [(2, &[1, 0, 0, 0][..]), (1, "처음".as_bytes()), (1, b"second")]);
    assert_eq!(options(&blocks[4].1[12..]), [(4, &5_u64.to_le_bytes()[..]), (5, &2_u64.to_le_bytes())]);
}

#[test]
fn a_comment_that_is_too_long_is_cut_between_two_characters() {
    let mut file = Vec::new();
    pcapng::begin(&mut file, "", &["가".repeat(30_000)]);
    let blocks = blocks(&file);
    let comment = options(&blocks[0].1[16..])[1].1;
    assert!(comment.len() > 65_500);
    assert!(std::str::from_utf8(comment).expect("whole characters").chars().all(|letter| letter == '가'));
}
