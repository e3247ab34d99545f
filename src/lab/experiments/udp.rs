//! Lesson: UDP keeps the borders of datagrams, and promises nothing else. A
//! lost one is lost, and neither end learns of it; a long one travels in pieces,
//! and one lost piece loses all. Only a connected socket learns that nobody listens.

use super::prelude::*;
use crate::lab::end::name;
use crate::lab::network::SERVER;
use std::net::UdpSocket;

const PORT: u16 = 1060;

pub(super) const UDP: Experiment = Experiment {
    name: "udp",
    title: text("Letters", "UDP, 편지처럼"),
    question: text(
        "Three datagrams are sent, the second is lost. Who notices?",
        "데이터그램 세 개를 보냈는데 두 번째를 잃었습니다. 누가 알아챌까요?",
    ),
    choices: &[
        text("the sender's kernel: it sends it again", "보낸 쪽 커널. 다시 보낸다"),
        text("the receiver: its recvfrom() returns an error", "받는 쪽. recvfrom()이 오류를 돌려준다"),
        text("nobody", "아무도"),
    ],
    acts: &[
        Act {
            title: text("The second of three is lost", "셋 가운데 두 번째를 잃을 때"),
            wire: "10ms 4m >udp:2 drop",
            play: |stage| letters(stage, &[3, 5, 7]),
        },
        Act {
            title: text("4,000 bytes in one datagram, a piece is lost", "4,000바이트 데이터그램의 한 조각을 잃을 때"),
            wire: "10ms 4m >udp:2 drop",
            play: |stage| letters(stage, &[4000]),
        },
        Act { title: text("Nobody listens", "아무도 듣지 않을 때"), wire: "10ms 4m", play: nobody },
    ],
    facts,
    conclude,
    next: &[("lab lost-segment", text("what TCP would do", "TCP라면"))],
};

fn letters(stage: &Stage, sizes: &'static [usize]) -> io::Result<()> {
    let socket = stage.server(|_| UdpSocket::bind((SERVER, PORT)))?.join()?;
    let server = stage.server(move |end| {
        socket.set_read_timeout(Some(Duration::from_millis(300)))?;
        let (mut buffer, mut received) = ([0; 65_536], Vec::new());
        loop {
            match socket.recv_from(&mut buffer) {
                Ok((count, _)) => {
                    end.note(format!("recvfrom() {count}"));
                    received.push(count as u64);
                }
                Err(error) => {
                    end.note(format!("recvfrom() {}", name(&error)));
                    break;
                }
            }
        }
        end.found("received", Fact::Counts(received));
        Ok(())
    })?;
    let client = stage.client(move |end| {
        let socket = UdpSocket::bind(("0.0.0.0", 0))?;
        for size in sizes {
            socket.send_to(&vec![b'x'; *size], (SERVER, PORT))?;
            end.note(format!("sendto() {size}"));
        }
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn nobody(stage: &Stage) -> io::Result<()> {
    let client = stage.client(|end| {
        for (fact, connects) in [("second_send_unconnected", false), ("second_send_connected", true)] {
            let socket = UdpSocket::bind(("0.0.0.0", 0))?;
            if connects {
                socket.connect((SERVER, PORT))?;
            }
            let send = || if connects { socket.send(b"x") } else { socket.send_to(b"x", (SERVER, PORT)) };
            send()?;
            end.note("sendto() 1");
            std::thread::sleep(Duration::from_millis(60)); // the ICMP message is here
            let result = send().map_or_else(|error| name(&error), |_| "ok".into());
            end.note(format!("{} {result}", if connects { "send()" } else { "sendto()" }));
            end.found(fact, Fact::Word(result));
        }
        Ok(())
    })?;
    client.join()
}

fn facts(runs: &[Run]) -> Facts {
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        facts = facts
            .set("received", run.found("received"))
            .count("sent", run.of(ToServer).count())
            .count("lost", run.number_of(Segment::is_lost))
            .count("said_by_the_other_end", run.of(ToClient).count());
    }
    if let Some(run) = runs.get(1) {
        facts = facts
            .count("pieces", run.of(ToServer).count())
            .count("pieces_lost", run.number_of(Segment::is_lost))
            .set("received_of_pieces", run.found("received"));
    }
    if let Some(run) = runs.get(2) {
        facts = facts
            .count("icmp", run.number_of(|one| one.icmp == Some((3, 3))))
            .set("second_send_unconnected", run.found("second_send_unconnected"))
            .set("second_send_connected", run.found("second_send_connected"));
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let received = facts.get_counts("received")?;
    if received != [3, 7]
        || facts.get_count("sent")? != 3
        || facts.get_count("lost")? != 1
        || facts.get_count("said_by_the_other_end")? != 0
    {
        return None;
    }
    let mut why = vec![both!(
        "Nobody did. Three datagrams left and two came, each whole; nothing was sent again, and nothing came back.",
        "아무도 알아채지 못했습니다. 세 개가 나가고 두 개가 왔습니다. 경계는 그대로였고, 다시 보낸 것도 돌아온 것도 없습니다."
    )];
    if let (Some(pieces @ 2..), Some(1), Some([])) =
        (facts.get_count("pieces"), facts.get_count("pieces_lost"), facts.get_counts("received_of_pieces"))
    {
        why.push(both!(
            "4,000 bytes travelled in {pieces} IP fragments; one was lost, and with it the whole datagram.",
            "4,000바이트는 IP 조각 {pieces}개로 나뉘어 갔습니다. 하나를 잃자 데이터그램 전체를 잃었습니다."
        ));
    }
    if let (Some(1..), Some(plain), Some(connected)) =
        (facts.get_count("icmp"), facts.get_word("second_send_unconnected"), facts.get_word("second_send_connected"))
        && plain == "ok"
        && connected != "ok"
    {
        why.push(both!(
            "A closed port causes an ICMP message, but only a connected socket reports it: {connected}.",
            "닫힌 포트에서는 ICMP 메시지가 돌아오지만, connect()한 소켓만 그것을 압니다: {connected}."
        ));
    }
    Some(Conclusion { choice: 2, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connected_socket_that_learned_nothing_is_not_said_to_have() {
        let sentences = |connected: &str, pieces_lost| {
            let facts = Facts::default()
                .set("received", Some(Fact::Counts(vec![3, 7])))
                .count("sent", 3)
                .count("lost", 1)
                .count("said_by_the_other_end", 0)
                .count("pieces", 3)
                .count("pieces_lost", pieces_lost)
                .counts("received_of_pieces", Vec::new())
                .count("icmp", 3)
                .word("second_send_unconnected", "ok")
                .word("second_send_connected", connected);
            conclude(&facts).map(|conclusion| conclusion.why.len())
        };
        assert_eq!([sentences("ECONNREFUSED", 1), sentences("ok", 1)], [Some(3), Some(2)]);
        assert_eq!(sentences("ECONNREFUSED", 2), Some(2), "two pieces were lost, not one");
    }
}
