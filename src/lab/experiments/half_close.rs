//! Lesson: a FIN says "I have no more to send", not "don't send me more". Who
//! half-closes can still be thanked; who closes resets what comes later.

use super::play::{ADDRESS, listen};
use super::prelude::*;

pub(super) const HALF_CLOSE: Experiment = Experiment {
    name: "half-close",
    title: text("\"Thank you\"", "우아한 종료와 “Thank you”"),
    question: text(
        "A server sends a file and is done. The client then says \"Thank you\". Do the thanks arrive?",
        "서버가 파일을 보내고 끝냈습니다. 그다음 클라이언트가 \"Thank you\"라고 보냅니다. 이 인사는 도착할까요?",
    ),
    choices: &[
        text("never: the server has sent its FIN", "도착하지 않는다. 서버가 이미 FIN을 보냈으니까"),
        text(
            "if the server called shutdown(SHUT_WR), not if it called close()",
            "서버가 shutdown(SHUT_WR)을 불렀으면 도착하고, close()를 불렀으면 도착하지 않는다",
        ),
        text("always", "언제나 도착한다"),
    ],
    acts: &[
        Act {
            title: text("The server half-closes: shutdown(SHUT_WR)", "서버의 하프 클로즈: shutdown(SHUT_WR)"),
            wire: "10ms 4m",
            play: |stage| play(stage, true),
        },
        Act {
            title: text("The server closes: close()", "서버의 close()"),
            wire: "10ms 4m",
            play: |stage| play(stage, false),
        },
    ],
    facts,
    conclude,
    next: &[("lab reset", text("more ways to break a connection", "연결이 끊기는 다른 방법들"))],
};

fn play(stage: &Stage, half: bool) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |end| {
        let talk = listening.accept()?;
        talk.send(b"the file")?;
        if half {
            talk.shut_down()?;
            end.found("thanks", Fact::Word(String::from_utf8_lossy(&talk.recv_all()?).into_owned()));
        }
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.recv_all()?;
        std::thread::sleep(Duration::from_millis(50));
        talk.send(b"Thank you")?;
        std::thread::sleep(Duration::from_millis(60)); // a reset would be here by now
        // Whether this one succeeds is what is to be seen.
        let _ = talk.send(b"!");
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn facts(runs: &[Run]) -> Facts {
    let sends = |run: &Run| {
        run.calls_of(Side::Client, "send() ")
            .map(|call| call.call.replace("send() ", ""))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        facts = facts
            .set("thanks_read", run.found("thanks"))
            .word("sends_after_a_half_close", sends(run))
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        facts = facts
            .holds("close_was_answered_by_a_reset", run.of(ToClient).any(|one| one.has("RST")))
            .word("sends_after_a_close", sends(run))
            .word("shape_of_a_close", run.shape());
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let thanks = facts.get_word("thanks_read").filter(|thanks| thanks.starts_with("Thank you"))?;
    if !facts.is("close_was_answered_by_a_reset") {
        return None;
    }
    let mut why = vec![both!(
        "After shutdown(SHUT_WR) the server read \"{thanks}\". A FIN says \"I have no more to send\", not \"stop sending\".",
        "shutdown(SHUT_WR) 뒤에도 서버는 \"{thanks}\" 인사를 읽었습니다. FIN은 “나는 끝”이지 “너도 끝”이 아닙니다."
    )];
    if let Some((first, second)) = facts.get_word("sends_after_a_close").and_then(|sends| sends.split_once(", "))
        && first.parse::<u32>().is_ok()
    {
        why.push(both!(
            "After close() there was no program to read: the kernel responded with a RST. The client's first send() still succeeded ({first} bytes); the next one returned {second}.",
            "close() 뒤에는 읽을 프로그램이 없으므로 커널이 RST로 응답했습니다. 그래도 클라이언트의 첫 send()는 성공했습니다({first}바이트). 다음 send()의 결과: {second}."
        ));
    }
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_send_that_failed_did_not_succeed() {
        let sentences = |sends: &str| {
            let facts = Facts::default()
                .word("thanks_read", "Thank you!")
                .holds("close_was_answered_by_a_reset", true)
                .word("sends_after_a_close", sends);
            conclude(&facts).map(|conclusion| conclusion.why.len())
        };
        assert_eq!([sentences("9, EPIPE"), sentences("EPIPE, EPIPE")], [Some(2), Some(1)]);
    }
}
