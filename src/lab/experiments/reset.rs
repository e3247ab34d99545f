//! Lesson: a RST ends a connection at once, and what lay in the buffers may be
//! gone with it. Three ways to get one: to close with bytes unread, to write to
//! who has closed, and to abort on purpose.

use super::play::{ADDRESS, listen};
use super::prelude::*;

pub(super) const RESET: Experiment = Experiment {
    name: "reset",
    title: text("Three ways to break", "RST가 나가는 세 가지 경우"),
    question: text(
        "A server sends its response, then closes while bytes of the request are still unread. What does the client get?",
        "서버가 응답을 보낸 뒤, 요청의 일부를 읽지 않은 채 close()합니다. 클라이언트는 무엇을 받을까요?",
    ),
    choices: &[
        text("the response, then an ordinary end", "응답, 그리고 보통의 끝"),
        text("the response if it reads in time, then ECONNRESET", "제때 읽으면 응답, 그다음 ECONNRESET"),
        text("nothing at all", "아무것도"),
    ],
    acts: &[
        Act {
            title: text("close() with bytes unread", "읽지 않은 바이트를 두고 close()"),
            wire: "10ms 4m",
            play: unread,
        },
        Act {
            title: text("send() to an end that has closed", "이미 닫은 쪽으로 send()"),
            wire: "10ms 4m",
            play: closed,
        },
        Act { title: text("An abort: SO_LINGER 0", "일부러 끊기: SO_LINGER 0"), wire: "10ms 4m", play: abort },
    ],
    facts,
    conclude,
    next: &[("lab half-close", text("how to end politely", "정중하게 끝내는 방법"))],
};

fn unread(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |end| {
        let talk = listening.accept()?;
        talk.recv(18)?;
        std::thread::sleep(Duration::from_millis(40)); // the rest is here, too
        talk.send(b"HTTP/1.0 501 Not Implemented\r\n\r\n")?;
        end.note(both!("close(), bytes unread", "close(), 읽지 않은 바이트가 있음"));
        drop(talk);
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(b"POST / HTTP/1.0\r\n\r\n")?;
        talk.send(&[b'z'; 2000])?;
        // It reads till an error or the end.
        while talk.recv(1000).is_ok_and(|bytes| !bytes.is_empty()) {}
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn closed(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(100)?;
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(b"ask")?;
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(60));
            if talk.send(b"more").is_err() {
                break;
            }
        }
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn abort(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(100)?;
        // The second one ends with an error.
        let _ = talk.recv(100);
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(b"ask")?;
        std::thread::sleep(Duration::from_millis(60));
        talk.socket.set_linger(Some(Duration::ZERO))?;
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn facts(runs: &[Run]) -> Facts {
    let calls = |run: &Run, side, call| {
        run.calls_of(side, call).map(|one| one.call.replace(call, "")).collect::<Vec<_>>().join(", ")
    };
    let resets = |run: &Run, direction| run.of(direction).filter(|one| one.has("RST")).count();
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        facts = facts
            .word("reads_of_an_unread_close", calls(run, Side::Client, "recv() "))
            .count("resets_of_an_unread_close", resets(run, ToClient))
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        facts = facts
            .word("sends_to_a_closed_end", calls(run, Side::Client, "send() "))
            .count("resets_of_a_closed_end", resets(run, ToClient));
    }
    if let Some(run) = runs.get(2) {
        facts = facts
            .word("reads_after_an_abort", calls(run, Side::Server, "recv() "))
            .count("resets_of_an_abort", resets(run, ToServer))
            .count("fins_of_an_abort", run.number_of(|one| one.has("FIN")));
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let reads = facts.get_word("reads_of_an_unread_close")?;
    if !reads.contains("ECONNRESET") || facts.get_count("resets_of_an_unread_close")? == 0 {
        return None;
    }
    let mut why = vec![both!(
        "The client's reads: {reads}. With bytes unread, close() sends a RST in place of a FIN; what the client had not read by then could have been lost.",
        "클라이언트의 recv() 결과: {reads}. 읽지 않은 바이트가 있으면 close()는 FIN 대신 RST를 보냅니다. 그때까지 읽지 않은 응답은 사라질 수도 있었습니다."
    )];
    if let (Some(sends), Some(1..)) =
        (facts.get_word("sends_to_a_closed_end"), facts.get_count("resets_of_a_closed_end"))
    {
        why.push(both!(
            "To an end that has closed, the client's sends went: {sends}. The first one that is too late succeeds: the RST has not come back yet.",
            "이미 닫은 쪽으로 보낸 send()의 결과: {sends}. 늦은 첫 send()는 아직 RST가 돌아오지 않았으므로 성공합니다."
        ));
    }
    if let (Some(reads), Some(1..), Some(0)) = (
        facts.get_word("reads_after_an_abort"),
        facts.get_count("resets_of_an_abort"),
        facts.get_count("fins_of_an_abort"),
    ) {
        why.push(both!(
            "An abort (SO_LINGER 0) sent a RST and no FIN; the server's reads: {reads}.",
            "일부러 끊자(SO_LINGER 0) FIN 없이 RST만 나갔습니다. 서버의 recv() 결과: {reads}."
        ));
    }
    Some(Conclusion { choice: 1, why })
}
