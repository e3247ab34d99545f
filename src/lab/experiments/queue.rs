//! Lesson: the kernel completes a connection; accept() only takes it out of a
//! queue. So connect() returns after a round trip, whatever the server's program
//! does, and even what is sent then waits for it. A full queue refuses nobody:
//! Linux drops the SYN, and the client's kernel asks again a second later.

use super::play::{ADDRESS, REQUEST, listen};
use super::prelude::*;
use crate::lab::socket_states::{counter, states};
use std::sync::mpsc;

pub(super) const QUEUE: Experiment = Experiment {
    name: "queue",
    title: text("The waiting room", "대기열"),
    question: text(
        "A server listens, but calls accept() only after one second. A round trip takes 20 ms. When does the client's connect() return?",
        "서버가 listen()만 하고 1초 뒤에야 accept()를 부릅니다. 왕복 시간은 20 ms입니다. 클라이언트의 connect()는 언제 돌아올까요?",
    ),
    choices: &[
        text("after one second: when accept() is called", "1초 뒤. accept()가 불릴 때"),
        text("after one round trip", "한 번의 왕복 뒤"),
        text("at once: nothing has to travel", "곧바로. 오갈 것이 없다"),
    ],
    acts: &[
        Act { title: text("accept() after one second", "1초 뒤의 accept()"), wire: "10ms 4m", play: late_accept },
        Act { title: text("listen(1), four clients", "listen(1)에 클라이언트 넷"), wire: "10ms 4m", play: full },
    ],
    facts,
    conclude,
    next: &[("lab nobody-there", text("and if no program listens at all?", "아무도 듣고 있지 않다면?"))],
};

fn late_accept(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |end| {
        std::thread::sleep(Duration::from_secs(1));
        let waits = states()?.iter().any(|state| state == "ESTABLISHED");
        end.found("established_before_accept", Fact::Holds(waits));
        end.note("accept()");
        let talk = listening.accept()?;
        talk.recv(100)?;
        talk.send(b"hello")?;
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(REQUEST)?;
        talk.recv_all()?;
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

/// Four clients, 30 ms apart; the server begins to accept when all of them asked.
fn full(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 1)?;
    let (go, may_accept) = mpsc::channel::<()>();
    let server = stage.server(move |end| {
        let _ = may_accept.recv_timeout(Duration::from_secs(5));
        end.found("overflows", Fact::Count(counter("TcpExt", "ListenOverflows")?));
        for _ in 0..4 {
            let talk = listening.accept()?;
            talk.send(b"hello")?;
            talk.close();
        }
        Ok(())
    })?;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(stage.client(|end| {
            let talk = end.connect(ADDRESS)?;
            talk.recv_all()?;
            talk.close();
            Ok(())
        })?);
        std::thread::sleep(Duration::from_millis(30));
    }
    std::thread::sleep(Duration::from_millis(200));
    let _ = go.send(());
    clients.into_iter().try_for_each(|client| client.join())?;
    server.join()
}

fn facts(runs: &[Run]) -> Facts {
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        let begun = run.call(Side::Client, "connect()");
        let took = run.call(Side::Client, "connect() = 0").zip(begun).map(|(end, begin)| end - begin);
        let accept = run.call(Side::Server, "accept() =");
        let accepted = accept.zip(begun).map(|(at, begin)| at - begin);
        let request = run.of(ToServer).find(|one| one.is_data()).and_then(|one| one.arrived_ms);
        facts = facts
            .ms("connect_took_ms", took)
            .ms("accept_returned_after_ms", accepted)
            .set("established_before_accept", run.found("established_before_accept"))
            .holds("request_came_before_accept", request.zip(accept).is_some_and(|(request, accept)| request < accept))
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        let syn = |one: &Segment| one.has("SYN") && !one.has("ACK");
        let again: Vec<&Segment> = run.segments.iter().filter(|one| syn(one) && one.is_again()).collect();
        let after = |again: &&Segment| {
            let first = run.first(|one| syn(one) && one.source == again.source)?;
            // The first time only.
            let is_first =
                run.first(|one| syn(one) && one.is_again() && one.source == again.source)?.number == again.number;
            is_first.then_some(again.sent_ms - first.sent_ms)
        };
        let waited: Vec<f64> = again.iter().filter_map(after).collect();
        let resets = run.number_of(|one| one.has("RST"));
        let mut ports: Vec<u16> = again.iter().filter_map(|one| Some(one.source?.port())).collect();
        ports.sort_unstable();
        ports.dedup();
        facts = facts
            .count("clients_that_asked_again", ports.len())
            .ms("asked_again_after_ms", waited.iter().copied().reduce(f64::min))
            .ms("asked_again_at_the_latest_after_ms", waited.iter().copied().reduce(f64::max))
            .count("resets", resets)
            .set("overflows", run.found("overflows"))
            .word("shape_of_a_full_queue", run.shape());
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let took = facts.get_ms("connect_took_ms").filter(|took| (15.0..300.0).contains(took))?;
    let accepted = facts.get_ms("accept_returned_after_ms").filter(|accepted| *accepted > took + 300.0)?;
    let mut why = vec![both!(
        "connect() returned after {took:.1} ms, accept() after {accepted:.0} ms. The kernel completes the connection; accept() only takes it out of the queue.",
        "connect()는 {took:.1} ms 만에, accept()는 {accepted:.0} ms 만에 돌아왔습니다. 연결은 커널이 맺고, accept()는 꺼낼 뿐입니다."
    )];
    if facts.is("established_before_accept") && facts.is("request_came_before_accept") {
        why.push(both!(
            "Before accept() the server's socket was already ESTABLISHED, and what the client had sent was waiting in it.",
            "accept() 전에도 서버 쪽 소켓은 이미 ESTABLISHED였고, 클라이언트가 보낸 것이 그 안에 들어 있었습니다."
        ));
    }
    why.extend(asked_again(facts));
    Some(Conclusion { choice: 1, why })
}

/// Of those for whom there was no room.
fn asked_again(facts: &Facts) -> Option<Sentence> {
    let clients = facts.get_count("clients_that_asked_again").filter(|clients| *clients > 0)?;
    // The kernel counts each SYN that it drops for want of room.
    if facts.get_count("resets")? > 0 || facts.get_count("overflows")? < clients {
        return None;
    }
    let [least, most] =
        ["asked_again_after_ms", "asked_again_at_the_latest_after_ms"].map(|name| facts.get_ms(name).map(f64::round));
    let (least, most) = (least?, most?);
    let after = if least < most { format!("{least}–{most}") } else { least.to_string() };
    let let_in = 4_u64.saturating_sub(clients);
    let en = match clients {
        1 => format!("The other one was not refused: its SYN was dropped, and it sent it again after {after} ms."),
        _ => format!(
            "The other {clients} were not refused: their SYNs were dropped, and they sent them again after {after} ms."
        ),
    };
    Some(both!(
        "With listen(1), {let_in} of four got in. {en}",
        "listen(1)에는 클라이언트 넷 가운데 {let_in}개가 들어갔습니다. 나머지 {clients}개는 거절당한 것이 아닙니다. SYN이 버려졌고, {after} ms 뒤에 다시 보냈습니다."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_client_did_is_not_said_of_all() {
        let said = |clients, overflows, latest| {
            let facts = Facts::default()
                .count("clients_that_asked_again", clients)
                .count("resets", 0)
                .count("overflows", overflows)
                .ms("asked_again_after_ms", Some(1016.4))
                .ms("asked_again_at_the_latest_after_ms", Some(latest));
            asked_again(&facts).map(|sentence| sentence.en)
        };
        let two = said(2, 2, 1031.0).expect("a sentence");
        assert!(two.ends_with("they sent them again after 1016–1031 ms."), "{two}");
        let one = said(1, 2, 1016.4).expect("a sentence");
        assert!(
            one.ends_with("The other one was not refused: its SYN was dropped, and it sent it again after 1016 ms."),
            "{one}"
        );
        assert_eq!(said(2, 1, 1031.0), None, "not every one was counted as dropped");
    }
}
