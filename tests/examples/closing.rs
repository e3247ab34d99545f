//! How connections end: by halves, and with what is still on its way.

use super::{Program, complaint, port, run, succeeded};
use std::fs;

#[test]
fn after_a_half_close_the_response_still_arrives_and_after_a_close_it_is_lost() {
    let folder = crate::harness::folder();
    let original = folder.path().join("original");
    let content: Vec<u8> = (0..250_000_u32).flat_map(u32::to_be_bytes).collect();
    fs::write(&original, &content).expect("a file");
    let original = original.to_str().expect("a name");
    for (options, is_heard) in [(&[original][..], true), (&[original, "--close"], false)] {
        let copy = folder.path().join(format!("copy-{is_heard}"));
        let (server, address) = Program::serve("half_close_server", options);
        let client = run("half_close_client", &["-p", &port(address), "--output", copy.to_str().expect("a name")]);
        assert!(client.contains("Received 1000000 bytes, and then the end of file\nWrote \"Thank you\""), "{client}");
        assert!(fs::read(copy).expect("a copy") == content, "not what was sent");
        assert_eq!(client.contains("No reset came"), is_heard, "{client}");
        assert_eq!(client.contains("A reset came"), !is_heard, "{client}");
        let server = succeeded(server.finish());
        assert!(server.contains("Sent 1000000 bytes to 127.0.0.1:"), "{server}");
        assert_eq!(server.ends_with("Received 9 bytes: \"Thank you\"\n"), is_heard, "{server}");
    }
    assert!(complaint("half_close_server", &["no such file"]).contains("try Cargo.toml"));
    assert!(complaint("half_close_client", &["--output", original]).contains("not taken"));
    assert!(fs::read(original).expect("the file") == content, "an existing file is not touched");
}

/// The figures of a row: written, read, not acknowledged, not read.
fn figures(row: &str) -> Vec<u64> {
    row.split_whitespace().skip(1).map(|figure| figure.parse().expect("a number")).collect()
}

/// The first number behind this word.
fn number_after(text: &str, word: &str) -> u64 {
    let rest = text.split(word).nth(1).unwrap_or_else(|| panic!("{word:?} in {text}"));
    let digits = rest.trim_start().split(|character: char| !character.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{word:?} in {text}"))
}

#[test]
fn who_ends_its_reading_tells_nobody() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let size = std::fs::metadata(file).expect("the file").len();
    let (server, address) = Program::serve("half_close_server", &[file]);
    let client = run("half_close_client", &["-p", &port(address), "--shut-read"]);
    assert!(client.contains("Read 10 bytes, and ended our reading"), "{client}");
    assert!(
        number_after(&client, "waits for nothing more\nRead").checked_add(10).is_some_and(|all| all <= size),
        "{client}"
    );
    // Whatever it read of it, the server has sent all, and hears its thanks.
    assert!(server.finish().shown.contains(&format!("Sent {size} bytes to 127.0.0.1:")));
}

#[test]
fn buffers_fill_until_a_write_would_block_and_reads_make_room() {
    let shown = run("tcp_buffers", &[]);
    let (first, rest) = shown.split_once("2. The window").expect("two parts");
    assert!(first.ends_with("write 40\n   read  10\n   read  10\n   read  10\n   read  10\n"), "{shown}");
    let (window, closing) = rest.split_once("3. close()").expect("more parts");
    let (filling, emptying) = window.split_once("   write would block").expect("it would block");
    let rows = |part: &str, call: &str| -> Vec<Vec<u64>> {
        part.lines()
            .filter(|line| line.trim_start().starts_with(call) && !line.contains("can go on"))
            .map(figures)
            .collect()
    };
    let (writes, reads, moved) = (rows(filling, "write  "), rows(emptying, "read "), rows(emptying, "write  "));
    for row in writes.iter().chain(&reads).chain(&moved) {
        let [written, read, unacknowledged, unread, _window] = row[..] else { panic!("five figures: {shown}") };
        // No byte is nowhere; what has arrived and is not yet acknowledged is in both.
        assert!(unacknowledged + unread >= written - read && unread <= written - read, "{row:?} in {shown}");
    }
    let full = writes.last().expect("writes");
    assert!(full[2] > 0 && full[3] > 0, "both buffers are full: {shown}");
    // The receiver has no room for what is not acknowledged, and has said so.
    assert!(full[4] < full[2] && writes[0][4] > full[4], "the window closes: {shown}");
    // Seen after a write went through: the acknowledgement that made room may come a moment after its read.
    let moved = moved.first().expect("a write");
    assert!(!reads.is_empty() && moved[0] == full[0] + 1 && moved[2] < full[2], "the window has moved: {shown}");

    let (all, some) = closing.split_once("4. close()").expect("two ways to close");
    assert_eq!(number_after(all, "written"), number_after(all, "read after close"), "{shown}");
    assert!(all.contains("lost 0\n   and then: the end\n"), "{shown}");
    let lost = number_after(some, "written") - number_after(some, "read after close");
    assert!(lost > 0 && lost == number_after(some, "lost"), "{shown}");
    assert!(some.contains("and then: Connection reset by peer"), "{shown}");
}

#[test]
fn a_port_is_shared_by_connections_and_kept_by_who_closed_first() {
    let shown = run("port_owner", &[]);
    let port = number_after(&shown, "client to 127.0.0.1:");
    let connections: Vec<_> = shown.lines().filter(|line| line.ends_with(&format!("127.0.0.1:{port}"))).collect();
    let [_, one, two] = connections[..] else { panic!("two connections: {shown}") };
    let own = |line| number_after(line, "127.0.0.1:");
    assert!(own(one) != own(two) && own(one) != port, "{shown}");
    for wait in [
        format!("the client closed first: TIME_WAIT from port {} to {port}\n", own(one)),
        format!("the server closed first: TIME_WAIT from port {port} to {}\n", own(two)),
    ] {
        assert!(shown.contains(&wait), "{wait} in {shown}");
    }
    let (_, table) = shown.split_once("the new bind()\n").expect("a table");
    let results: Vec<bool> = table.lines().take(4).map(|row| row.ends_with("succeeds")).collect();
    assert_eq!(results, [false, false, false, true], "{shown}");
    let (table, both) = table.split_once("4. TCP and UDP").expect("the last part");
    assert_eq!(table.matches("Address already in use").count(), 3, "{shown}");
    let at: Vec<_> = both.lines().filter_map(|line| line.split("  127.0.0.1:").nth(1)).map(str::trim).collect();
    assert!(at.len() == 2 && at[0] == at[1], "{shown}");
    assert!(both.contains("a second UDP socket there: Address already in use"), "{shown}");
}
