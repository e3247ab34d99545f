//! No line is wider than its terminal, whatever a client sent.

use super::*;
use crate::record::Figure;
use crate::record::connection::Exchange;
use crate::story::short;
use proptest::prelude::*;

const WIDTHS: [fn() -> usize; 4] = [|| 60, || 80, || 120, || 200];

fn exchanges() -> impl Strategy<Value = Vec<Exchange>> {
    let letters =
        prop_oneof!["[!-~]{0,90}", "[가-힣/. ]{0,60}", "\\PC{0,60}", Just("한/\u{1f469}\u{200d}\u{1f680}".to_owned())];
    let status = prop_oneof![Just("200 OK"), Just("304 Not Modified"), Just("404 Not Found"), Just("503 없음")];
    let one = (letters, status, any::<u64>(), -9_000_000_000_000i64..90_000_000_000_000);
    proptest::collection::vec(one, 1..12).prop_map(|all| {
        let exchange = |(index, (path, status, body, start)): (usize, (String, &str, u64, i64))| {
            let line = format!("GET /{path} HTTP/1.1");
            let mut exchange = sample::exchange(index as u64 + 1, start, &line, status, body);
            exchange.resource = Figure::measured(path, crate::record::Source::Handler);
            exchange
        };
        all.into_iter().enumerate().map(exchange).collect()
    })
}

fn generated() -> impl Strategy<Value = Record> {
    let ends =
        [sample::curl(), sample::reset(), sample::timeout(), sample::lost(), sample::nothing_visible(), sample::ipv6()];
    (prop::sample::select(ends.to_vec()), exchanges(), any::<u64>()).prop_map(|(end, exchanges, connection)| Record {
        exchanges,
        connection,
        ..end
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_wider_than_the_terminal(record in generated(), (korean, width) in (any::<bool>(), 0..WIDTHS.len())) {
        let language = if korean { Language::Korean } else { Language::English };
        let (story, screen, time) = story(language);
        let mut story = story.as_wide_as(WIDTHS[width]);
        for news in [News::Opened, News::Silent, News::Responding, News::Responded] {
            story.take(&Record { close: None, ..record.clone() }, news);
        }
        pass(&mut story, &time, 500);
        story.take(&record, News::Closed);
        let text = anstream::adapter::strip_str(&screen.take()).to_string();
        let clock = "00:00:00Z";
        let short = record.exchanges.iter().map(|one| short::line(&record, one, clock, WIDTHS[width](), language));
        let short: String = short.collect();
        let short = anstream::adapter::strip_str(&short).to_string();
        prop_assert_eq!(short.lines().count(), record.exchanges.len());
        for line in text.lines().chain(short.lines()) {
            prop_assert!(line.width() <= WIDTHS[width](), "{}: {line}", line.width());
            prop_assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}

/// At each width, the columns of time, arrow and label stay where they are.
#[test]
fn rows_are_aligned_at_every_width() {
    for (language, width) in
        [Language::English, Language::Korean].iter().flat_map(|one| WIDTHS.map(|width| (*one, width)))
    {
        let (story, screen, _) = story(language);
        let mut story = story.as_wide_as(width);
        story.take(&sample::kept_to_its_end(), News::Closed);
        let text = anstream::adapter::strip_str(&screen.take()).to_string();
        let columns = |arrow| text.lines().filter_map(move |line: &str| Some(line[..line.find(arrow)?].width()));
        let found: Vec<usize> =
            ["──▶", "◀──", " · "].into_iter().flat_map(columns).filter(|column| *column < 12).collect();
        assert!(found.len() > 8 && found.iter().all(|column| *column == 10), "{found:?}\n{text}");
    }
}

/// A wide terminal is used: what needs two lines at 80 columns stands on one.
#[test]
fn a_wide_terminal_has_fewer_lines() {
    let count = |width| {
        let (story, screen, _) = story(Language::English);
        story.as_wide_as(width).take(&sample::nothing_visible(), News::Closed);
        screen.take().lines().count()
    };
    let counts = WIDTHS.map(count);
    assert!(counts.is_sorted_by(|narrow, wide| narrow >= wide) && counts[3] < counts[0], "{counts:?}");
}
