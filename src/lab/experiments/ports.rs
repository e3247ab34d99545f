//! Lesson: accept() gives a new socket, not a new port. A connection is known
//! by four values: both addresses and both ports. Two connections of one client
//! to one server differ in one of them, the client's port. And a UDP socket may
//! have the number of a TCP one: the protocol belongs to the name.

use super::prelude::*;
use crate::lab::network::SERVER;
use std::net::UdpSocket;

const PORT: u16 = 8080;

pub(super) const PORTS: Experiment = Experiment {
    name: "ports",
    title: text("Who is who", "네 개의 값"),
    question: text(
        "Two connections from one host to one server's port 8080, at the same time. Which number differs between them?",
        "한 컴퓨터에서 같은 서버의 8080번 포트로 연결 두 개를 동시에 맺습니다. 두 연결은 어느 번호가 다를까요?",
    ),
    choices: &[
        text("the server's port: accept() makes a new one", "서버의 포트. accept()가 새로 만든다"),
        text("the client's port", "클라이언트의 포트"),
        text("both ports", "두 포트 모두"),
    ],
    acts: &[Act { title: text("Two connections", "두 연결"), wire: "10ms 4m", play }],
    facts,
    conclude,
    next: &[("lab handshake", text("the numbers inside a segment", "세그먼트 안의 번호들"))],
};

fn play(stage: &Stage) -> io::Result<()> {
    let server_end = stage.server(Ok)?.join()?;
    let listening = stage.server(move |_| server_end.listen((SERVER, PORT), 5))?.join()?;
    let server = stage.server(move |end| {
        let udp = UdpSocket::bind((SERVER, PORT));
        end.found("udp_binds_the_same_number", Fact::Holds(udp.is_ok()));
        let (first, second) = (listening.accept()?, listening.accept()?);
        for talk in [&first, &second] {
            let bytes = talk.recv(100)?;
            talk.send(&bytes)?;
        }
        first.close();
        second.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let (first, second) = (end.connect((SERVER, PORT))?, end.connect((SERVER, PORT))?);
        first.send(b"one")?;
        second.send(b"two")?;
        for talk in [first, second] {
            talk.recv_all()?;
            talk.close();
        }
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let syns: Vec<&Segment> =
        run.segments.iter().filter(|one| one.has("SYN") && !one.has("ACK") && !one.is_again()).collect();
    let mut responses = run.of(ToClient).filter(|one| one.tcp.is_some());
    let is_swapped = |response: &Segment| {
        syns.iter().any(|syn| (syn.source, syn.destination) == (response.destination, response.source))
    };
    let bytes = PORT.to_be_bytes();
    Facts::default()
        .counts("client_ports", syns.iter().filter_map(|one| Some(one.source?.port().into())).collect())
        .counts("server_ports", syns.iter().filter_map(|one| Some(one.destination?.port().into())).collect())
        .holds("replies_swap_the_four_values", responses.all(is_swapped))
        .word("port_on_the_wire", format!("{:02x} {:02x}", bytes[0], bytes[1]))
        .holds("port_is_in_the_frame", run.frames.first().is_some_and(|frame| frame.get(36..38) == Some(&bytes)))
        .set("udp_binds_the_same_number", run.found("udp_binds_the_same_number"))
        .word("shape", run.shape())
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let (&[first, second], &[one, other]) = (facts.get_counts("client_ports")?, facts.get_counts("server_ports")?)
    else {
        return None;
    };
    if first == second || one != other || !facts.is("replies_swap_the_four_values") {
        return None;
    }
    let mut why = vec![
        both!(
            "The client's port: {first} and {second}. Both went to {one}. accept() gives a new socket, not a new port.",
            "클라이언트의 포트가 {first}번과 {second}번으로 달랐습니다. 서버 쪽은 둘 다 {one}번입니다. accept()는 새 소켓을 줄 뿐, 새 포트를 주지 않습니다."
        ),
        both!(
            "Every response carries the same four values, source and destination swapped.",
            "모든 응답에는 같은 네 값이 출발지와 목적지만 바뀌어 들어 있습니다."
        ),
    ];
    if let (true, Some(hex)) = (facts.is("port_is_in_the_frame"), facts.get_word("port_on_the_wire")) {
        why.push(both!(
            "On the wire the port {one} is the bytes {hex}: network byte order, the high byte first.",
            "전선 위에서 {one}번 포트는 {hex} 두 바이트입니다. 높은 바이트가 먼저 오는 네트워크 바이트 순서입니다."
        ));
    }
    if facts.is("udp_binds_the_same_number") {
        why.push(both!(
            "Meanwhile a UDP socket could bind port {one}, too: TCP's ports and UDP's are separate.",
            "그동안 UDP 소켓도 {one}번 포트를 쓸 수 있었습니다. TCP의 포트와 UDP의 포트는 따로입니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_response_has_the_four_values_and_not_only_the_first() {
        let mut acts = crate::lab::recorded::in_the_folder("ports").acts;
        assert!(facts(&acts).is("replies_swap_the_four_values"));
        let last = acts[0].segments.iter_mut().rev().find(|one| one.direction == ToClient).expect("a response");
        last.destination.as_mut().expect("an address").set_port(1);
        assert_eq!(conclude(&facts(&acts)), None);
    }
}
