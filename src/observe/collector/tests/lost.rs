//! What is recorded of exchanges that were under way when a connection was lost.

use super::*;
use crate::record::connection::HeadState;
use crate::record::{Moments, Why};

/// An exchange of which the kernel took a part of the response, one that waits for its handler, and a head that has begun.
fn under_way() -> [Exchange<'static>; 3] {
    let now = Moment::now();
    let read = Exchange {
        connection: 1,
        number: 1,
        asked_kernel: true,
        stages: Moments { first_read: now, ..Moments::default() },
        ..Exchange::default()
    };
    let understood =
        Exchange { head: HeadState::Complete, stages: Moments { head_complete: now, ..read.stages }, ..read.clone() };
    let sending = Exchange {
        status: 200,
        writes: 1,
        stages: Moments { response_chosen: now, first_write: now, ..understood.stages },
        ..understood.clone()
    };
    [sending, Exchange { is_held: true, ..understood }, read]
}

#[test]
fn of_one_that_is_lost_nothing_is_still_to_come_and_nothing_that_may_have_been_is_denied() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let closed = Report::Closed(Closed { connection: 1, exchanges: 1, ..Closed::default() });
    let ends = [
        (Some(Report::Lost { connection: 1, exchanges: 1 }), Why::ProcessEnded),
        (Some(closed), Why::ReportDropped), // that of the exchange's end
        (None, Why::ServerEnded),
    ];
    for (end, why) in ends {
        for which in 0..3 {
            let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
            let (watching, ends) = watching();
            let probe = watching.probe();
            report(&probe, &opened(&probe, &client));
            let exchange = &under_way()[which];
            report(&probe, &Report::Exchange(exchange.clone()));
            end.iter().for_each(|end| report(&probe, end));
            assert!(watching.finish().is_nothing());
            let record = ends.recv_timeout(Duration::from_secs(10)).expect("told");
            let [ended] = &record.exchanges[..] else { panic!("one exchange: {record:?}") };
            let unseen = || Figure::not_visible(why.clone());
            let is_sent = exchange.writes > 0;
            let acknowledged = if is_sent { Figure::not_visible(Why::NoAcknowledgement) } else { unseen() };
            assert_eq!((&ended.stages.last_write, &ended.stages.acknowledged), (&unseen(), &acknowledged));
            assert_eq!(ended.stages.response_chosen.value().is_some(), is_sent);
            assert_eq!(ended.head, Some(exchange.head));
            let to_come = ended.stages.named().into_iter().find(|(_, figure)| figure.is_to_come());
            assert_eq!(to_come, None);
        }
    }
}
