//! Lesson: two small writes, one after the other, can take 40 ms more than one.
//! The sender holds the second back until the first is acknowledged (Nagle,
//! RFC 1122 §4.2.3.4); the receiver holds the acknowledgment back in the hope
//! of data to put it on (§4.2.3.2). TCP_NODELAY ends that, or one write.

use super::play::connected;
use super::prelude::*;

const ROUNDS: usize = 6;

pub(super) const NAGLE: Experiment = Experiment {
    name: "nagle",
    title: text("The 40 ms", "40 ms의 정체"),
    question: text(
        "A server sends its response in two small send() calls. A round trip takes 2 ms. How long until the client has all of it?",
        "서버가 응답을 작은 send() 두 번으로 보냅니다. 왕복 시간은 2 ms입니다. 클라이언트는 얼마 만에 전부 받을까요?",
    ),
    choices: &[text("about 2 ms", "약 2 ms"), text("about 4 ms", "약 4 ms"), text("more than 40 ms", "40 ms 이상")],
    acts: &[
        Act { title: text("Two writes", "두 번의 쓰기"), wire: "1ms", play: |stage| play(stage, false) },
        Act {
            title: text("Two writes with TCP_NODELAY", "TCP_NODELAY로 두 번의 쓰기"),
            wire: "1ms",
            play: |stage| play(stage, true),
        },
    ],
    facts,
    conclude,
    next: &[("lab window", text("another reason to wait", "기다리는 또 다른 까닭"))],
};

fn play(stage: &Stage, no_delay: bool) -> io::Result<()> {
    let (client, server) = connected(stage)?;
    client.no_delay()?;
    if no_delay {
        server.no_delay()?;
    }
    let server = stage.server(move |_| {
        for _ in 0..ROUNDS {
            server.recv(100)?;
            server.send(b"HEAD")?;
            server.send(b"BODY")?;
        }
        server.recv_all()?;
        server.close();
        Ok(())
    })?;
    let client = stage.client(move |end| {
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            let begun = std::time::Instant::now();
            client.send(b"ask")?;
            let mut count = 0;
            while count < 8 {
                match client.recv(100)?.len() {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    more => count += more,
                }
            }
            took.push(begun.elapsed().as_micros() as u64);
        }
        end.found("took_us", Fact::Counts(took));
        client.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn facts(runs: &[Run]) -> Facts {
    let median = |run: &Run| match run.found("took_us") {
        Some(Fact::Counts(mut took)) => {
            took.sort_unstable();
            took.get(took.len() / 2).map(|median| *median as f64 / 1e3)
        }
        _ => None,
    };
    Facts::default()
        .ms("median_of_two_writes_ms", runs.first().and_then(median))
        .ms("median_with_nodelay_ms", runs.get(1).and_then(median))
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let slow = facts.get_ms("median_of_two_writes_ms").filter(|slow| *slow > 40.0)?;
    let fast = facts.get_ms("median_with_nodelay_ms").filter(|fast| *fast < slow / 2.0)?;
    Some(Conclusion {
        choice: 2,
        why: vec![
            both!(
                "{slow:.1} ms, the median of six. The sender waited for an ACK before the second small segment; the receiver delayed that ACK, waiting for data to send it with.",
                "여섯 번의 중앙값이 {slow:.1} ms였습니다. 보내는 쪽은 두 번째 작은 세그먼트를 두고 ACK를 기다렸고, 받는 쪽은 함께 실을 데이터를 기다리며 ACK를 미뤘습니다."
            ),
            both!(
                "With TCP_NODELAY it was {fast:.1} ms. One send() for the whole response helps as well.",
                "TCP_NODELAY를 켜자 {fast:.1} ms가 되었습니다. 응답 전체를 send() 한 번에 보내도 됩니다."
            ),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_forty_milliseconds_are_not_more() {
        let is_concluded = |slow| {
            let facts =
                Facts::default().ms("median_of_two_writes_ms", Some(slow)).ms("median_with_nodelay_ms", Some(2.4));
            conclude(&facts).is_some()
        };
        assert!(is_concluded(44.0) && !is_concluded(38.0));
    }
}
