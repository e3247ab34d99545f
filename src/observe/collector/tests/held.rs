//! Exchanges of which more is expected: who is shown them when, and what is recorded of them in the end.

use super::*;
use crate::record::Moments;

/// What a sink was handed: the news, and of each exchange its number and whether its acknowledgement is known.
type Handed = (News, Vec<(u64, bool)>);

/// Hands over what it is handed.
struct Seen {
    follows: bool,
    seen: Sender<Handed>,
}

impl Sink for Seen {
    fn take(&mut self, record: &Record, news: News) {
        let exchanges = record.exchanges.iter();
        let exchanges = exchanges.map(|one| (one.number, one.stages.acknowledged.value().is_some())).collect();
        let _ = self.seen.send((news, exchanges));
    }

    fn follows_segments(&self) -> bool {
        self.follows
    }

    fn left_out(&mut self, _: LeftOut) {}
}

/// A connection that was opened, what the sink hears that follows what is under way, and what the other one does.
struct Connection {
    watching: Watching,
    probe: Probe,
    follower: Receiver<Handed>,
    other: Receiver<Handed>,
    _sockets: (TcpListener, TcpStream),
}

impl Connection {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let ((to_follower, follower), (to_other, other)) = (channel(), channel());
        let sinks: Vec<Box<dyn Sink>> = vec![
            Box::new(Seen { follows: true, seen: to_follower }),
            Box::new(Seen { follows: false, seen: to_other }),
        ];
        let watching = watching_for(sinks);
        let probe = watching.probe();
        report(&probe, &opened(&probe, &client));
        Self { watching, probe, follower, other, _sockets: (listener, client) }
    }

    /// A response was sent, and awaits its acknowledgement.
    fn hold(&self, number: u64) {
        let now = Moment::now();
        let stages = Moments { first_read: now, first_write: now, last_write: now, ..Moments::default() };
        let exchange = Exchange { connection: 1, number, status: 200, writes: 1, stages, ..Exchange::default() };
        report(
            &self.probe,
            &Report::Exchange(Exchange { is_over: true, asked_kernel: true, is_held: true, ..exchange }),
        );
    }

    /// What the follower is handed first that is so.
    fn followed_until(&self, is_it: impl Fn(&Handed) -> bool) -> Handed {
        loop {
            let handed = self.follower.recv_timeout(Duration::from_secs(10)).expect("news");
            if is_it(&handed) {
                return handed;
            }
        }
    }

    fn acknowledge(&self, number: u64) {
        report(&self.probe, &Report::Acknowledged { connection: 1, number, at: Moment::now() });
    }

    /// The other one's first news of this kind, and those before it.
    fn heard_until(&self, last: News) -> Vec<Handed> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|(news, _)| *news != last) {
            heard.push(self.other.recv_timeout(Duration::from_secs(10)).expect("news"));
        }
        heard
    }

    /// All that the other one heard of exchanges that are over, and of the connection's records.
    fn end(self) -> Vec<Handed> {
        report(&self.probe, &Report::Lost { connection: 1, exchanges: 0 });
        let mut heard = self.heard_until(News::Closed);
        assert!(self.watching.finish().is_nothing());
        heard.retain(|(news, _)| matches!(news, News::Responded | News::Continues | News::Closed));
        heard
    }
}

#[test]
fn a_response_that_awaits_its_acknowledgement_is_shown_to_those_who_follow_and_is_over_once() {
    let connection = Connection::open();
    connection.hold(1);
    assert_eq!(connection.follower.recv(), Ok((News::Opened, vec![])));
    assert_eq!(connection.follower.recv(), Ok((News::Responding, vec![(1, false)])));
    connection.acknowledge(1);
    assert_eq!(connection.follower.recv(), Ok((News::Responded, vec![(1, true)])));
    connection.hold(2);
    assert_eq!(connection.follower.recv(), Ok((News::Responding, vec![(1, true), (2, false)])));
    assert_eq!(
        connection.end(),
        [
            (News::Responded, vec![(1, true)]),
            (News::Responded, vec![(1, true), (2, false)]),
            (News::Closed, vec![(1, true), (2, false)])
        ]
    );
}

#[test]
fn one_that_awaits_it_for_long_is_not_silent() {
    let connection = Connection::open();
    connection.hold(1);
    let heard = connection.heard_until(News::Responding);
    assert_eq!(heard, [(News::Opened, vec![]), (News::Responding, vec![(1, false)])]);
    connection.acknowledge(1);
    assert_eq!(connection.end(), [(News::Responded, vec![(1, true)]), (News::Closed, vec![(1, true)])]);
}

#[test]
fn it_stands_in_for_what_was_known_of_it_before() {
    let connection = Connection::open();
    report(&connection.probe, &Report::Exchange(Exchange { connection: 1, number: 1, ..Exchange::default() }));
    assert_eq!(connection.heard_until(News::Receiving).last(), Some(&(News::Receiving, vec![(1, false)])));
    connection.hold(1);
    let next = Exchange { connection: 1, number: 2, ..Exchange::default() };
    report(&connection.probe, &Report::Exchange(next));
    let heard = connection.heard_until(News::Receiving);
    assert_eq!(
        heard[heard.len() - 2..],
        [(News::Responded, vec![(1, false)]), (News::Receiving, vec![(1, false), (2, false)])]
    );
}

#[test]
fn no_acknowledgement_is_lost_where_a_record_goes_on_in_a_further_part() {
    let connection = Connection::open();
    for first in (1..=129).step_by(8) {
        (first..first + 8).for_each(|number| connection.hold(number));
        (first..first + 8).for_each(|number| connection.acknowledge(number));
    }
    let mut heard = connection.end();
    assert_eq!(heard.iter().filter(|(news, _)| *news == News::Responded).count(), 136);
    heard.retain(|(news, _)| *news != News::Responded);
    assert_eq!(heard, [(News::Continues, known(1..=128, true)), (News::Closed, known(129..=136, true))]);
}

fn known(numbers: std::ops::RangeInclusive<u64>, is_known: bool) -> Vec<(u64, bool)> {
    numbers.map(|number| (number, is_known)).collect()
}

#[test]
fn a_part_waits_for_the_acknowledgements_of_its_responses() {
    let connection = Connection::open();
    (1..=300).for_each(|number| connection.hold(number));
    (1..=300).for_each(|number| connection.acknowledge(number));
    let mut heard = connection.end();
    heard.retain(|(news, _)| *news != News::Responded);
    assert_eq!(
        heard,
        [
            (News::Continues, known(1..=128, true)),
            (News::Continues, known(129..=256, true)),
            (News::Closed, known(257..=300, true))
        ]
    );
}

/// Of the last 8 one is held no more with each that comes.
#[test]
fn it_waits_for_them_no_longer_than_there_is_room() {
    let connection = Connection::open();
    let full = (MOST_UNACKNOWLEDGED + UNSETTLED + 8) as u64;
    (1..=full).for_each(|number| connection.hold(number));
    (1..=full).for_each(|number| connection.acknowledge(number));
    let mut heard = connection.end();
    heard.retain(|(news, _)| *news == News::Continues);
    assert_eq!(heard[..2], [(News::Continues, known(1..=128, false)), (News::Continues, known(129..=256, true))]);
}

#[test]
fn an_acknowledgement_that_was_reported_late_is_shown_to_those_who_follow() {
    let connection = Connection::open();
    (1..=10).for_each(|number| connection.hold(number));
    connection.followed_until(|(_, exchanges)| exchanges.len() == 10);
    connection.acknowledge(1);
    let (_, exchanges) = connection.followed_until(|(_, exchanges)| exchanges[0].1);
    assert_eq!(exchanges, [known(1..=1, true), known(2..=10, false)].concat());
}
