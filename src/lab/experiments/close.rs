//! Lesson: a close takes one FIN and one ACK in each direction. The four become
//! three where an end has nothing more to say and puts its FIN on the ACK, and
//! fewer still where a FIN rides on the data. The end that closed first keeps
//! TIME_WAIT.

use super::play::{ADDRESS, listen};
use super::prelude::*;
use crate::lab::socket_states::states;

pub(super) const CLOSE: Experiment = Experiment {
    name: "close",
    title: text("Four, three, or two", "4-way 핸드셰이크는 왜 셋인가"),
    question: text(
        "Both programs close as soon as they can. How many segments does the close take, from the first FIN on?",
        "양쪽 프로그램이 곧바로 닫습니다. 첫 FIN부터 세면 종료에 몇 개의 세그먼트가 쓰일까요?",
    ),
    choices: &[
        text("4: FIN, ACK, FIN, ACK", "4: FIN, ACK, FIN, ACK"),
        text("3: the second FIN rides on the ACK", "3: 두 번째 FIN이 ACK에 함께 실린다"),
        text("2", "2"),
    ],
    acts: &[
        Act {
            title: text("The client closes at once", "클라이언트가 곧바로 닫을 때"),
            wire: "10ms 4m",
            play: |stage| close_after(stage, Duration::ZERO),
        },
        Act {
            title: text("The client waits 60 ms before it closes", "클라이언트가 60 ms 뒤에 닫을 때"),
            wire: "10ms 4m",
            play: |stage| close_after(stage, Duration::from_millis(60)),
        },
    ],
    facts,
    conclude,
    next: &[
        ("lab last-ack", text("what is TIME_WAIT for?", "TIME_WAIT는 왜 있을까요?")),
        ("lab half-close", text("use the time between the two FINs", "두 FIN 사이의 시간을 써 보세요")),
    ],
};

/// The server closes first; the client `pause` later.
fn close_after(stage: &Stage, pause: Duration) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(100)?;
        talk.send(b"hello")?;
        std::thread::sleep(Duration::from_millis(30)); // the FIN travels alone
        talk.shut_down()?;
        talk.recv_all()?;
        talk.close();
        Ok(())
    })?;
    let client = stage.client(move |end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(b"ask")?;
        talk.recv_all()?;
        std::thread::sleep(pause);
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()?;
    std::thread::sleep(Duration::from_millis(40)); // the last ACK arrives
    let at_server = stage.server(|_| states())?.join()?;
    let at_client = stage.client(|_| states())?.join()?;
    let waits = |states: &[String]| states.iter().any(|state| state == "TIME_WAIT");
    stage.calls.found("time_wait_at_server", Fact::Holds(waits(&at_server)));
    stage.calls.found("time_wait_at_client", Fact::Holds(waits(&at_client)));
    Ok(())
}

/// The segments of the close: from the first FIN on.
fn closing(run: &Run) -> Vec<&Segment> {
    run.segments.iter().skip_while(|one| !one.has("FIN")).collect()
}

fn facts(runs: &[Run]) -> Facts {
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        let close = closing(run);
        facts = facts
            .count("segments_of_the_close", close.len())
            .holds("second_fin_rides_on_the_ack", close.get(1).is_some_and(|one| one.has("FIN") && one.has("ACK")))
            .holds("server_ended_first", close.first().is_some_and(|one| one.direction == ToClient))
            .set("time_wait_at_server", run.found("time_wait_at_server"))
            .set("time_wait_at_client", run.found("time_wait_at_client"))
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        let close = closing(run);
        let ack_after = match close.as_slice() {
            [fin, ack, ..] if ack.is_pure_ack() => fin.arrived_ms.map(|arrived| ack.sent_ms - arrived),
            _ => None,
        };
        facts = facts
            .count("segments_with_a_pause", close.len())
            .ms("ack_left_ms_after_the_fin", ack_after)
            .word("shape_with_a_pause", run.shape());
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let segments = facts.get_count("segments_of_the_close")?;
    if segments != 3 || !facts.is("second_fin_rides_on_the_ack") {
        return None;
    }
    let mut why = vec![both!(
        "{segments} segments: the client had nothing more to send, so its FIN and its ACK of the server's FIN were one segment.",
        "세그먼트 {segments}개였습니다. 클라이언트는 더 보낼 것이 없었으므로, 서버의 FIN에 대한 ACK와 자신의 FIN을 한 세그먼트에 실었습니다."
    )];
    if let (Some(4), Some(delay)) =
        (facts.get_count("segments_with_a_pause"), facts.get_ms("ack_left_ms_after_the_fin"))
    {
        why.push(both!(
            "With a pause before its close() there were 4: the ACK left by itself, {delay:.1} ms after the FIN had come, and the FIN later.",
            "close() 전에 잠시 쉬게 하자 4개가 되었습니다. FIN이 도착하고 {delay:.1} ms 뒤에 ACK가 먼저 나가고, FIN은 나중에 나갔습니다."
        ));
    }
    if facts.is("server_ended_first") && facts.is("time_wait_at_server") && !facts.is("time_wait_at_client") {
        why.push(both!(
            "The server closed first, and the server's port is in TIME_WAIT; the client's is not.",
            "먼저 닫은 쪽은 서버이고, TIME_WAIT도 서버 쪽에 남았습니다. 클라이언트에는 없습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}
