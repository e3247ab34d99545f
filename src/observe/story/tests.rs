//! What is shown, letter by letter: the texts are in `golden/`. Run with
//! GLASSHTTP_GOLDEN=write to write them anew, and read what changed.

mod many;
mod records;
mod widths;

use super::*;
use crate::outlet::tests::Disk;
use crate::record::Reason;
use records as sample;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use unicode_width::UnicodeWidthStr;

/// A writer that can be read.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that goes when it is told to.
#[derive(Clone, Default)]
struct Milliseconds(Arc<AtomicU64>);

impl Milliseconds {
    fn clock(&self) -> Box<dyn Fn() -> Instant + Send> {
        let (start, passed) = (Instant::now(), Arc::clone(&self.0));
        Box::new(move || start + Duration::from_millis(passed.load(Ordering::SeqCst)))
    }

    fn pass(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

fn story(language: Language) -> (Story<Screen>, Screen, Milliseconds) {
    let (screen, time) = (Screen::default(), Milliseconds::default());
    (Story::with_clock(screen.clone(), language, PER_SECOND, time.clock()), screen, time)
}

/// Lets time pass as the collector does.
fn pass<W: Write + Send>(story: &mut Story<W>, time: &Milliseconds, milliseconds: u64) {
    for _ in 0..milliseconds / 100 {
        time.pass(100);
        story.pass_time(&mut ());
    }
}

/// What was written, without styles, none of it wider than a terminal.
fn plain_text(styled: &str) -> String {
    let text = anstream::adapter::strip_str(styled).to_string();
    for line in text.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
        assert!(!line.chars().any(char::is_control) && !line.ends_with(' '), "{line:?}");
    }
    text
}

fn assert_golden(name: &str, styled: &str) {
    let text = plain_text(styled);
    println!("{styled}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/observe/story/golden").join(name);
    if std::env::var_os("GLASSHTTP_GOLDEN").is_some_and(|wish| wish == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(text == expected, "{name} differs; now it is:\n{text}");
}

/// Tells in both languages what `scene` does.
fn both(name: &str, scene: impl Fn(&mut Story<Screen>, &Milliseconds)) {
    for (language, suffix) in [(Language::English, "en"), (Language::Korean, "ko")] {
        let (mut story, screen, time) = story(language);
        scene(&mut story, &time);
        assert_golden(&format!("{name}.{suffix}.txt"), &screen.take());
        assert!(story.shown.len() <= 1);
    }
}

/// A connection that is shown when it closes.
fn closed(name: &str, record: &Record) {
    both(name, |story, _| {
        story.take(&Record { close: None, exchanges: vec![], ..record.clone() }, News::Opened);
        story.take(record, News::Closed);
        assert!(story.shown.is_empty());
    });
}

#[test]
fn one_request_and_its_response() {
    closed("curl", &sample::curl());
    closed("hasty", &sample::hasty());
    closed("simple", &sample::simple());
    closed("ipv6", &sample::ipv6());
}

#[test]
fn ends_of_other_kinds() {
    closed("reset", &sample::reset());
    closed("timeout", &sample::timeout());
    closed("cut-off", &sample::cut_off());
    closed("lost", &sample::lost());
}

#[test]
fn what_cannot_be_seen_is_said_to_be_so() {
    closed("nothing-visible", &sample::nothing_visible());
}

#[test]
fn a_client_cannot_drive_the_terminal() {
    closed("control-characters", &sample::control_characters());
}

#[test]
fn a_kept_connection_shown_at_once() {
    both("kept-at-once", |story, time| {
        story.take(&sample::opened(8), News::Opened);
        story.take(&sample::kept_once(), News::Responded);
        pass(story, time, 200);
        story.take(&sample::kept_twice(), News::Responded);
        pass(story, time, 200);
        story.take(&sample::kept_to_its_end(), News::Closed);
        pass(story, time, 1_000);
    });
}

#[test]
fn a_kept_connection_shown_in_three_blocks() {
    both("kept-in-turn", |story, time| {
        story.take(&sample::opened(8), News::Opened);
        story.take(&sample::kept_once(), News::Responded);
        pass(story, time, 500);
        story.take(&sample::kept_twice(), News::Responded);
        pass(story, time, 700);
        story.take(&sample::kept_to_its_end(), News::Closed);
        pass(story, time, 1_000);
    });
}

#[test]
fn a_silent_connection_is_shown_once() {
    both("silent", |story, time| {
        story.take(&sample::opened(9), News::Opened);
        pass(story, time, 1_000);
        story.take(&sample::opened(9), News::Silent);
        pass(story, time, 9_000);
        story.take(&sample::silent_to_its_end(), News::Closed);
    });
}

#[test]
fn a_long_response_is_shown_while_it_is_under_way() {
    both("download", |story, time| {
        story.take(&sample::opened(13), News::Opened);
        story.take(&sample::download_under_way(), News::Responding);
        pass(story, time, 12_000);
        story.take(&sample::download_to_its_end(), News::Closed);
    });
}

#[test]
fn what_is_held_back_is_shown_at_the_end() {
    let (mut story, screen, _) = story(Language::English);
    story.take(&sample::opened(8), News::Opened);
    story.take(&sample::kept_once(), News::Responded);
    story.left_out(LeftOut { connections: 1, exchanges: 2, reports: 1, frames: 0 });
    story.unrecorded(&[(0, 1), (404, 2_700)].into());
    assert_eq!(screen.take(), "");
    story.finish();
    let text = plain_text(&screen.take());
    assert!(text.contains("GET / HTTP/1.1"), "{text}");
    let expected = "… not recorded in the last second: 1 connection, 1 without a response, 2,700 × 404, 1 report";
    assert!(text.replace('\n', " ").contains(expected), "{text}");
    story.finish();
    assert_eq!(screen.take(), "");
}

#[test]
fn connections_never_mix() {
    let (mut story, screen, time) = story(Language::English);
    for number in [8, 9] {
        story.take(&sample::opened(number), News::Opened);
        story.take(&Record { connection: number, ..sample::kept_once() }, News::Responded);
    }
    for number in [9, 8] {
        story.take(&Record { connection: number, ..sample::kept_twice() }, News::Responded);
    }
    pass(&mut story, &time, 400);
    let text = plain_text(&screen.take());
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with('#') || line.contains("GET /missing")).collect();
    assert_eq!(heads.len(), 4, "{text}");
    assert!(heads[0].starts_with("#8 ") && heads[2].starts_with("#9 "), "{text}");
}

#[test]
fn of_a_thousand_connections_a_second_twenty_are_shown() {
    let (mut story, screen, time) = story(Language::English);
    let mut number = 0;
    for _ in 0..3 {
        for _ in 0..1_000 {
            number += 1;
            story.take(&sample::opened(number), News::Opened);
            let record = Record { connection: number, ..sample::curl() };
            story.take(&record, News::Responded);
            story.take(&record, News::Closed);
            time.pass(1);
        }
        story.left_out(LeftOut { connections: 224, ..LeftOut::default() });
        story.pass_time(&mut ());
    }
    let text = plain_text(&screen.take());
    let heads = text.lines().filter(|line| line.starts_with('#'));
    let numbers: Vec<u64> = heads.filter_map(|line| line[1..].split(' ').next()?.parse().ok()).collect();
    let expected: Vec<u64> = (1..=20).chain(1_001..=1_020).chain(2_001..=2_020).collect();
    assert_eq!(numbers, expected, "each shown once and whole");
    assert!(text.lines().all(|line| !line.contains(" again ")), "{text}");
    let left_out: Vec<&str> = text.lines().filter(|line| line.starts_with('…')).collect();
    let expected = ["… left out in the last second: 980 connections, 980 × 200"; 3];
    let others = ["… not recorded in the last second: 224 connections"; 2];
    assert_eq!(left_out.iter().filter(|line| expected.contains(line)).count(), 3, "{text}");
    assert_eq!(left_out.iter().filter(|line| others.contains(line)).count(), 2, "{text}");
    assert_eq!(left_out.len(), 5, "{text}");
    assert!(story.shown.is_empty());
}

#[test]
fn what_is_remembered_is_bounded() {
    let (mut story, _, time) = story(Language::English);
    for number in 1..=3 * MOST_OPEN as u64 {
        time.pass(60);
        story.take(&sample::opened(number), News::Opened);
        story.take(&Record { connection: number, ..sample::kept_once() }, News::Responded);
    }
    assert_eq!(story.shown.len(), MOST_OPEN);
    assert!(story.shown.contains_key(&(3 * MOST_OPEN as u64)), "the newest are shown");
}

#[test]
fn a_writer_that_nobody_reads_is_left_alone() {
    struct Broken(Arc<AtomicU64>);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (tries, time) = (Arc::new(AtomicU64::new(0)), Milliseconds::default());
    let mut story = Story::with_clock(Broken(Arc::clone(&tries)), Language::English, PER_SECOND, time.clock());
    for number in 1..10 {
        story.take(&sample::opened(number), News::Opened);
        story.take(&Record { connection: number, ..sample::curl() }, News::Closed);
    }
    story.left_out(LeftOut { connections: 1, ..LeftOut::default() });
    pass(&mut story, &time, 2_000);
    story.finish();
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    assert!(story.shown.is_empty());
}

#[test]
fn styles_say_nothing_that_words_do_not() {
    let (mut story, screen, _) = story(Language::English);
    story.take(&sample::curl(), News::Closed);
    let styled = screen.take();
    let bold = anstyle::Style::new().bold();
    assert!(styled.contains(&format!("{bold}GET /hello.txt HTTP/1.0{bold:#}")), "{styled:?}");
    let green = anstyle::AnsiColor::Green.on_default();
    assert!(styled.contains(&format!("{green}200 OK from hello.txt{green:#}")), "{styled:?}");
    let mut plain = anstream::StripStream::new(Vec::new());
    plain.write_all(styled.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(plain.into_inner()).unwrap(), plain_text(&styled));
}

#[test]
fn blocks_that_a_full_disk_did_not_take_are_counted_once() {
    let (disk, time) = (Disk::default(), Milliseconds::default());
    let mut story = Story::with_clock(disk.clone(), Language::English, PER_SECOND, time.clock());
    let mut record = sample::curl();
    let mut show = |room: usize, count: usize| {
        disk.room(room);
        for _ in 0..count {
            record.connection += 1;
            story.take(&Record { close: None, exchanges: vec![], ..record.clone() }, News::Opened);
            story.take(&record, News::Closed);
        }
        disk.text()
    };
    show(usize::MAX, 1);
    show(300, 1);
    show(0, 9);
    let text = show(usize::MAX, 2);
    assert_eq!(
        (text.matches("not written").count(), text.matches("… 10 blocks not written\n\n").count()),
        (1, 1),
        "{text}"
    );
    show(0, 1);
    disk.room(usize::MAX);
    story.finish();
    assert!(disk.text().ends_with("… 1 block not written\n\n"), "{}", disk.text());
    assert_eq!(story.unwritten_pieces(), 11);
}

#[test]
fn blocks_that_a_late_reader_did_not_take_are_counted() {
    let time = Milliseconds::default();
    let reader = Disk::refusing(io::ErrorKind::TimedOut);
    reader.room(300);
    let mut story = Story::with_clock(reader, Language::English, PER_SECOND, time.clock());
    for number in 1..10 {
        story.take(&sample::opened(number), News::Opened);
        story.take(&Record { connection: number, ..sample::curl() }, News::Closed);
    }
    story.finish();
    assert_eq!(story.unwritten_pieces(), 9);
}

#[test]
fn standard_output_is_a_writer_for_it() {
    fn is_sink(_: impl Sink + 'static) {}
    is_sink(Story::new(anstream::stdout(), Language::English, PER_SECOND));
}

#[test]
fn a_reason_that_is_new_is_said_as_the_record_says_it() {
    let (mut story, screen, _) = story(Language::Korean);
    let mut record = sample::curl();
    record.close.as_mut().unwrap().reason = Reason::Other("Something new.".into());
    story.take(&record, News::Closed);
    assert!(plain_text(&screen.take()).contains("Something new."));
}
