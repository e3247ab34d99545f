//! What the system keeps: names, processes, bytes and descriptors.

use super::{Program, complaint, run, succeeded};

#[test]
fn names_lead_to_addresses_and_addresses_to_names() {
    let shown = run("dns_lookup", &["localhost", "127.0.0.1"]);
    let (name, address) = shown.split_once("\n127.0.0.1\n").expect("both");
    assert!(name.starts_with("localhost\n") && name.contains("\n  address      127.0.0.1"), "{shown}");
    assert!(address.starts_with("  name         ") && address.contains("leads back to 127.0.0.1\n"), "{shown}");
    // Several addresses of one name come once each.
    assert_eq!(name.matches("127.0.0.1").count(), 1, "{shown}");
}

#[test]
fn what_is_not_found_is_said_and_the_rest_is_found_all_the_same() {
    // .invalid is never a name, RFC 6761 §6.4; whether the network says so in time is another matter.
    let said = complaint("dns_lookup", &["nobody.invalid", "127.0.0.1"]);
    assert!(said.contains("nobody.invalid: not found") || said.contains("no name server answers"), "{said}");
    let mut lookup = Program::start("dns_lookup", &["::ffff:0:0", "localhost"]);
    lookup.line("  address ");
}

#[test]
fn a_child_has_copies_and_is_a_zombie_until_it_is_waited_for() {
    let mut lesson = Program::start("fork_and_reap", &["--pause"]);
    lesson.line("Before fork: gval = 10, lval = 20");
    let line = lesson.line("is in state Z (zombie)");
    let zombie: u32 = line.split_whitespace().nth(1).and_then(|pid| pid.parse().ok()).expect("a process");
    assert!(lesson.shown.contains("child:  gval = 12, lval = 22"), "{}", lesson.shown);
    assert!(lesson.shown.contains("parent: gval = 8, lval = 18"), "{}", lesson.shown);
    lesson.line("Enter goes on");
    // As anybody sees it from outside: a child of that process, in state Z.
    let stat = std::fs::read_to_string(format!("/proc/{zombie}/stat")).expect("it is in the table");
    assert!(stat.ends_with('\n') && stat.contains(&format!(") Z {} ", lesson.id())), "{stat}");
    lesson.types("\n");
    let shown = succeeded(lesson.finish());
    assert!(shown.contains("wait: 0x0300, that is, it exited with 3\n"), "{shown}");
    assert!(shown.contains("wait: 0x000f, that is, signal 15 ended it\n"), "{shown}");
    assert!(shown.contains(&format!("process {zombie} after wait: no longer in the table\n")), "{shown}");
    let (_, handled) = shown.split_once("4. SIGCHLD is handled").expect("the rest");
    let (handled, ignored) = handled.split_once("5. SIGCHLD is ignored").expect("the rest");
    assert_eq!(handled.matches(": no longer in the table\n").count(), 3, "{shown}");
    assert!(ignored.contains(": no longer in the table; wait: No child processes"), "{shown}");
}

#[test]
fn the_same_number_has_two_orders() {
    let shown = run("byte_order", &["1060", "257", "305419896"]);
    for row in [["1060", "04 24", "24 04", "9220"], ["257", "01 01", "01 01", "257"]] {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.lines().any(|line| words(line) == row.join(" ")), "{row:?} in {shown}");
    }
    assert!(shown.contains("12 34 56 78  78 56 34 12              2018915346\n"), "{shown}");
    if cfg!(target_endian = "little") {
        let port: u16 = shown
            .split("127.0.0.1, port ")
            .nth(1)
            .and_then(|rest| rest.split('.').next()?.parse().ok())
            .expect("a port");
        assert!(shown.contains(&format!("address 0100007F, port {port:04X} ")), "{shown}");
    }
}

#[test]
fn who_listens_where_is_heard_there() {
    let shown = run("any_address", &[]);
    let row =
        |part: &str| shown.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part} in {shown}"));
    let responses = |part: &str| row(part).split("  ").filter(|word| word.trim() == "answers").count();
    let targets = row("listening at").split_whitespace().count() - 2;
    assert!(shown.lines().nth(1).is_some_and(|line| line.starts_with("127.0.0.1:")), "{shown}");
    assert_eq!(responses("127.0.0.1:"), 1, "{shown}");
    assert_eq!(responses("0.0.0.0:"), targets - 1, "all but ::1: {shown}");
    if shown.contains("this system has no IPv6") {
        return;
    }
    let has_loopback = !row(" v6only").contains("is not here");
    assert_eq!(responses(" v6only"), usize::from(has_loopback), "{shown}");
    assert_eq!(responses(" dual "), targets - usize::from(!has_loopback), "{shown}");
    assert!(shown.contains("a client of 127.0.0.1 is seen as ::ffff:127.0.0.1.\n"), "{shown}");
}

#[test]
fn a_file_and_a_socket_are_read_and_written_alike() {
    let folder = crate::harness::folder();
    let file = folder.path().join("new.txt");
    let name = file.to_str().expect("a name");
    let shown = run("low_level_file", &[name]);
    assert_eq!(std::fs::read_to_string(&file).expect("it is kept"), "Let's go!\n");
    assert!(shown.contains("open   3 to write") && shown.contains("open   3 to read"), "{shown}");
    assert!(
        shown.contains("write  5: 4 bytes \"Let'\"\n") && shown.contains("write  5: 2 bytes \"!\\n\"\n"),
        "{shown}"
    );
    // What it says of the calls, and what the calls did.
    assert!(shown.contains("\nLet's go!\n  write  1: 10 bytes"), "{shown}");
    assert!(shown.contains("read   3: 0 bytes, the end") && shown.contains("read   6: 0 bytes, the end"), "{shown}");
    assert!(complaint("low_level_file", &[name]).contains("not taken"));
    assert_eq!(std::fs::read_to_string(&file).expect("untouched"), "Let's go!\n");
}
